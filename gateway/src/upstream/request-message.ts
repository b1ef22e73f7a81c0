// Frames a request for a backend: its head, and how its body is delimited.
import { signsConnectionIn } from '../http1/client-connection.ts';
import { requestHead, UnwritableError } from '../http1/write.ts';
import type { RequestFields } from './connections.ts';

/** A head, and what of it decides about the body and the connection. */
export interface FramedHead {
  /** Start line and fields as one text. */
  readonly head: string;
  /** Bytes of the body; `undefined` for chunks. */
  readonly bodyLength: number | undefined;
  /** Whether the request signs its connection in, and not itself alone. */
  readonly signsIn: boolean;
}

/** Methods that usually have a body: servers are told if there is none (RFC 9110 section 8.6). */
const EXPECT_BODIES = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Frames a request. A body without a length is chunked, for every method (RFC 9112 section 6.3).
 * @param authority - of the backend: its `Host` where the headers have none, as of HTTP/1.0 (RFC 9112 section
 * 3.2)
 * @throws UnwritableError if it cannot be sent as it is
 */
export function framed(
  method: string,
  target: string,
  { headers, lines, hasHost: isHostThere = false }: RequestFields,
  { hasBody, authority }: { readonly hasBody: boolean; readonly authority: string },
): FramedHead {
  let length: string | undefined;
  let hasHost = isHostThere;
  let signsIn = false;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (length !== undefined) throw new UnwritableError('Content-Length must be given once');
      length = headers[index + 1] as string;
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding')
      throw new UnwritableError('Transfer-Encoding must not be set: bodies are framed here');
    else if (name.length === 13 && name.toLowerCase() === 'authorization')
      signsIn ||= signsConnectionIn(headers[index + 1] as string);
    else if (name.length === 4 && name.toLowerCase() === 'host') hasHost = true;
  }
  const bodyLength = length === undefined ? undefined : lengthIn(length);
  if (!hasBody && bodyLength !== undefined && bodyLength > 0)
    throw new UnwritableError(`Content-Length must be 0 without a body, got ${bodyLength}`);
  let all = hasHost ? headers : ['Host', authority, ...headers];
  if (length === undefined && hasBody) all = [...all, 'Transfer-Encoding', 'chunked'];
  else if (length === undefined && EXPECT_BODIES.has(method)) all = [...all, 'Content-Length', '0'];
  return { head: requestHead(method, target, all, lines), bodyLength, signsIn };
}

function lengthIn(text: string): number {
  const length = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(length)) throw new UnwritableError(`Content-Length must be a number, got ${text}`);
  return length;
}
