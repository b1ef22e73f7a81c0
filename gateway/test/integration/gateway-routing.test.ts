import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import { hmacToken } from '../../../test/sessions/jwt-tokens.ts';
import { certificateFor } from '../conformance/certificates.ts';
import { header } from '../conformance/wire/messages.ts';
import { get, message, post } from '../conformance/wire/requests.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import {
  aGateway,
  anUpstream,
  endAll,
  type PoolInput,
  refusingUrl,
  until,
  untilIdle,
} from './gateway/lab.ts';

startAtTheFirst();

afterEach(endAll);

const SECRET = 'a secret that has 32 bytes or more';
const NAMES = ['a', 'b', 'c'] as const;

/** Backends that answer with their name, and how many requests each one got. */
async function named(names: readonly string[] = NAMES) {
  const upstreams = await Promise.all(
    names.map((name) => anUpstream({ complete: reply('200 OK', [`X-Name: ${name}`], name) })),
  );
  return { upstreams, urls: upstreams.map(({ url }) => url) };
}

describe('a request that fails', () => {
  const cases: [string, string, Reply | undefined, Partial<PoolInput>, number, number][] = [
    ['GET where the connection is refused', get(), undefined, {}, 200, 2],
    ['POST where the connection is refused', post('body'), undefined, {}, 200, 2],
    ['GET for 503', get(), reply('503 Busy'), {}, 200, 2],
    ['POST for 503', post('body'), reply('503 Busy'), {}, 503, 1],
    [
      'PUT with a small body for a reset',
      post('body').replace('POST', 'PUT'),
      (socket) => socket.resetAndDestroy(),
      {},
      200,
      2,
    ],
    ['POST for a reset', post('body'), (socket) => socket.resetAndDestroy(), {}, 502, 1],
    [
      'PUT with a large body for a reset',
      post('x'.repeat(70_000)).replace('POST', 'PUT'),
      (socket) => socket.resetAndDestroy(),
      {},
      502,
      1,
    ],
    [
      'GET for 429 where that is asked for',
      get(),
      reply('429 Slow down'),
      { retries: { retryOn: [429] } },
      200,
      2,
    ],
    ['GET for 503 without retries', get(), reply('503 Busy'), { retries: false }, 503, 1],
    ['GET for a late answer', get(), () => {}, { timeouts: { headersMs: 50 } }, 200, 2],
  ];

  it.each(cases)('%s', async (_, bytes, script, pool, status, attempts) => {
    const bad = script === undefined ? await refusingUrl() : (await anUpstream({ complete: script })).url;
    const { upstreams, urls } = await named(['good']);
    const { client, log, backends, gateway } = await aGateway({
      backends: [bad, ...urls],
      strategy: 'round-robin',
      ...pool,
    });
    const [answer] = await (await client()).write(bytes).answered();
    expect(answer?.status).toBe(status);
    await untilIdle(gateway);
    expect(log.records).toMatchObject([{ status, attempts }]);
    expect(backends().map(({ requests, errors }) => [requests, errors])).toEqual([
      [1, 1],
      [attempts - 1, 0],
    ]);
    const [request] = upstreams[0]!.requests();
    if (attempts === 2) expect(request?.body.toString()).toBe(bytes.slice(bytes.indexOf('\r\n\r\n') + 4));
  });
});

