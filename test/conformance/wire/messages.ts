/**
 * A reader of HTTP/1.1 messages that forgives everything a forgiving server might, and notes it as a fault. Read with the
 * two precedences of a body's length, clean bytes give the same messages; bytes on which two servers could differ do not.
 */

export type Precedence = 'transfer-encoding' | 'content-length';

export interface Message {
  readonly startLine: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly complete: boolean;
  /** What no clean sender sends. */
  readonly faults: readonly string[];
  /** Where the next message begins. */
  readonly end: number;
}

interface Block {
  readonly lines: readonly string[];
  readonly faults: readonly string[];
  readonly end: number;
}

type Fields = [name: string, value: string][];

const LF = 10;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/;

/** A line that ends with LF, and what was wrong with its end. */
function readLine(bytes: Buffer, start: number): { text: string; end: number; fault?: string } | undefined {
  const feed = bytes.indexOf(LF, start);
  if (feed < 0) return undefined;
  const text = bytes.latin1Slice(start, feed);
  if (text.endsWith('\r')) return { text: text.slice(0, -1), end: feed + 1 };
  return { text, end: feed + 1, fault: 'a line ended by a bare LF' };
}

/** Lines up to an empty one. */
function readBlock(bytes: Buffer, start: number): Block | undefined {
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

function readFields(lines: readonly string[], faults: string[]): Fields {
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

interface Body {
  readonly body: Buffer;
  readonly trailers: Fields;
  readonly complete: boolean;
  readonly faults: readonly string[];
  readonly end: number;
}

function readChunks(bytes: Buffer, start: number): Body {
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

const valuesOf = (fields: readonly (readonly [string, string])[], name: string) =>
  fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);

/** The value of a message's header; several are joined, none is `undefined`. */
export function header(message: Pick<Message, 'headers'>, name: string): string | undefined {
  const values = valuesOf(message.headers, name.toLowerCase());
  return values.length === 0 ? undefined : values.join(', ');
}

interface Framing {
  readonly length: number;
  readonly chunked: boolean;
  readonly faults: string[];
  /** Whether anything said how long the body is. */
  readonly given: boolean;
}

function framingOf(fields: Fields, precedence: Precedence): Framing {
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
    length: length >= 0 ? length : 0,
    chunked,
    faults,
    given: lengths.length > 0 || codings.length > 0,
  };
}

function readLength(bytes: Buffer, start: number, length: number): Body {
  const end = start + length;
  const body = bytes.subarray(start, end);
  const complete = end <= bytes.length;
  return { body, trailers: [], complete, faults: [], end: complete ? end : bytes.length };
}

/** How a message's body is found where its head alone does not tell. */
interface Kind {
  readonly bodyless: (startLine: string) => boolean;
  /** Whether a body without a length lasts until the connection ends, and whether it did. */
  readonly untilClose: boolean | undefined;
}

function readMessage(bytes: Buffer, start: number, precedence: Precedence, kind: Kind): Message {
  let at = start;
  while (bytes[at] === 13 || bytes[at] === LF) at++;
  const block = readBlock(bytes, at);
  if (block === undefined)
    return {
      startLine: bytes.latin1Slice(at, Math.min(at + 80, bytes.length)),
      headers: [],
      body: Buffer.alloc(0),
      trailers: [],
      complete: false,
      faults: ['a head without an end'],
      end: bytes.length,
    };
  const [startLine = '', ...lines] = block.lines;
  const faults = [...block.faults];
  const headers = readFields(lines, faults);
  const framing = framingOf(headers, precedence);
  faults.push(...framing.faults);
  const rest = bytes.length - block.end;
  const read = kind.bodyless(startLine)
    ? readLength(bytes, block.end, 0)
    : framing.chunked
      ? readChunks(bytes, block.end)
      : !framing.given && kind.untilClose !== undefined
        ? { ...readLength(bytes, block.end, rest), complete: kind.untilClose }
        : readLength(bytes, block.end, framing.length);
  const { body, trailers, complete, end } = read;
  return { startLine, headers, body, trailers, complete, faults: [...faults, ...read.faults], end };
}

/** The requests that a server reads out of a connection's bytes; only the last one may be incomplete. */
export function readRequests(bytes: Buffer, precedence: Precedence = 'transfer-encoding'): Message[] {
  return readAll(bytes, (at) => {
    const message = readMessage(bytes, at, precedence, { bodyless: () => false, untilClose: undefined });
    if (!message.complete || /^[\w!#$%&'*+.^`|~-]+ [!-~\x80-\xff]+ HTTP\/1\.[01]$/.test(message.startLine))
      return message;
    return { ...message, faults: [...message.faults, `the line ${JSON.stringify(message.startLine)}`] };
  });
}

function readAll(bytes: Buffer, read: (at: number) => Message): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length; ) {
    const message = read(at);
    if (message.startLine !== '' || !message.complete) messages.push(message);
    at = message.end;
  }
  return messages;
}

/** An answer, with the interim ones before it. */
export interface Answer extends Message {
  readonly status: number;
  readonly interim: readonly Message[];
}

const statusOf = ({ startLine }: { startLine: string }) =>
  Number(/^HTTP\/1\.[01] (\d{3})/.exec(startLine)?.[1]);

/**
 * The answers that a client reads out of a connection's bytes.
 * @param methods - of the requests, in order; the last one counts for all further ones
 * @param ended - whether the connection has ended in an orderly way
 */
export function readAnswers(bytes: Buffer, methods: readonly string[], ended: boolean): Answer[] {
  const answers: Answer[] = [];
  let interim: Message[] = [];
  readAll(bytes, (at) => {
    const method = methods[Math.min(answers.length, methods.length - 1)];
    const bodyless = (startLine: string) => {
      const status = statusOf({ startLine });
      return method === 'HEAD' || status < 200 || status === 204 || status === 304;
    };
    const message = readMessage(bytes, at, 'transfer-encoding', { bodyless, untilClose: ended });
    const status = statusOf(message);
    if (status < 200 && status !== 101) interim.push(message);
    else {
      answers.push({ ...message, status, interim });
      interim = [];
    }
    return status === 101 ? { ...message, end: bytes.length } : message;
  });
  return answers;
}
