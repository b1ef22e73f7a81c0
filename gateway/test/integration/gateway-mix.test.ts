import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TestEnv } from '../../../test/support.ts';
import { handshake, SWITCH } from '../conformance/cases/websocket-handshake.ts';
import type { Client } from '../conformance/wire/client.ts';
import { sleep } from '../conformance/wire/poll.ts';
import { get, message } from '../conformance/wire/requests.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import {
  aGateway,
  anUpstream,
  atTheEnd,
  endAll,
  held,
  NOTHING,
  type PoolInput,
  refusingUrl,
  type Settings,
  until,
  untilIdle,
} from './gateway/lab.ts';

afterEach(endAll);

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const CLIENTS = 400;
const LANES = 25;

const env = new TestEnv(SEED);
const upTo = (limit: number) => Math.floor(env.random() * limit);
const oneOf = <T>(items: readonly T[]) => items[upTo(items.length)] as T;

const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf';
const CHUNKS = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';

/** What backends do, by the path that they are asked for. */
const DEEDS: Readonly<Record<string, (socket: Socket) => unknown>> = {
  ok: (socket) => socket.write(reply('200 OK', [], 'fine')),
  large: (socket) => socket.write(reply('200 OK', [], 'x'.repeat(300_000))),
  slow: async (socket) => {
    await sleep(upTo(40));
    if (!socket.destroyed) socket.write(reply('200 OK', [], 'late'));
  },
  pieces: async (socket) => {
    socket.write(CHUNKS);
    for (let i = 0; i < 5 && !socket.destroyed; i++) {
      await sleep(5);
      socket.write('5\r\nhello\r\n');
    }
    if (!socket.destroyed) socket.write('0\r\nX-Sum: 1\r\n\r\n');
  },
  busy: (socket) => socket.write(reply('503 Busy', ['Retry-After: 1'], 'busy')),
  hang: () => {},
  reset: (socket) => socket.resetAndDestroy(),
  end: (socket) => socket.end(),
  half: (socket) => socket.write(HALF, () => setTimeout(() => socket.resetAndDestroy(), upTo(20))),
  stall: (socket) => socket.write(HALF),
  garbage: (socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'),
  switch: (socket) => {
    socket.write(SWITCH);
    socket.removeAllListeners('data');
    socket.pipe(socket);
  },
  forbidden: (socket) => socket.write(reply('403 Forbidden', [], 'no')),
};

const deed: Reply = (socket, { startLine }) => {
  const name = /\/(\w+)/.exec(startLine)?.[1] ?? '';
  return (DEEDS[name] as (socket: Socket) => unknown)(socket);
};

const POOL = {
  sessions: { cookie: { secrets: ['a secret that has 32 bytes or more'] } },
  affinity: { by: 'path' },
  maxInFlight: 5,
  queue: { limit: 2, timeoutMs: 40 },
  timeouts: { headersMs: 60, bodyMs: 60, totalMs: 200, idleMs: 200 },
  retries: { retries: 2, minDelayMs: 0, maxDelayMs: 5, budget: { ratio: 0.2, floor: 1 } },
  ejection: false,
} satisfies Partial<PoolInput>;

const SETTINGS: Settings = {
  listener: { h2c: true },
  limits: { bodyBytes: 50_000, replayBytes: 1_000 },
  timeouts: { bodyMs: 150, writeMs: 500, headersMs: 1_000 },
  routes: [
    { pool: 'shop' },
    { path: '/ok', pool: 'shop', rateLimit: { points: 40, durationMs: 100, by: { header: 'X-Key' } } },
  ],
};

const PLAIN = [
  'ok',
  'large',
  'slow',
  'pieces',
  'busy',
  'hang',
  'reset',
  'end',
  'half',
  'stall',
  'garbage',
] as const;
const UPGRADED = ['switch', 'switch', 'forbidden', 'busy', 'hang', 'reset', 'garbage'] as const;

/** One request for each answer that there is. */
const EACH = [
  [101, handshake().replace('/socket', '/switch')],
  [200, get('/ok')],
  [403, handshake().replace('/socket', '/forbidden')],
  [408, message('POST /hang HTTP/1.1', ['Host: a', 'Content-Length: 10'], 'half')],
  [413, message('POST /ok HTTP/1.1', ['Host: a', 'Content-Length: 60000'])],
  [502, get('/garbage')],
  [503, get('/busy')],
  [504, get('/hang')],
] as const;

/** The bytes of a request: whole, or as far as they go. */
function bytesOf(path: string): string {
  const whole = 'x'.repeat(oneOf([10, 900, 5_000, 60_000]));
  const length = `Content-Length: ${whole.length}`;
  switch (upTo(7)) {
    case 0:
      return message(`PUT ${path} HTTP/1.1`, ['Host: a', length], whole);
    case 1:
      return message(`POST ${path} HTTP/1.1`, ['Host: a', length], whole.slice(0, upTo(whole.length)));
    case 2:
      return message(
        `PUT ${path} HTTP/1.1`,
        ['Host: a', 'Transfer-Encoding: chunked'],
        `5\r\nhello\r\n${oneOf(['0\r\n\r\n', '', 'zz'])}`,
      );
    default:
      return get(path, 'X-Key: k');
  }
}

function leave(client: Client): void {
  oneOf([() => client.reset(), () => client.socket.destroy(), () => client.end()])();
}

async function overHttp1(client: Client): Promise<void> {
  client.write(bytesOf(`/${oneOf(PLAIN)}`));
  if (upTo(4) === 0) client.write(get('/ok'));
  if (upTo(3) === 0) {
    await sleep(upTo(60));
    leave(client);
  } else await client.answered(1, 400);
}

async function inTunnel(client: Client): Promise<void> {
  client.write(handshake().replace('/socket', `/${oneOf(UPGRADED)}`));
  await sleep(upTo(30));
  client.write('said');
  await sleep(upTo(60));
  leave(client);
}

async function overHttp2(port: number): Promise<void> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  const streams = Array.from({ length: 1 + upTo(4) }, () => {
    const isPost = upTo(3) === 0;
    const stream = session.request({ ':path': `/${oneOf(PLAIN)}`, ':method': isPost ? 'POST' : 'GET' });
    stream.on('error', () => {}).resume();
    if (isPost) stream.write('x'.repeat(upTo(3_000)));
    return stream;
  });
  await sleep(upTo(60));
  for (const stream of streams) {
    if (upTo(2) === 0) stream.close(http2.constants.NGHTTP2_CANCEL);
    else stream.end();
  }
  await sleep(upTo(60));
  session.destroy();
}

