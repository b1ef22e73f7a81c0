// The response bodies of the benchmark.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The sizes of the bodies, by path. */
export const BODIES = {
  '/1k': 1_024,
  '/64k': 65_536,
  '/1m': 1_048_576,
  '/16m': 16_777_216,
} as const;

export type BodyPath = keyof typeof BODIES;

/**
 * Bytes without a short period, so that a missing, repeated or moved byte is noticed. The same in every
 * process.
 */
export function bodyOf(path: BodyPath): Buffer {
  const body = Buffer.alloc(BODIES[path]);
  let state = body.length;
  for (let i = 0; i < body.length; i++) {
    state = (Math.imul(state, 0x915f77f5) + 1) | 0;
    body[i] = state >>> 24;
  }
  return body;
}

/** Writes every body into a file under its path. */
export function writeBodies(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const path of Object.keys(BODIES)) writeFileSync(join(directory, path), bodyOf(path as BodyPath));
}