describe('a session', () => {
  it('by cookie stays where it began, and its cookie is for the gateway alone', async () => {
    const { urls, upstreams } = await named();
    const { client } = await aGateway({
      backends: urls,
      sessions: { cookie: { secrets: [SECRET] } },
      affinity: { by: 'path' },
    });
    const one = await client();
    const [first] = await one.write(get('/1')).answered();
    const cookie = header(first!, 'set-cookie')?.split(';')[0] as string;
    for (let i = 2; i <= 10; i++) one.write(get(`/${i}`, `Cookie: own=1; ${cookie}`));
    const answers = await one.answered(10);
    expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(1);
    expect(answers.filter((answer) => header(answer, 'set-cookie') !== undefined)).toHaveLength(1);
    const seen = upstreams.map(({ text }) => text).join('');
    expect(seen).not.toContain('evenkeel=');
    expect(seen.match(/\r\ncookie: own=1\r\n/gi)).toHaveLength(9);
    // Others are spread.
    const other = await client();
    for (let i = 0; i < 20; i++) other.write(get(`/other/${i}`));
    expect(new Set((await other.answered(20)).map(({ body }) => body.toString())).size).toBe(3);
  });

  it('by cookie is Secure where its client came over TLS', async () => {
    const certificate = await certificateFor('a.test');
    const { urls } = await named();
    const pool = { backends: urls, sessions: { cookie: { secrets: [SECRET] } } };
    const plain = await aGateway(pool);
    const encrypted = await aGateway(pool, { listener: { tls: { certificates: [certificate] } } });
    const cookieOf = async (gateway: typeof plain, tls?: object) => {
      const [answer] = await (await gateway.client(tls)).write(get()).answered();
      return header(answer!, 'set-cookie');
    };
    expect(await cookieOf(plain)).not.toContain('Secure');
    expect(await cookieOf(encrypted, { servername: 'a.test' })).toMatch(/; Secure$/);
  });

  it('by token stays with whoever the token names, and forged ones name nobody', async () => {
    const { urls } = await named();
    const jwt = { key: SECRET, algorithms: ['HS256' as const] };
    const { client } = await aGateway({ backends: urls, sessions: { jwt }, affinity: { by: 'path' } });
    const one = await client();
    const exp = Math.floor(Date.now() / 1_000) + 3_600;
    const bearer = (sub: string, secret = SECRET) =>
      `Bearer ${hmacToken({ sub, exp }, { alg: 'HS256' }, secret)}`;
    const tokens = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6'].map((sub) => bearer(sub));
    const homes = new Set<string>();
    let count = 0;
    for (const token of tokens) {
      // One after the other: at once, some would spill over to backends that have less to do.
      for (let i = 0; i < 4; i++)
        await one.write(get(`/${++count}`, `Authorization: ${token}`)).answered(count);
      const answers = one.answers.slice(-4);
      const names = new Set(answers.map(({ body }) => body.toString()));
      expect(names.size).toBe(1);
      for (const name of names) homes.add(name);
    }
    expect(homes.size).toBeGreaterThan(1);
    const forged = bearer('u1', 'another secret that has 32 bytes or more');
    for (let i = 0; i < 20; i++) one.write(get(`/${++count}`, `Authorization: ${forged}`));
    const answers = (await one.answered(count)).slice(-20);
    expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(3);
  });
});

describe('a zone', () => {
  it('keeps its requests while it can carry them', async () => {
    const { urls } = await named();
    const backends = urls.map((url, i) => ({ url, zone: NAMES[i] as string }));
    const { client, gateway } = await aGateway({
      backends,
      zones: { header: 'X-Zone', own: 'a', order: ['a', 'b', 'c'] },
      panicRatio: 1,
    });
    const one = await client();
    let count = 0;
    const servedBy = async (...lines: string[]) => {
      for (let i = 0; i < 5; i++) one.write(get(`/${++count}`, ...lines));
      const answers = (await one.answered(count)).slice(-5);
      return [...new Set(answers.map(({ body }) => body.toString()))].join();
    };
    expect(await servedBy()).toBe('a');
    expect(await servedBy('X-Zone: b')).toBe('b');
    expect(await servedBy('X-Zone: c')).toBe('c');
    await gateway.control.change({ type: 'drain', pool: 'shop', backend: urls[2] as string });
    expect(await servedBy('X-Zone: c')).not.toBe('c');
  });
});

