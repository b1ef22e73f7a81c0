// Whether gateways agree where keys are: processes with a real Redis, and workers; what it costs, and what it
// does for caches.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryFleet, shareKeys } from 'evenkeel/fleet';
import { SignJWT } from 'jose';
import { Agent, request } from 'undici';
import { Balancer } from '../../../src/index.ts';
import { redisServer } from '../../../test/servers/redis.ts';
import { nativePool, TestEnv } from '../../../test/support.ts';
import type { Check, Finding } from '../check.ts';
import { checksOfFleet } from './fleet-health.ts';
import { configOf, type Front, serve } from './front.ts';

const GATEWAYS = 4;
const BACKENDS = 10;
const KEYS = [30, 300, 3_000];
/** Of each gateway, from its start on, over which calls of Redis are counted. */
const LEAST_REQUESTS = 1_500;
const SECRET = 'a secret of the check that is long enough for HS256';
/** A key is asked for on so many connections, as workers get connections in turn. */
const CONNECTIONS = 8;

type Show = (finding: Finding) => void;

export const fleetCheck: Check = {
  name: 'fleet',
  about: `${GATEWAYS} gateways with Redis, and as many workers: keys on more than one backend, calls, cost, cache hits`,
  async run(show) {
    const backends = await Promise.all(Array.from({ length: BACKENDS }, (_, i) => aBackend(String(i))));
    const urls = backends.map(({ url }) => url);
    const store = await redisServer();
    try {
      for (const keys of KEYS) {
        await gateways(urls, keys, undefined, show);
        await gateways(urls, keys, `redis://127.0.0.1:${store.port}`, show);
      }
      for (const keys of [30, 300]) await workers(urls, keys, show);
      await sessions(urls, show);
      await checksOfFleet(store, show);
    } finally {
      await store.process.kill();
      for (const { close } of backends) close();
    }
    cost(show);
    for (const [keys, capacity, requests, limit] of [
      [300, 300, 6_400, 0.98],
      [60, 8, 6_400, 0.95],
    ] as const)
      await hits(keys, capacity, requests, limit, show);
    return [];
  },
};

