// Checks the head of a response and takes away what is for this connection alone.
import { listedNames, responseRole, without } from 'evenkeel/internal';
import type { FieldNames } from '../http1/field-names.ts';
import { ROLE } from '../http1/field-role.ts';
import type { ResponseParser } from '../http1/parse-response.ts';

/** The head of a backend's response, as it is passed on. */
export interface ResponseHead {
  /** Names and values by turns. */
  headers: string[];
  /** Other fields as text, each with its line end; `undefined` if there are none. */
  lines: string | undefined;
  contentLength: number | undefined;
  readonly hasDate: boolean;
  /** Server-sent events: the body may be silent for long. */
  readonly isEventStream: boolean;
}

/** A response with more headers is not passed on. */
const MAX_HEADERS = 1_000;
const CONTENT_TYPE = 'content-type';
/** A media type, whatever its parameters. */
const EVENT_STREAM = /^text\/event-stream\s*(?:;|$)/i;

/**
 * Reads the raw headers of a response.
 * @param raw - names and values by turns
 * @returns `undefined` if the response cannot be passed on: conflicting or invalid `Content-Length` and
 * `Transfer-Encoding`, or too many headers
 */
export function readResponseHead(raw: readonly (Buffer | string)[]): ResponseHead | undefined {
  if (raw.length > MAX_HEADERS * 2) return undefined;
  const headers: string[] = [];
  let connection: string | undefined;
  let length: string | undefined;
  let coding: string | undefined;
  let hasDate = false;
  let isEventStream = false;
  for (let index = 0; index < raw.length; index += 2) {
    const name = textOf(raw[index] as Buffer);
    const value = textOf(raw[index + 1] as Buffer);
    const role = responseRole(name);
    if (role === 'connection') connection = connection === undefined ? value : `${connection},${value}`;
    else if (role === 'transfer-encoding') coding = coding === undefined ? value : `${coding},${value}`;
    else if (role === 'content-length') {
      if (length !== undefined || !/^\d{1,15}$/.test(value)) return undefined;
      length = value;
    } else if (role === 'date') hasDate = true;
    if (name.length === CONTENT_TYPE.length && EVENT_STREAM.test(value))
      isEventStream = name.toLowerCase() === CONTENT_TYPE;
    if (role === undefined || role === 'date' || role === 'content-length') headers.push(name, value);
  }
  if (coding !== undefined && (length !== undefined || coding.toLowerCase() !== 'chunked')) return undefined;
  const listed = connection === undefined ? undefined : listedNames(connection);
  return {
    headers: listed === undefined ? headers : without(headers, listed),
    lines: undefined,
    contentLength: length === undefined ? undefined : Number(length),
    hasDate,
    isEventStream,
  };
}

/**
 * Reads the raw headers of an interim response. It has no body, and must not have a length (RFC 9110 section
 * 8.6): clients over HTTP/2 reset the stream for one.
 * @returns names and values by turns; `undefined` if it cannot be passed on
 */
export function readInterimHead(raw: readonly (Buffer | string)[]): string[] | undefined {
  const head = readResponseHead(raw);
  if (head?.contentLength === undefined) return head?.headers;
  return without(head.headers, ['content-length']);
}

/** Takes the length out of a head. */
export function withoutLength(head: ResponseHead): void {
  head.headers = without(head.headers, ['content-length']);
  head.lines = head.lines?.replace(/^content-length:.*\r\n/im, '');
  head.contentLength = undefined;
}

/** Fields that are passed on as they came. */
const PASSED = new Uint8Array(32).fill(1);
for (const role of [
  ROLE.CONNECTION,
  ROLE.KEEP_ALIVE,
  ROLE.HOP,
  ROLE.TE,
  ROLE.TRAILER,
  ROLE.UPGRADE,
  ROLE.TRANSFER_ENCODING,
])
  PASSED[role] = 0;

/**
 * Reads the head of a response whose framing is valid, most of it as text.
 * @param gone - names that the route takes away
 * @returns `undefined` if there are too many headers
 */
export function readParsedHead(parser: ResponseParser, gone: FieldNames): ResponseHead | undefined {
  if (parser.hasListed) {
    // Which other fields are of the connection is known from their names alone.
    return readResponseHead(parser.rawHeaders());
  }
  if (parser.count > MAX_HEADERS) return undefined;
  const { contentLength } = parser;
  return {
    headers: [],
    lines: parser.lines(PASSED, gone),
    contentLength: contentLength < 0 ? undefined : contentLength,
    hasDate: parser.hasField(ROLE.DATE),
    isEventStream: parser.hasField(ROLE.CONTENT_TYPE) && hasEventStream(parser),
  };
}

function hasEventStream(parser: ResponseParser): boolean {
  for (let index = 0; index < parser.count; index++)
    if (parser.roleAt(index) === ROLE.CONTENT_TYPE && EVENT_STREAM.test(parser.valueAt(index))) return true;
  return false;
}

/** Faster than `toString`; the types leave it out. */
type Latin1Buffer = Buffer & { latin1Slice(start: number, end: number): string };

/** One character for each byte. */
function textOf(bytes: Buffer | string): string {
  return typeof bytes === 'string' ? bytes : (bytes as Latin1Buffer).latin1Slice(0, bytes.length);
}