describe('requests beyond what backends can take', () => {
  it('wait for their turn, and are answered in it', async () => {
    const waiting: [Socket, string][] = [];
    const upstream = await anUpstream({
      complete: (socket, { startLine }) => waiting.push([socket, startLine.split(' ')[1] as string]),
    });
    const { client, gateway } = await aGateway({
      backends: [upstream.url],
      maxInFlight: 2,
      queue: { limit: 3 },
    });
    const clients = [];
    for (let i = 0; i < 6; i++) {
      const one = await client();
      clients.push(one.write(get(`/${i}`)));
      await until(() => gateway.stats().requests.total === i + 1);
    }
    const [refused] = await clients[5]!.answered();
    expect([refused?.status, header(refused!, 'retry-after')]).toEqual([503, '3']);
    const order: string[] = [];
    for (let done = 0; done < 5; done++) {
      await until(() => waiting.length > 0);
      const [socket, path] = waiting.shift()!;
      order.push(path);
      socket.write(reply('200 OK', [], path));
    }
    expect(order).toEqual(['/0', '/1', '/2', '/3', '/4']);
    for (const [i, one] of clients.slice(0, 5).entries())
      expect((await one.answered())[0]?.body.toString()).toBe(`/${i}`);
    await untilIdle(gateway);
    expect(gateway.stats().pools[0]?.queue).toMatchObject({ depth: 0 });
  });
});

describe('a rate', () => {
  it('is counted for each route, and by what its clients say of themselves', async () => {
    const { urls } = await named();
    const rateLimit = { points: 2, durationMs: 60_000, by: { header: 'X-Key' } };
    const { client, gateway } = await aGateway(urls, {
      routes: [
        { path: '/api', pool: 'shop', rateLimit },
        { path: '/', pool: 'shop' },
      ],
    });
    const one = await client();
    let count = 0;
    const statuses = async (path: string, ...lines: string[]) => {
      for (let i = 0; i < 3; i++) one.write(get(path, ...lines));
      count += 3;
      return (await one.answered(count)).slice(-3).map(({ status }) => status);
    };
    expect(await statuses('/api', 'X-Key: k1')).toEqual([200, 200, 429]);
    expect(await statuses('/api', 'X-Key: k2')).toEqual([200, 200, 429]);
    expect(await statuses('/', 'X-Key: k1')).toEqual([200, 200, 200]);
    expect(gateway.stats().requests).toMatchObject({ rateLimited: 2, errors: { ERR_LB_RATE_LIMITED: 2 } });
  });
});

describe('connections of clients', () => {
  it('beyond the limit are refused and counted, until others end', async () => {
    const { urls } = await named();
    const { client, gateway } = await aGateway(urls, { limits: { connections: 3 } });
    const taken = await Promise.all([client(), client(), client()]);
    for (const one of taken) expect((await one.write(get()).answered())[0]?.status).toBe(200);
    const beyond = await client();
    expect(await beyond.closed()).toBe(true);
    expect(gateway.stats().connections).toEqual({ open: 3, accepted: 3, refused: 1 });
    taken[0]?.socket.destroy();
    await until(() => gateway.stats().connections.open === 2);
    expect((await (await client()).write(get()).answered())[0]?.status).toBe(200);
  });
});

describe('routes', () => {
  it('send requests by host and path, each to its pool', async () => {
    const { urls } = await named();
    const { client } = await aGateway([urls[0] as string], {
      routes: [
        { host: 'shop.example', path: '/api', pool: 'shop' },
        { host: '*.example', pool: 'shop' },
      ],
    });
    const one = await client();
    const statusFor = async (count: number, host: string, path: string) => {
      const answers = await one.write(message(`GET ${path} HTTP/1.1`, [`Host: ${host}`])).answered(count);
      return answers[count - 1]?.status;
    };
    expect(await statusFor(1, 'SHOP.example:80', '/api/x')).toBe(200);
    expect(await statusFor(2, 'other.example', '/')).toBe(200);
    expect(await statusFor(3, 'example.org', '/')).toBe(404);
    expect(await statusFor(4, 'example', '/')).toBe(404);
  });
});
