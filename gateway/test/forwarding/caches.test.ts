// A gateway between caches stores nothing, and takes nothing away that they decide by (RFC 9111).
import { afterEach, describe, expect, it } from 'vitest';
import { get, message } from '../conformance/wire/requests.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import { fields, setUp as setUpHttp2 } from '../integration/gateway/http2-lab.ts';
import { aGateway, anUpstream, endAll, until } from '../integration/gateway/lab.ts';

afterEach(endAll);

async function aLine(complete: Reply) {
  const upstream = await anUpstream({ complete });
  const { client } = await aGateway({ backends: [upstream.url], retries: false });
  return { upstream, one: await client() };
}

/** Fields that a cache of the client, or one between, sends. */
const ASKED = [
  'Cache-Control: max-age=0, no-transform',
  'Cache-Control: unknown="a, b"',
  'Pragma: no-cache',
  'If-None-Match: W/"a", "b,c", *',
  'If-Match: "d"',
  'If-Modified-Since: not a date',
  'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
  'If-Range: "a"',
  'Range: bytes=0-1,-5,x',
  'Authorization: Basic YTpi',
];

/** Fields that a cache decides by, some of them wrong: what they mean is the cache's to say. */
const ANSWERED = [
  'Cache-Control: max-age=3600, Public',
  'Cache-Control: s-maxage="10", unknown=(x',
  'Surrogate-Control: max-age=1',
  'CDN-Cache-Control: no-store',
  'Age: 7200, 1',
  'Date: Thu, 01 Jan 1970 00:00:00 GMT',
  'Expires: 0',
  'ETag: W/"a b"',
  'Last-Modified: yesterday',
  'Vary: Accept, *',
  'Vary: X-Unknown',
  'Warning: 110 - "old"',
  'Content-Location: ../a',
  'Clear-Site-Data: "cache"',
  'Set-Cookie: a=1',
  'Set-Cookie: b=2',
];

const linesOf = (text: string, wanted: readonly string[]) =>
  text.split('\r\n').filter((line) => wanted.some((field) => line.startsWith(`${field.split(':')[0]}:`)));

describe('what caches decide by', () => {
  it('reaches the backend as the client sent it', async () => {
    const { upstream, one } = await aLine(reply('200 OK'));
    await one.write(get('/', ...ASKED)).answered();
    expect(linesOf(upstream.text, ASKED)).toEqual(ASKED);
  });

  it.each([
    ['200 OK', 'GET', reply('200 OK', ANSWERED, 'whole')],
    [
      '206 Partial Content',
      'GET',
      reply('206 Partial Content', [...ANSWERED, 'Content-Range: bytes 0-1/5'], 'wh'),
    ],
    [
      '304 Not Modified',
      'GET',
      `HTTP/1.1 304 Not Modified\r\n${ANSWERED.join('\r\n')}\r\nContent-Length: 5\r\n\r\n`,
    ],
    [
      '404 Not Found',
      'HEAD',
      `HTTP/1.1 404 Not Found\r\n${ANSWERED.join('\r\n')}\r\nContent-Length: 5\r\n\r\n`,
    ],
    ['999 Odd', 'FOO', reply('999 Odd', ANSWERED)],
  ])('reaches the client as the backend sent it: %s to %s', async (status, method, complete) => {
    const { one } = await aLine(complete);
    const [answer] = await one.write(message(`${method} / HTTP/1.1`), method).answered();
    expect(answer?.startLine).toBe(`HTTP/1.1 ${status}`);
    expect(linesOf(one.text, ANSWERED)).toEqual(ANSWERED);
    expect(one.text.slice(one.text.indexOf('\r\n\r\n'))).toBe(complete.slice(complete.indexOf('\r\n\r\n')));
  });

  it('reaches a client over HTTP/2, too', async () => {
    const { h2 } = await setUpHttp2({ complete: reply('200 OK', ANSWERED) });
    await h2.request(1, fields('GET'));
    await until(() => h2.stream(1).ended);
    const came = h2.stream(1).blocks[0] ?? [];
    for (const [name, value] of ANSWERED.map((field) => field.split(': ') as [string, string]))
      expect(
        came.some(([n, v]) => n === name.toLowerCase() && v.includes(value)),
        name,
      ).toBe(true);
  });

  it('belongs to its own response: what interim ones have is not in the final one', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nCache-Control: no-store\r\nETag: "early"\r\n\r\n';
    const processing = 'HTTP/1.1 102 Processing\r\nAge: 1\r\n\r\n';
    const { one } = await aLine(processing + early + reply('200 OK', ['ETag: "a"']));
    const [answer] = await one.write(get()).answered();
    expect(answer?.interim.map(({ startLine }) => startLine.split(' ')[1])).toEqual(['102', '103']);
    const final = one.text.slice(one.text.lastIndexOf('HTTP/1.1 200'));
    expect(final).toContain('\r\nETag: "a"\r\n');
    expect(final).not.toMatch(/no-store|"early"|^Age:/im);
  });

  it('is asked for each time, and no response of the gateway itself may be stored', async () => {
    let asked = 0;
    const { upstream, one } = await aLine((socket) => {
      if (++asked === 3) socket.destroy();
      else socket.write(reply('200 OK', ['Cache-Control: max-age=3600, immutable'], String(asked)));
    });
    for (const count of [1, 2, 3]) await one.write(get()).answered(count);
    expect(upstream.requests()).toHaveLength(3);
    expect(one.answers.map(({ status, body }) => [status, String(body).slice(0, 1)])).toEqual([
      [200, '1'],
      [200, '2'],
      [502, '{'],
    ]);
    expect(one.text).toMatch(/HTTP\/1\.1 502 [\s\S]*\r\nCache-Control: no-store\r\n/i);
  });
});
