/** The pieces of HTTP/1.1 messages, read with forgiveness; what is wrong with them is noted as a fault. */

/** Which of two contradicting headers says how long a body is. */
export type Precedence = 'transfer-encoding' | 'content-length';

interface Block {
  readonly lines: readonly string[];
  readonly faults: readonly string[];
  readonly end: number;
}

type Fields = [name: string, value: string][];

export const LF = 10;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/;

/** A line that ends with LF, and what was wrong with its end. */
function readLine(bytes: Buffer, start: number): { text: string; end: number; fault?: string } | undefined {
  const feed = bytes.indexOf(LF, start);
  if (feed < 0) return undefined;
  const text = bytes.toString('latin1', start, feed);
  if (text.endsWith('\r')) return { text: text.slice(0, -1), end: feed + 1 };
  return { text, end: feed + 1, fault: 'a line ended by a bare LF' };
}

/** Lines up to an empty one. */
export function readBlock(bytes: Buffer, start: number): Block | undefined {
  const lines: string[] = [];
  const faults: string[] = [];
  for (let at = start; ; ) {
    const line = readLine(bytes, at);
    if (line === undefined) return undefined;
    if (line.fault !== undefined) faults.push(line.fault);
    at = line.end;
    if (line.text === '') return { lines, faults, end: at };
    if (CONTROL.test(line.text)) faults.push(`a control character in ${JSON.stringify(line.text)}`);
    lines.push(line.text);
  }
}

export function readFields(lines: readonly string[], faults: string[]): Fields {
  const fields: Fields = [];
  for (const line of lines) {
    const previous = fields.at(-1);
    if (/^[ \t]/.test(line) && previous !== undefined) {
      faults.push(`a folded line ${JSON.stringify(line)}`);
      previous[1] = `${previous[1]} ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    if (colon < 0 || !TOKEN.test(name)) faults.push(`a field named ${JSON.stringify(name)}`);
    fields.push([name.trim(), colon < 0 ? '' : line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]);
  }
  return fields;
}

const MAX_SIZE = 2 ** 40;

export interface Body {
  readonly body: Buffer;
  readonly trailers: Fields;
  readonly complete: boolean;
  readonly faults: readonly string[];
  readonly end: number;
}

export function readChunks(bytes: Buffer, start: number): Body {
  const parts: Buffer[] = [];
  const faults: string[] = [];
  const partial = (): Body => ({
    body: Buffer.concat(parts),
    trailers: [],
    complete: false,
    faults,
    end: bytes.length,
  });
  for (let at = start; ; ) {
    const line = readLine(bytes, at);
    if (line === undefined) return partial();
    if (line.fault !== undefined) faults.push(line.fault);
    const digits = /^[0-9a-fA-F]+/.exec(line.text)?.[0];
    if (digits === undefined || !/^[0-9a-fA-F]+(;[\t -~\x80-\xff]*)?$/.test(line.text))
      faults.push(`a chunk of size ${JSON.stringify(line.text.slice(0, 40))}`);
    const size = Number.parseInt(digits ?? '', 16);
    if (!(size <= MAX_SIZE)) return partial();
    at = line.end;
    if (size === 0) {
      const block = readBlock(bytes, at);
      if (block === undefined) return partial();
      faults.push(...block.faults);
      const trailers = readFields(block.lines, faults);
      return { body: Buffer.concat(parts), trailers, complete: true, faults, end: block.end };
    }
    parts.push(bytes.subarray(at, at + size));
    at += size;
    if (at >= bytes.length) return partial();
    const end = readLine(bytes, at);
    if (end === undefined) return partial();
    if (end.text !== '' || end.fault !== undefined) faults.push('a chunk that does not end with CRLF');
    at = end.end;
  }
}

export const valuesOf = (fields: readonly (readonly [string, string])[], name: string) =>
  fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);

interface Framing {
  readonly length: number;
  readonly chunked: boolean;
  readonly faults: string[];
  /** Whether anything said how long the body is. */
  readonly given: boolean;
}

export function framingOf(fields: Fields, precedence: Precedence): Framing {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  const faults: string[] = [];
  if (lengths.length > 1) faults.push('more than one Content-Length');
  if (codings.length > 1) faults.push('more than one Transfer-Encoding');
  if (lengths.length > 0 && codings.length > 0) faults.push('Content-Length beside Transfer-Encoding');
  for (const value of lengths) if (!/^\d+$/.test(value)) faults.push(`Content-Length: ${value}`);
  for (const value of codings)
    if (value.toLowerCase() !== 'chunked') faults.push(`Transfer-Encoding: ${JSON.stringify(value)}`);
  const mayChunk = precedence === 'transfer-encoding' || lengths.length === 0;
  const chunked = mayChunk && codings.some((value) => /chunked/i.test(value));
  const length = Number.parseInt(lengths[0] ?? '0', 10);
  return {
    length: Math.max(length || 0, 0),
    chunked,
    faults,
    given: lengths.length > 0 || codings.length > 0,
  };
}

export function readLength(bytes: Buffer, start: number, length: number): Body {
  const end = start + length;
  const body = bytes.subarray(start, end);
  const complete = end <= bytes.length;
  return { body, trailers: [], complete, faults: [], end: complete ? end : bytes.length };
}
