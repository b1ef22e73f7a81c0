// What our parsers read from a byte stream.
import { BodyParser } from '../../../src/http1/parse-body.ts';
import { FAULT, FRAMING, MORE } from '../../../src/http1/parse-head.ts';
import { RequestParser } from '../../../src/http1/parse-request.ts';
import { ResponseParser } from '../../../src/http1/parse-response.ts';

/** A message that was read to its end. */
export interface Message {
  /** Method and target, or status and phrase. */
  readonly start: string;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

/** Messages, and why there are no more. */
export interface Reading {
  readonly messages: readonly Message[];
  /** `end` after a whole message, `half` inside of one, `closed` where no more is read; or a fault. */
  readonly end: string;
  /** Where each message begins, and the one that was not read to its end; for our readers alone. */
  readonly starts?: readonly number[];
  /** The head of the message that was not read to its end. */
  readonly last?: Omit<Message, 'body' | 'trailers'> | undefined;
}

const LIMITS = { fields: 100, fieldBytes: 16_384 };

/** Reads all requests of a connection. */
export function ownRequests(pieces: readonly Buffer[]): Reading {
  const parser = new RequestParser({ ...LIMITS, targetBytes: 8_192 });
  return read(
    pieces,
    parser,
    ({ method, target }) => `${method} ${target}`,
    (head) => {
      return { fault: head.bodyFault, framing: head.framing, isLast: !head.isPersistent };
    },
  );
}

/** Reads interim responses, and the response to a GET. */
export function ownResponses(pieces: readonly Buffer[]): Reading {
  const parser = new ResponseParser(LIMITS);
  return read(
    pieces,
    parser,
    ({ status, statusText }) => `${status} ${statusText}`,
    (head) => {
      const fault = head.status === 101 ? 'unasked' : head.bodyFault;
      return { fault, framing: head.framingFor('GET'), isLast: head.status >= 200 };
    },
  );
}

function read<P extends RequestParser | ResponseParser>(
  pieces: readonly Buffer[],
  parser: P,
  startOf: (head: P) => string,
  seen: (head: P) => { fault: string | undefined; framing: 0 | 1 | 2 | 3; isLast: boolean },
): Reading {
  const body = new BodyParser(LIMITS);
  const messages: Message[] = [];
  const starts = [0];
  let before = 0;
  let last: { start: string; fields: string[] } | undefined;
  let content = '';
  let isLast = false;
  const finish = () => {
    const { start, fields } = last as NonNullable<typeof last>;
    messages.push({ start, fields, body: content, trailers: body.trailers?.rawHeaders() ?? [] });
    last = undefined;
  };
  const ended = (end: string): Reading => ({ messages, end, starts, last });
  for (const piece of pieces) {
    // The bytes are the parser's only until it returns.
    const bytes = Buffer.from(piece);
    let position = 0;
    while (position < bytes.length) {
      if (last === undefined && isLast) return ended('closed');
      if (last === undefined) {
        position = parser.read(bytes, position, bytes.length);
        if (position === MORE) break;
        if (position === FAULT) return ended(parser.fault as string);
        const { fault, framing, isLast: ends } = seen(parser);
        last = { start: startOf(parser), fields: parser.rawHeaders() };
        parser.forget();
        if (fault !== undefined) return ended(fault);
        isLast = ends;
        content = '';
        body.begin(framing, parser.contentLength);
        if (framing === FRAMING.NONE) finish();
        if (framing === FRAMING.NONE) starts.push(before + position);
      } else {
        position = body.read(bytes, position, bytes.length);
        if (position === FAULT) return ended(`body ${body.fault}`);
        content += bytes.toString('latin1', body.contentFrom, body.contentTo);
        if (!body.isDone) continue;
        finish();
        starts.push(before + position);
      }
    }
    before += bytes.length;
    bytes.fill(35);
  }
  if (last !== undefined && body.endsAtClose) finish();
  if (last !== undefined || !parser.isEmpty) return ended('half');
  return ended(isLast ? 'closed' : 'end');
}
