import { once } from 'node:events';
import type http2 from 'node:http2';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import type { Client } from '../conformance/wire/client.ts';
import { END_STREAM } from '../conformance/wire/frames.ts';
import { H2Client } from '../conformance/wire/h2-client.ts';
import type { Field } from '../conformance/wire/hpack.ts';
import { get, message } from '../conformance/wire/requests.ts';
import type { Reply, Script } from '../conformance/wire/upstream.ts';
import {
  aGateway,
  anH2Session,
  anUpstream,
  atTheEnd,
  endAll,
  refusingUrl,
  until,
  untilIdle,
} from '../integration/gateway/lab.ts';

startAtTheFirst();

afterEach(endAll);

const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';
const CHUNKED_HALF = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n';
const UPLOAD = message('POST /up HTTP/1.1', ['Host: a', 'Content-Length: 100'], 'half');
const CHUNKED_UPLOAD = message(
  'POST /up HTTP/1.1',
  ['Host: a', 'Transfer-Encoding: chunked'],
  '4\r\nhalf\r\n',
);

/** What a table of endings begins with. */
async function setUp(script: Script) {
  const upstream = await anUpstream(script);
  const gateway = await aGateway({ backends: [upstream.url], retries: false }, { listener: { h2c: true } });
  return { upstream, ...gateway };
}

