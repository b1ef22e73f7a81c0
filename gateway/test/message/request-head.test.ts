import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestParser } from '../../src/http1/parse-request.ts';
import type { HeadSource } from '../../src/message/request-head.ts';
import { RequestHead } from '../../src/message/request-head.ts';

const LIMITS = { headers: 20, urlBytes: 100 };
const HOST = ['Host', 'a.test'];

function read(source: Partial<HeadSource>) {
  const head = new RequestHead();
  const refusal = head.read(
    { version: '1.1', method: 'GET', target: '/', rawHeaders: HOST, ...source },
    LIMITS,
  );
  return { head, code: refusal?.code };
}

const withHeaders = (...headers: string[]) => read({ rawHeaders: [...HOST, ...headers] });

describe('what is passed on of a head', () => {
  it('is all but Host, in the order and the spelling in which it came', () => {
    const { head } = read({ rawHeaders: ['X-b', '1', ...HOST, 'accept', '*/*', 'x-B', '2'] });
    expect(head.headers).toEqual(['X-b', '1', 'accept', '*/*', 'x-B', '2']);
    expect(head.authority).toEqual({ host: 'a.test', text: 'a.test' });
  });

  it('is never what is of the connection, nor what Connection lists, and everything else, in its order', () => {
    const HOP = [
      'connection',
      'keep-alive',
      'proxy-connection',
      'te',
      'trailer',
      'upgrade',
      'proxy-authorization',
    ];
    const LISTED = ['x-listed', 'X-Other'];
    const KEPT = ['accept', 'Cookie', 'x-a', 'X-A', 'range', 'content-type'];
    const pair = fc.tuple(
      fc.constantFrom(...HOP.slice(1), ...LISTED, ...KEPT),
      fc.constantFrom('1', 'two', ''),
    );
    const listing = fc.subarray([...LISTED, 'close', 'Range', 'cookie', 'TE']);
    fc.assert(
      fc.property(
        fc.array(pair, { maxLength: 15 }),
        fc.array(listing, { maxLength: 2 }),
        (pairs, listings) => {
          const connection = listings.map((names) => ['Connection', names.join(', ')]);
          const { head, code } = read({ rawHeaders: [...HOST, ...pairs.flat(), ...connection.flat()] });
          expect(code).toBeUndefined();
          const gone = new Set([...HOP, ...listings.flat().map((name) => name.toLowerCase())]);
          // Applications rely on these; Connection cannot take them away.
          for (const name of ['range', 'cookie']) gone.delete(name);
          const expected = pairs.filter(([name]) => !gone.has(name.toLowerCase()));
          expect(head.headers).toEqual(expected.flat());
        },
      ),
    );
  });

  it('keeps headers named like members of an object', () => {
    const odd = ['__proto__', 'a', 'constructor', 'b', 'hasOwnProperty', 'c'];
    expect(withHeaders(...odd).head.headers).toEqual(odd);
  });

  it('is told what proxies before have written, apart from the rest', () => {
    const { head } = withHeaders(
      ...['Via', '1.0 a', 'via', '1.1 b'],
      ...['Forwarded', 'for=1.1.1.1', 'forwarded', 'for=2.2.2.2'],
      ...['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-For', '2.2.2.2, 3.3.3.3'],
      ...[
        'X-Forwarded-Proto',
        'https',
        'X-Forwarded-Host',
        'b.test',
        'X-Real-IP',
        '6.6.6.6',
        'X-Request-Id',
        'r',
      ],
    );
    expect(head.headers).toEqual([]);
    expect(head).toMatchObject({
      via: '1.0 a, 1.1 b',
      forwarded: 'for=1.1.1.1, for=2.2.2.2',
      forwardedFor: ['1.1.1.1', '2.2.2.2, 3.3.3.3'],
      forwardedProto: 'https',
      forwardedHost: 'b.test',
      requestId: 'r',
    });
  });
});