describe('whatever happens to requests', () => {
  it(`all is given back and accounted for (SEED=${SEED})`, { timeout: 60_000 }, async () => {
    const upstreams = await Promise.all([
      anUpstream({ complete: deed }),
      anUpstream({ complete: deed }),
      anUpstream({ complete: deed }),
    ]);
    const live = upstreams.map(({ url }) => url);
    const urls = [...live, await refusingUrl()];
    const { gateway, client, port, log, reload } = await aGateway({ ...POOL, backends: urls }, SETTINGS);

    let begun = 0;
    const lane = async () => {
      while (begun++ < CLIENTS) {
        if (upTo(4) === 0) await overHttp2(port);
        else {
          const one = await client();
          await oneOf([overHttp1, overHttp1, inTunnel])(one);
          one.socket.destroy();
        }
      }
    };
    const stalled = async () => {
      const one = await client();
      one.write(message('POST /hang HTTP/1.1', ['Host: a', 'Content-Length: 10'], 'half'));
      await one.closed();
    };
    const lanes = Promise.all([...Array.from({ length: LANES }, lane), stalled(), stalled()]);
    while (begun < CLIENTS) {
      await sleep(20);
      const backend = oneOf(urls);
      const { pools } = gateway.stats();
      const isThere = pools[0]?.backends.some(({ id }) => id === backend);
      if (isThere)
        await gateway.control.change({ type: oneOf(['remove', 'drain', 'resume']), pool: 'shop', backend });
      else await gateway.control.change({ type: 'add', pool: 'shop', backend: { url: backend } });
      if (upTo(10) === 0)
        await reload({ ...POOL, backends: urls, timeouts: { ...POOL.timeouts, connectMs: 1_000 + upTo(9) } });
    }
    await lanes;

    await untilIdle(gateway);
    expect(held(gateway)).toEqual(NOTHING);
    await until(
      () => gateway.stats().connections.open === 0,
      () => gateway.stats().connections,
    );
    const { requests, tunnels, pools } = gateway.stats();
    expect(log.errors).toEqual([]);
    // Each request has ended once, in one way.
    expect(log.records).toHaveLength(requests.total);
    const opened = log.records.filter(({ status }) => status === 101).length;
    const answered = Object.values(requests.statuses).reduce((sum, count) => sum + count, 0);
    expect(requests.cancelled + answered + opened).toBe(requests.total);
    expect(log.records.filter(({ status }) => status < 101 || status > 599)).toEqual([]);
    expect(tunnels).toEqual({ open: 0, total: opened });
    expect(pools[0]?.queue).toMatchObject({ depth: 0 });
    // No connection to a backend is left behind: those that are idle end by themselves.
    await reload({ ...POOL, backends: live });
    // What was changed by hand stays, whatever the configuration says.
    for (const backend of urls) {
      const isThere = gateway.stats().pools[0]?.backends.some(({ id }) => id === backend);
      const isLive = live.includes(backend);
      if (isThere)
        await gateway.control.change({ type: isLive ? 'resume' : 'remove', pool: 'shop', backend });
      else if (isLive) await gateway.control.change({ type: 'add', pool: 'shop', backend: { url: backend } });
    }
    // And it does everything still that it did in between.
    for (const [status, bytes] of EACH) {
      const one = await client();
      const [answer] = await one.write(bytes).answered();
      expect({ bytes, status: answer?.status }).toEqual({ bytes, status });
      one.socket.destroy();
      await untilIdle(gateway);
    }
    await until(
      () =>
        upstreams.every(({ connections }) =>
          connections.every(({ closed, ended }) => closed || ended !== undefined),
        ),
      () =>
        upstreams.map(
          ({ connections }) =>
            connections.filter(({ closed, ended }) => !closed && ended === undefined).length,
        ),
    );

    // The budget has nothing on loan: there is room for the one retry that is always allowed.
    const declined = gateway.stats().pools[0]?.failover?.declined.budget;
    for (let i = 0; i < 5; i++) {
      const one = await client();
      await one.write(get('/busy')).answered();
      one.socket.destroy();
      await untilIdle(gateway);
    }
    expect(gateway.stats().pools[0]?.failover?.declined.budget).toBe(declined);
    atTheEnd(() => gateway.close(0));
  });
});
