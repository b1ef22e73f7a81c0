import {
  framingOf,
  LF,
  type Precedence,
  readBlock,
  readChunks,
  readFields,
  readLength,
  valuesOf,
} from './message-parts.ts';

/**
 * A reader of HTTP/1.1 messages that forgives everything a forgiving server might, and notes it as a fault.
 * Read with the two precedences of a body's length, clean bytes give the same messages; bytes on which two
 * servers could differ do not.
 */

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

/** The value of a message's header; several are joined, none is `undefined`. */
export function header(message: Pick<Message, 'headers'>, name: string): string | undefined {
  const values = valuesOf(message.headers, name.toLowerCase());
  return values.length === 0 ? undefined : values.join(', ');
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
      startLine: bytes.toString('latin1', at, Math.min(at + 80, bytes.length)),
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
