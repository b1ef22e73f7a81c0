import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldNames } from '../../src/http1/field-names.ts';
import { ResponseParser } from '../../src/http1/parse-response.ts';
import {
  readInterimHead,
  readParsedHead,
  readResponseHead,
  withoutLength,
} from '../../src/message/response-head.ts';
import { HeaderRules } from '../../src/routing/header-rules.ts';

type Head = NonNullable<ReturnType<typeof readResponseHead>>;

const of = (...raw: string[]) => readResponseHead(raw.map((text) => Buffer.from(text, 'latin1')));

describe('the head of an answer', () => {
  it('is passed on in its order, without what is of the connection', () => {
    const head = of(
      ...['X-b', '1', 'Connection', 'close, X-Hop', 'X-Hop', 'x', 'Keep-Alive', 'timeout=5'],
      ...[
        'Set-Cookie',
        'a',
        'Set-Cookie',
        'b',
        'Trailer',
        'c',
        'Upgrade',
        'h2c',
        'date',
        'now',
        'Content-Length',
        '3',
      ],
    );
    expect(head).toEqual({
      headers: ['X-b', '1', 'Set-Cookie', 'a', 'Set-Cookie', 'b', 'date', 'now', 'Content-Length', '3'],
      contentLength: 3,
      lines: undefined,
      hasDate: true,
      isEventStream: false,
    });
  });

  it('has no length where it is chunked, or says none', () => {
    expect(of('Transfer-Encoding', 'Chunked')).toEqual({
      headers: [],
      lines: undefined,
      contentLength: undefined,
      hasDate: false,
      isEventStream: false,
    });
    const none = { lines: undefined, contentLength: undefined, hasDate: false, isEventStream: false };
    expect(of()).toEqual({ headers: [], ...none });
  });

  it.each([
    ['text/event-stream', true],
    ['text/event-stream; charset=utf-8', true],
    ['Text/Event-Stream;charset=utf-8', true],
    ['text/event-streams', false],
    ['text/html', false],
  ])('of the type %s is an event stream: %s', (type, isEventStream) => {
    expect(of('content-type', type)?.isEventStream).toBe(isEventStream);
    expect(of('CONTENT-TYPE', type, 'X-A', 'b')?.isEventStream).toBe(isEventStream);
    expect(of('X-Typed-Type', type, 'Content-Typo', type)?.isEventStream).toBe(false);
  });

  it('keeps bytes as they came', () => {
    expect(of('X', '\xe9\xff')?.headers).toEqual(['X', '\xe9\xff']);
    expect(readResponseHead(['X', 'text'])?.headers).toEqual(['X', 'text']);
  });

  it.each([
    ['two lengths', ['Content-Length', '3', 'Content-Length', '3']],
    ['a length that is none', ['Content-Length', '3, 3']],
    ['a negative length', ['Content-Length', '-1']],
    ['a length and chunks', ['Content-Length', '3', 'Transfer-Encoding', 'chunked']],
    ['a coding that nobody can undo', ['Transfer-Encoding', 'gzip, chunked']],
    ['two codings', ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
    ['too many headers', Array.from({ length: 2_002 }, () => 'x')],
  ])('cannot be passed on with %s', (_, raw) => {
    expect(of(...raw)).toBeUndefined();
  });

  it('never has a hop, nor what Connection lists, and all else in its order', () => {
    const HOPS = ['keep-alive', 'Proxy-Connection', 'TE', 'trailer', 'upgrade', 'HTTP2-Settings'];
    const pair = fc.tuple(
      fc.constantFrom(...HOPS, 'x-a', 'X-B', 'x-listed', 'Set-Cookie', 'via'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(pair), fc.boolean(), (pairs, lists) => {
        const raw = pairs.flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
        const head = of(...raw, ...(lists ? ['Connection', 'X-Listed, Set-Cookie'] : []));
        const gone = new Set(HOPS.map((name) => name.toLowerCase()));
        if (lists) gone.add('x-listed');
        const expected = raw.filter(
          (_, index) => !gone.has((raw[index - (index % 2)] as string).toLowerCase()),
        );
        expect(head?.headers).toEqual(expected);
      }),
    );
  });
});

describe('the head of a response as text', () => {
  const NAMES = ['Date', 'x-a', 'X-B', 'Server', 'server', 'Set-Cookie', 'Content-Type', 'x_forwarded_for'];
  const HOPS = ['Keep-Alive', 'TE', 'Upgrade', 'Proxy-Connection', 'Trailer', 'Keep_Alive'];
  const CONNECTIONS = ['close', 'keep-alive', 'X-B, close', 'upgrade'];
  const separator = fc.constantFrom(': ', ':', ':\t', ':  ');
  const line = fc.oneof(
    fc.tuple(
      fc.constantFrom(...NAMES, ...HOPS),
      separator,
      fc.constantFrom('', 'a', 'text/event-stream', '\xe9 b'),
    ),
    fc.tuple(fc.constant('Connection'), separator, fc.constantFrom(...CONNECTIONS)),
  );
  const end = fc.constantFrom('\r\n', ' \r\n', '\t\r\n', '\r\n c\r\n');

  it('has the fields that it has as a list', () => {
    let texts = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(line, end), { maxLength: 6 }),
        fc.option(fc.nat(20)),
        fc.subarray(['server', 'X-B', 'Date']),
        (lines, length, remove) => {
          const fields = lines.map(([[name, gap, value], lineEnd]) => `${name}${gap}${value}${lineEnd}`);
          if (length !== null) fields.splice(length, 0, `Content-Length: ${length}\r\n`);
          const parser = new ResponseParser({ fields: 100, fieldBytes: 8_192 });
          const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${fields.join('')}\r\nbody`, 'latin1');
          if (parser.read(bytes, 0, bytes.length) !== bytes.length - 4) return;
          const rules = new HeaderRules({ set: {}, remove });
          const { headers, ...facts } = readResponseHead(parser.rawHeaders()) as Head;
          const { headers: some, lines: text = '', ...same } = readParsedHead(parser, rules.gone) as Head;
          if (text !== '') texts++;
          expect({ ...same, lines: undefined }).toEqual(facts);
          const all = (list: string[]) =>
            list.map((one, i) => (i % 2 === 0 ? `${one}: ` : `${one}\r\n`)).join('');
          expect(text + all(rules.apply(some))).toBe(all(rules.apply(headers)));
        },
      ),
      { numRuns: 300 },
    );
    expect(texts).toBeGreaterThan(5);
  });

  it('can lose its length, as it can as a list', () => {
    const parser = new ResponseParser({ fields: 9, fieldBytes: 999 });
    const bytes = Buffer.from('HTTP/1.1 205 A\r\nX: Content-Length: 1\r\ncontent-length: 5\r\nY: 2\r\n\r\n');
    parser.read(bytes, 0, bytes.length);
    const text = readParsedHead(parser, new FieldNames([])) as Head;
    const list = readResponseHead(parser.rawHeaders()) as Head;
    for (const head of [text, list]) withoutLength(head);
    expect(text).toMatchObject({ lines: 'X: Content-Length: 1\r\nY: 2\r\n', contentLength: undefined });
    expect(list).toMatchObject({ headers: ['X', 'Content-Length: 1', 'Y', '2'], contentLength: undefined });
  });
});

describe('names', () => {
  it('are found in whatever case, and not by their hash alone', () => {
    const names = new FieldNames(['X-One', 'x-two']);
    const has = (name: string) => {
      const parser = new ResponseParser({ fields: 9, fieldBytes: 999 });
      const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${name}: a\r\n\r\n`);
      parser.read(bytes, 0, bytes.length);
      return parser.lines(new Uint8Array(32).fill(1), names) === '';
    };
    expect(['x-one', 'X-ONE', 'X-Two'].map(has)).toEqual([true, true, true]);
    // An underscore has the hash of a hyphen.
    expect(['X_One', 'x-on', 'x-one-', 'x-three'].map(has)).toEqual([false, false, false, false]);
  });
});

describe('the head of an interim response', () => {
  it('has no length', () => {
    expect(readInterimHead(['Link', '</a>', 'Content-Length', '5', 'X', '1'])).toEqual([
      ...['Link', '</a>'],
      ...['X', '1'],
    ]);
    expect(readInterimHead(['Link', '</a>'])).toEqual(['Link', '</a>']);
    expect(readInterimHead(['Content-Length', 'x'])).toBeUndefined();
  });
});
