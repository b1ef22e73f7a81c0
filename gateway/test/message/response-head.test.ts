import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResponseHead } from '../../src/message/response-head.ts';

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
      hasDate: true,
      isEventStream: false,
    });
  });

  it('has no length where it is chunked, or says none', () => {
    expect(of('Transfer-Encoding', 'Chunked')).toEqual({
      headers: [],
      contentLength: undefined,
      hasDate: false,
      isEventStream: false,
    });
    const none = { contentLength: undefined, hasDate: false, isEventStream: false };
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