async function aBackend(name: string) {
  const server = createServer((_, response) => response.end(name)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

async function gateways(
  backends: readonly string[],
  keys: number,
  redis: string | undefined,
  show: Show,
): Promise<void> {
  const fleet = redis === undefined ? {} : { fleet: { redis: { url: redis, prefix: `k${keys}` } } };
  const fronts = await Promise.all(
    Array.from({ length: GATEWAYS }, () => serve(configOf(backends, {}, fleet))),
  );
  const dispatcher = new Agent({ connections: 4 });
  try {
    if (redis !== undefined) while (!(await allConnected(fronts))) await sleep(20);
    const paths = Array.from({ length: keys }, (_, i) => `/${i}`);
    // At once, so that each gateway places keys before it has heard of the others.
    await Promise.all(fronts.map((front) => askAll(front.url, shuffled(paths), dispatcher)));
    await sleep(100);
    const answers = await Promise.all(fronts.map((front) => askAll(front.url, paths, dispatcher)));
    const apart = paths.filter((_, i) => new Set(answers.map((texts) => texts[i])).size > 1).length;
    const figure = `${((100 * apart) / keys).toFixed(1)} %`;
    const what = `${keys} keys that ${GATEWAYS} gateways disagree on`;
    if (redis === undefined) return show({ what: `${what}, without a fleet`, figure });
    show({ what: `${what}, 100 ms after`, figure, target: '0', met: apart === 0 });
    for (let sent = 2 * keys; sent < LEAST_REQUESTS; sent += keys)
      await Promise.all(fronts.map((front) => askAll(front.url, paths, dispatcher)));
    const seen = await Promise.all(fronts.map(fleetOf));
    const calls = seen.reduce((sum, one) => sum + one.calls, 0);
    const requests = seen.reduce((sum, one) => sum + one.requests, 0);
    show(atMost(`Redis calls a request, ${keys} keys`, calls / requests, 0.02, 4));
  } finally {
    await dispatcher.destroy();
    await Promise.all(fronts.map((front) => front.stop()));
  }
}

async function fleetOf(front: Front) {
  const { requests, pools } = await front.stats();
  const { calls = 0, connected = false } = pools[0]?.fleet ?? {};
  return { requests: requests.total, calls, connected };
}

async function allConnected(fronts: readonly Front[]): Promise<boolean> {
  const stats = await Promise.all(fronts.map(fleetOf));
  return stats.every(({ connected }) => connected === true);
}

/** One after the other, so that none spills. @returns the names of the backends */
async function askAll(url: string, paths: readonly string[], dispatcher: Agent, headers = {}) {
  const texts: string[] = [];
  for (const path of paths) {
    const { body } = await request(url + path, { dispatcher, headers });
    texts.push(await body.text());
  }
  return texts;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((one) => [Math.random(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
}

/** Each key by connections of its own, which the primary hands to the workers in turn. */
async function spreadOver(url: string, keys: readonly { path: string; headers: object }[]): Promise<number> {
  const ask = async () => {
    const seen = keys.map(() => new Set<string>());
    const connections = Array.from({ length: CONNECTIONS }, () => new Agent({ connections: 1 }));
    try {
      for (const dispatcher of connections)
        for (const [i, { path, headers }] of shuffled([...keys.entries()]))
          seen[i]?.add((await askAll(url, [path], dispatcher, headers))[0] as string);
    } finally {
      await Promise.all(connections.map((one) => one.destroy()));
    }
    return seen.filter(({ size }) => size > 1).length;
  };
  await ask();
  await sleep(100);
  return ask();
}

async function workers(backends: readonly string[], count: number, show: Show): Promise<void> {
  const front = await serve(configOf(backends, {}, { workers: GATEWAYS }));
  try {
    const keys = Array.from({ length: count }, (_, i) => ({ path: `/${i}`, headers: {} }));
    const apart = await spreadOver(front.url, keys);
    const what = `${count} keys that ${GATEWAYS} workers disagree on, 100 ms after`;
    show({ what, figure: `${((100 * apart) / count).toFixed(1)} %`, target: '0', met: apart === 0 });
  } finally {
    await front.stop();
  }
}

async function sessions(backends: readonly string[], show: Show): Promise<void> {
  const jwt = { key: SECRET, algorithms: ['HS256'] };
  const front = await serve(configOf(backends, { sessions: { jwt } }, { workers: GATEWAYS }));
  try {
    const key = new TextEncoder().encode(SECRET);
    const clients = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const token = new SignJWT({ sub: `client ${i}` }).setProtectedHeader({ alg: 'HS256' });
        const signed = await token.setExpirationTime('1h').sign(key);
        return { path: '/', headers: { authorization: `Bearer ${signed}` } };
      }),
    );
    const apart = await spreadOver(front.url, clients);
    const figure = `${((100 * apart) / clients.length).toFixed(1)} %`;
    show({
      what: `sessions by JWT on more than one backend, ${GATEWAYS} workers`,
      figure,
      target: '0',
      met: apart === 0,
    });
  } finally {
    await front.stop();
  }
}

/** Of a lease, in turns, so that both suffer alike from what else the machine does. */
function cost(show: Show): void {
  const keys = Array.from({ length: 300 }, (_, i) => `/${i}`);
  const [off, on] = [new Balancer(nativePool(BACKENDS)), new Balancer(nativePool(BACKENDS))];
  const shared = shareKeys(on, memoryFleet());
  const turn = (balancer: Balancer) => {
    const beganAt = performance.now();
    for (let i = 0; i < 100_000; i++) balancer.acquire(keys[(i * 7) % 300] as string)?.release();
    return performance.now() - beganAt;
  };
  const ratios = Array.from({ length: 41 }, (_, round) => {
    const isFirst = round % 2 === 0;
    const first = turn(isFirst ? on : off);
    const second = turn(isFirst ? off : on);
    return isFirst ? first / second : second / first;
  });
  shared.close();
  show(atMost('a lease with shared keys, times one without', median(ratios.slice(5)), 1.3, 2));
}

/** Hits in caches at the backends behind 16 balancers, of those behind one balancer for all. */
async function hits(
  keys: number,
  capacity: number,
  requests: number,
  limit: number,
  show: Show,
): Promise<void> {
  const one = await hitRatio(1, false, keys, capacity, requests);
  const local = (await hitRatio(16, false, keys, capacity, requests)) / one;
  const shared = (await hitRatio(16, true, keys, capacity, requests)) / one;
  const what = `cache hits at 16 balancers, ${keys} keys, caches of ${capacity}, of one balancer's`;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  show({ what: `${what}, without a fleet`, figure: percent(local) });
  show({ what, figure: percent(shared), target: `at least ${percent(limit)}`, met: shared >= limit });
}

/** Requests come a millisecond apart. */
async function hitRatio(
  count: number,
  isShared: boolean,
  keys: number,
  capacity: number,
  requests: number,
): Promise<number> {
  const env = new TestEnv(3);
  const store = memoryFleet({ env });
  const balancers = Array.from({ length: count }, () => new Balancer(nativePool(BACKENDS), { env }));
  const shared = isShared ? balancers.map((balancer) => shareKeys(balancer, store, { env })) : [];
  const caches = new Map<string, Set<string>>();
  let hit = 0;
  for (let i = 0; i < requests; i++) {
    env.advance(1);
    // What the store answers.
    for (let turn = 0; turn < 4; turn++) await null;
    const key = `/${Math.floor(env.random() * keys)}`;
    const lease = balancers[Math.floor(env.random() * count)]?.acquire(key);
    const id = lease?.backend.id as string;
    const cache = caches.get(id) ?? new Set<string>();
    caches.set(id, cache);
    if (cache.delete(key)) hit++;
    cache.add(key);
    if (cache.size > capacity) cache.delete(cache.values().next().value as string);
    lease?.release();
  }
  for (const one of shared) one.close();
  return hit / requests;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

function atMost(what: string, value: number, limit: number, digits: number): Finding {
  return { what, figure: value.toFixed(digits), target: `at most ${limit}`, met: value <= limit };
}
