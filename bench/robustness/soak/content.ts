// The bodies of the soak test, unique to each request.

import { randomBytes } from 'node:crypto';
import type { Content } from './ledger.ts';

const BLOCK = randomBytes(1_048_576);
const ID_BYTES = 9;

/**
 * Bytes that are unique to a request: its id, and a part of a random block whose position depends on the id.
 */
export function contentOf(id: string, bytes: number): Buffer {
  if (bytes === 0) return Buffer.alloc(0);
  const start = (Number(id.slice(1)) * 4_099) % (BLOCK.length / 2);
  return Buffer.concat([Buffer.from(id, 'latin1'), BLOCK.subarray(start, start + bytes)]).subarray(0, bytes);
}

/** Compares the content of a response with the expected one. */
export function compared(id: string, bytes: number, content: Buffer): Content {
  const expected = contentOf(id, bytes);
  if (content.equals(expected)) return 'right';
  const ownId = content.subarray(0, ID_BYTES);
  if (!ownId.equals(expected.subarray(0, ownId.length))) return 'of another';
  return content.equals(expected.subarray(0, content.length)) ? 'short' : 'wrong';
}