describe('a client that leaves', () => {
  const leaving: [string, (client: Client) => void][] = [
    ['by a reset', (client) => client.reset()],
    ['by the end of its connection', (client) => client.socket.destroy()],
  ];
  const moments: [string, string, Script, (client: Client) => boolean][] = [
    ['before the answer', get('/x'), { complete: () => {} }, () => true],
    ['in the middle of an answer', get('/x'), { complete: HALF }, ({ text }) => text.includes('half')],
    ['in the middle of chunks', get('/x'), { complete: CHUNKED_HALF }, ({ text }) => text.includes('half')],
    ['in the middle of its body', UPLOAD, { complete: () => {} }, () => true],
    ['in the middle of its chunks', CHUNKED_UPLOAD, { complete: () => {} }, () => true],
  ];
  const cases = leaving.flatMap(([how, leave]) => moments.map((moment) => [...moment, how, leave] as const));

  it.each(cases)('%s', async (_, bytes, script, isThere, _how, leave) => {
    const { client, upstream, gateway, backends, log } = await setUp(script);
    const one = await client();
    one.write(bytes);
    await until(
      () => upstream.requests().length === 1 && isThere(one),
      () => one.text,
    );
    leave(one);
    await untilIdle(gateway);
    const [connection] = upstream.connections;
    await until(() => connection?.ended !== undefined || connection?.closed === true);
    // Nothing that looks like the whole of what it wanted to send.
    if (bytes !== get('/x')) expect(upstream.requests()[0]?.complete).toBe(false);
    expect(backends()[0]).toMatchObject({ requests: 1, errors: 0, cancelled: 1 });
    expect(log.errors).toEqual([]);
    const [record] = log.records;
    // The orderly end of a connection in the middle of a body is answered; nobody may be there to read it.
    if (record?.status !== 400) {
      expect(record?.status).toBe(499);
      expect(gateway.stats().requests).toMatchObject({ cancelled: 1, errors: {} });
    }
  });

  it.each([
    ['before the answer', { complete: () => {} }, undefined],
    ['in the middle of an answer', { complete: CHUNKED_HALF }, undefined],
    ['in the middle of its body', { complete: () => {} }, 'half'],
  ])('over HTTP/2 %s', async (_, script: Script, body) => {
    const { port, upstream, gateway, backends, log } = await setUp(script);
    const one = await H2Client.connect(port);
    atTheEnd(() => one.socket.destroy());
    const fields: Field[] = [
      [':method', body === undefined ? 'GET' : 'POST'],
      ...([
        [':scheme', 'http'],
        [':authority', 'a'],
        [':path', '/x'],
      ] as const),
    ];
    await one.request(1, fields, body === undefined ? END_STREAM : 0);
    if (body !== undefined) one.data(1, body);
    await until(() => upstream.requests().length === 1);
    one.resetStream(1);
    await untilIdle(gateway);
    await until(
      () => upstream.connections[0]?.ended !== undefined || upstream.connections[0]?.closed === true,
    );
    if (body !== undefined) expect(upstream.requests()[0]?.complete).toBe(false);
    expect(backends()[0]).toMatchObject({ requests: 1, errors: 0, cancelled: 1 });
    expect(log.records).toMatchObject([{ status: 499 }]);
  });

  it('while its request waits for its turn asks nobody', async () => {
    const upstream = await anUpstream({ complete: () => {} });
    const { client, gateway, log } = await aGateway({ backends: [upstream.url], maxInFlight: 1 });
    const first = await client();
    first.write(get('/first'));
    await until(() => upstream.requests().length === 1);
    const second = await client();
    second.write(get('/second'));
    await until(() => gateway.stats().pools[0]?.queue?.depth === 1);
    second.reset();
    await until(() => gateway.stats().pools[0]?.queue?.depth === 0);
    first.reset();
    await untilIdle(gateway);
    expect(log.records.map(({ path, status, attempts }) => [path, status, attempts])).toEqual([
      ['/second', 499, 0],
      ['/first', 499, 1],
    ]);
    expect(upstream.requests()).toHaveLength(1);
  });

  it('while its request is on its second backend is the fault of neither', async () => {
    const upstream = await anUpstream({ complete: () => {} });
    const { client, gateway, log, backends } = await aGateway({
      backends: [await refusingUrl(), upstream.url],
      strategy: 'round-robin',
    });
    const one = await client();
    one.write(get('/x'));
    await until(() => upstream.requests().length === 1);
    one.reset();
    await untilIdle(gateway);
    expect(log.records).toMatchObject([{ status: 499, attempts: 2, backend: upstream.url }]);
    expect(backends().map(({ errors, cancelled }) => [errors, cancelled])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(gateway.stats().requests.cancelled).toBe(1);
  });
});

describe('a backend that dies in the middle of its answer', () => {
  const deaths: [string, (socket: Socket) => void][] = [
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['the end of its connection', (socket) => socket.end()],
  ];
  const dying =
    (half: string, die: (socket: Socket) => void): Reply =>
    (socket) => {
      socket.write(half, () => setTimeout(() => die(socket), 20));
    };

  it.each(deaths.flatMap(([how, die]) => [HALF, CHUNKED_HALF].map((half) => [how, half, die] as const)))(
    'by %s never looks like one that has ended: %j',
    async (_, half, die) => {
      const { client, gateway, backends, log } = await setUp({ complete: dying(half, die) });
      const one = await client();
      one.write(get('/x'));
      expect(await one.closed()).toBe(true);
      expect(one.text).toContain('half');
      expect(one.answers[0]?.complete).toBe(false);
      await untilIdle(gateway);
      expect(backends()[0]).toMatchObject({ requests: 1, errors: 1, cancelled: 0 });
      expect(log.records).toMatchObject([{ status: 200, code: 'ERR_LB_UPSTREAM', bytesSent: 4 }]);
    },
  );

  it.each(deaths)('over HTTP/2 is a stream that is reset: %s', async (_, die) => {
    const { port, gateway, backends } = await setUp({ complete: dying(CHUNKED_HALF, die) });
    const stream = (await anH2Session(port)).request({ ':path': '/x' });
    const [error] = (await once(stream.resume(), 'error')) as [NodeJS.ErrnoException];
    expect(error.message).toContain('INTERNAL_ERROR');
    await untilIdle(gateway);
    expect(backends()[0]).toMatchObject({ errors: 1, cancelled: 0 });
  });
});

describe('an answer over HTTP/2', () => {
  it('has trailers that HTTP/2 allows, and none that would throw', async () => {
    const body =
      'Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 1\r\nHTTP2-Settings: x\r\nKeep-Alive: 5\r\n\r\n';
    const { port, gateway } = await setUp({ complete: `HTTP/1.1 200 OK\r\nHTTP2-Settings: x\r\n${body}` });
    const stream = (await anH2Session(port)).request({ ':path': '/x', te: 'trailers' });
    const trailers = once(stream.resume(), 'trailers') as Promise<[http2.IncomingHttpHeaders]>;
    expect(Object.entries((await trailers)[0])).toEqual([['x-sum', '1']]);
    await untilIdle(gateway);
  });
});
