import type { Fault } from '../http1/parse-head.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';

/** What node:http says of bytes that are no request, or of a request that takes too long. */
export type ParseError = Error & {
  readonly code?: string;
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
};

/** What a client is told of it. */
export function refusalOf({ code, rawPacket, bytesParsed = 0 }: ParseError): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return REFUSALS.headersTooLarge;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return REFUSALS.uploadTimeout;
  if (code !== 'HPE_INVALID_METHOD') return REFUSALS.badRequest;
  // A request, but for its method, which node:http does not know. Some letters of it may have been read.
  const rest = rawPacket?.toString('latin1', bytesParsed, bytesParsed + 1_024) ?? '';
  return /^[A-Z-]* \S+ HTTP\/1/.test(rest) ? REFUSALS.unknownMethod : REFUSALS.badRequest;
}

/** What a client is told of a head or body that cannot be read. */
export const REFUSAL_OF_FAULT: Readonly<Record<Fault, Refusal>> = {
  syntax: REFUSALS.badRequest,
  version: REFUSALS.version,
  'target-too-long': REFUSALS.uriTooLong,
  'too-large': REFUSALS.headersTooLarge,
  framing: REFUSALS.badFraming,
  coding: REFUSALS.unknownCoding,
};