describe('a head is refused', () => {
  it.each<[string, Partial<HeadSource>]>([
    ['ERR_GW_HTTP_VERSION', { version: 'unknown' }],
    ['ERR_GW_METHOD', { method: 'TRACE' }],
    ['ERR_GW_METHOD', { method: 'CONNECT' }],
    ['ERR_GW_URI_TOO_LONG', { target: `/${'a'.repeat(100)}` }],
    ['ERR_GW_HEADERS_TOO_LARGE', { rawHeaders: [...HOST, ...Array.from({ length: 40 }, () => 'x')] }],
    ['ERR_GW_BAD_TARGET', { target: 'a' }],
    ['ERR_GW_BAD_TARGET', { target: '*' }],
    ['ERR_GW_BAD_TARGET', { target: '/a#b' }],
    ['ERR_GW_BAD_TARGET', { target: 'http://a.test/a#b' }],
    ['ERR_GW_BAD_HOST', { target: '*', method: 'OPTIONS', rawHeaders: [] }],
    ['ERR_GW_BAD_HOST', { rawHeaders: [] }],
    ['ERR_GW_BAD_HOST', { rawHeaders: [...HOST, ...HOST] }],
    ['ERR_GW_BAD_HOST', { rawHeaders: ['Host', 'a b'] }],
    ['ERR_GW_BAD_HOST', { rawHeaders: ['Host', 'a b'], target: 'http://a.test/' }],
    ['ERR_GW_BAD_HOST', { rawHeaders: [...HOST, ...HOST], target: 'http://a.test/', version: '1.0' }],
    ['ERR_GW_BAD_FRAMING', { rawHeaders: [...HOST, 'Content-Length', '1', 'Content-Length', '1'] }],
    ['ERR_GW_BAD_FRAMING', { rawHeaders: [...HOST, 'Content-Length', '1, 1'] }],
    ['ERR_GW_BAD_FRAMING', { rawHeaders: [...HOST, 'Content-Length', '+1'] }],
    ['ERR_GW_BAD_FRAMING', { rawHeaders: [...HOST, 'Content-Length', ''] }],
    ['ERR_GW_BAD_FRAMING', { rawHeaders: [...HOST, 'Content-Length', '9'.repeat(16)] }],
    ['ERR_GW_BAD_FRAMING', { rawHeaders: [...HOST, 'Content-Length', '1', 'Transfer-Encoding', 'chunked'] }],
    [
      'ERR_GW_BAD_FRAMING',
      { rawHeaders: [...HOST, 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'x'] },
    ],
    ['ERR_GW_BAD_FRAMING', { rawHeaders: [...HOST, 'Transfer-Encoding', 'chunked'], version: '1.0' }],
    ['ERR_GW_TRANSFER_CODING', { rawHeaders: [...HOST, 'Transfer-Encoding', 'gzip, chunked'] }],
    ['ERR_GW_EXPECTATION', { rawHeaders: [...HOST, 'Expect', '100-continue, more'] }],
    ['ERR_GW_LAST_HOP', { method: 'OPTIONS', rawHeaders: [...HOST, 'Max-Forwards', '0'] }],
  ])('%s: %j', (code, source) => {
    expect(read(source).code).toBe(code);
  });

  it('not for what is just within its limits', () => {
    expect(read({ target: `/${'a'.repeat(99)}` }).code).toBeUndefined();
    const rawHeaders = [...HOST, ...Array.from({ length: 19 }, (_, i) => [`x-${i}`, '']).flat()];
    expect(read({ rawHeaders }).code).toBeUndefined();
  });

  it('not without a Host where HTTP/1.0 knows none, nor where it is empty', () => {
    expect(read({ version: '1.0', rawHeaders: [] }).code).toBeUndefined();
    expect(read({ rawHeaders: ['Host', ''] }).head.authority?.host).toBe('');
  });
});

describe('the host of a request', () => {
  const authority = { host: 'a.test', text: 'a.test' };
  const forwarded = { authority, version: '1.1', name: 'a', text: '' };

  function readAfter(fields: string) {
    const parsed = new RequestParser({ fields: 9, fieldBytes: 999, targetBytes: 99 });
    const bytes = Buffer.from(`GET / HTTP/1.1\r\n${fields}\r\n`);
    expect(parsed.read(bytes, 0, bytes.length)).toBe(bytes.length);
    return read({ parsed, connection: { forwarded } });
  }

  it('is known where the request before named the same', () => {
    expect(readAfter('Host: a.test\r\n').head.authority).toBe(authority);
    for (const other of ['A.test', 'a.test:1', 'a.tes', 'b.test'])
      expect(readAfter(`Host: ${other}\r\n`).head.authority?.text).toBe(other);
    const twice = readAfter('Host: a.test\r\nHost: a.test\r\n');
    expect(twice.code).toBe(read({ rawHeaders: [...HOST, ...HOST] }).code);
    expect(twice.code).toBeDefined();
  });
});

describe('the length of a body', () => {
  it('is what the head says, and passes on as it came', () => {
    const { head } = withHeaders('Content-Length', '007');
    expect(head.contentLength).toBe(7);
    expect(head.headers).toEqual(['Content-Length', '007']);
    expect(withHeaders('Transfer-Encoding', 'CHUNKED').head).toMatchObject({ isChunked: true, headers: [] });
    expect(withHeaders().head).toMatchObject({ isChunked: false, contentLength: undefined });
  });

  it('stays, whatever Connection lists', () => {
    const { head } = withHeaders('Connection', 'content-length, transfer-encoding', 'Content-Length', '5');
    expect(head.headers).toEqual(['Content-Length', '5']);
  });
});

describe('a target in absolute form', () => {
  it('comes before Host', () => {
    const { head, code } = read({ target: 'http://b.test:81/x?y' });
    expect(code).toBeUndefined();
    expect(head).toMatchObject({ path: '/x?y', authority: { host: 'b.test', text: 'b.test:81' } });
  });
});

describe('Max-Forwards', () => {
  it('counts down for OPTIONS alone', () => {
    const passed = (method: string, value: string) =>
      read({ method, rawHeaders: [...HOST, 'Max-Forwards', value] }).head.headers[1];
    expect(passed('OPTIONS', '5')).toBe('4');
    expect(passed('GET', '5')).toBe('5');
    expect(passed('OPTIONS', 'x')).toBe('x');
  });
});

describe('an upgrade', () => {
  it('counts only where Connection lists it', () => {
    expect(withHeaders('Upgrade', 'WebSocket').head.upgrade).toEqual([]);
    expect(withHeaders('Connection', 'close', 'Upgrade', 'WebSocket').head.upgrade).toEqual([]);
    const { head } = withHeaders('Upgrade', 'WebSocket', 'Connection', 'keep-alive, Upgrade');
    expect(head).toMatchObject({ upgrade: ['WebSocket'], headers: [] });
  });

  it('is read from all lines, and offers no version of HTTP', () => {
    const { head } = withHeaders('Upgrade', 'websocket, tcp', 'Connection', 'Upgrade', 'Upgrade', 'h2c');
    expect(head.upgrade).toEqual(['websocket', 'tcp']);
  });
});
