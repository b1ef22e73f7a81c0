// Writes heads and chunk framing (RFC 9112 sections 3, 4 and 7.1), each as one text of one byte a character,
// to be written as latin1 in one piece. Nothing is written that a reader could take for more than one line.

import { STATUS_CODES } from 'node:http';
import { METHOD, NAME, TARGET, VALUE } from './octets.ts';

/** Something that cannot be a part of a head. */
export class UnwritableError extends Error {
  readonly code = 'ERR_HTTP1_UNWRITABLE';
}

/** Pieces up to this size are made one text with what goes before them: a second piece costs more. */
export const MAX_JOINED_BYTES = 8_192;

/** The body ends, without trailers. */
export const LAST_CHUNK = '0\r\n\r\n';

/**
 * The head of a request of HTTP/1.1. `Host` goes first (RFC 9110 section 7.2).
 * @param headers - names and values by turns
 * @param lines - other fields as text, which is valid, each with its line end; `Host`, if it has it, first
 * @throws UnwritableError if a part is not valid
 */
export function requestHead(method: string, target: string, headers: readonly string[], lines = ''): string {
  if (!consistsOf(METHOD, method) || method === '') throw unwritable('method', method);
  if (!consistsOf(TARGET, target) || target === '') throw unwritable('target', target);
  const start = `${method} ${target} HTTP/1.1\r\n`;
  for (let index = 0; index < headers.length; index += 2) {
    if (!isHost(headers[index] as string)) continue;
    const others = fieldLines(lines, headers, index);
    return `${start}${fieldLines('', headers.slice(index, index + 2))}${others}\r\n`;
  }
  return `${fieldLines(start + lines, headers)}\r\n`;
}

/**
 * The head of a response of HTTP/1.1, also of an interim one.
 * @param status - of three digits
 * @param headers - names and values by turns
 * @param lines - other fields as text, which is valid, each with its line end
 * @param end - the last fields, as text, and the empty line
 * @throws UnwritableError if a part is not valid
 */
export function responseHead(
  status: number,
  statusText: string,
  headers: readonly string[],
  lines = '',
  end = '\r\n',
): string {
  return fieldLines(statusLine(status, statusText), headers) + lines + end;
}

/** Status lines with the usual phrase: each piece that a head is made of costs time. */
const USUAL_LINES: (string | undefined)[] = [];
for (const [status, phrase] of Object.entries(STATUS_CODES))
  USUAL_LINES[Number(status)] = `HTTP/1.1 ${status} ${phrase}\r\n`;

function statusLine(status: number, statusText: string): string {
  const usual = USUAL_LINES[status];
  if (usual !== undefined && STATUS_CODES[status] === statusText) return usual;
  if (!Number.isInteger(status) || status < 100 || status > 999) throw unwritable('status', String(status));
  if (!consistsOf(VALUE, statusText)) throw unwritable('reason phrase', statusText);
  return `HTTP/1.1 ${status} ${statusText}\r\n`;
}

/** The line before a chunk; `\r\n` goes after the chunk. @param size - in bytes, above 0 */
export function chunkHead(size: number): string {
  return `${size.toString(16)}\r\n`;
}

/**
 * The end of a chunked body with trailers.
 * @param trailers - names and values by turns
 * @throws UnwritableError if a part is not valid
 */
export function lastChunk(trailers: readonly string[]): string {
  return `${fieldLines('0\r\n', trailers)}\r\n`;
}

function isHost(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === 'host';
}

/**
 * Fields as text, each with its line end.
 * @param before - text that goes before them
 * @param headers - names and values by turns
 * @param without - the index of a field that is left out
 * @throws UnwritableError if a part is not valid
 */
export function fieldLines(before: string, headers: readonly string[], without = -1): string {
  let text = before;
  for (let index = 0; index < headers.length; index += 2) {
    if (index === without) continue;
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    if (name === '' || !isName(name)) throw unwritable('field name', name);
    if (!consistsOf(VALUE, value)) throw unwritable(`value of ${name}`, '');
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

/** Characters above FF are in no table: their last byte alone would be written. */
function consistsOf(table: Uint8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (table[text.charCodeAt(index)] !== 1) return false;
  return true;
}

function isName(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (!NAME[text.charCodeAt(index)]) return false;
  return true;
}

/** @param got - empty for what may be a secret */
function unwritable(what: string, got: string): UnwritableError {
  return new UnwritableError(
    `${what} must be writable in a head${got === '' ? '' : `, got ${JSON.stringify(got)}`}`,
  );
}
