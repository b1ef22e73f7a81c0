// Placement of requests and keys: new balancers, large pools, slow backends, rooms whose sockets must stay
// together, caches.
import { Balancer, type StrategyName, strategies } from '../../src/index.ts';
import type { World } from '../../src/simulator/call.ts';
import { engine } from '../../src/simulator/engine-caller.ts';
import { exponential, seededRandom, zipf } from '../../src/simulator/random.ts';
import { simulate, urlOf } from '../../src/simulator/simulation.ts';
import { meanOf, medianOf, percent, type Row } from './row.ts';

const poolOf = (count: number) => Array.from({ length: count }, (_, i) => urlOf(i));
const mostOverMean = (counts: readonly number[]) => Math.max(...counts) / meanOf(counts);

/** Requests on each backend after this many balancers sent one each. */
function young(strategy: StrategyName): number {
  const counts = new Map(poolOf(10).map((url) => [url, 0]));
  for (let i = 0; i < 500; i++) {
    const balancer = new Balancer(poolOf(10), { strategy, env: { random: seededRandom(i, 'young') } });
    const url = balancer.acquire('/')?.backend.url ?? '';
    counts.set(url, (counts.get(url) ?? 0) + 1);
  }
  return mostOverMean([...counts.values()]);
}

/** The share of keys that do not go to their home, if each is seen once and its request ends at once. */
function away(backends: number, keysEach: number): number {
  const bounded = new Balancer(poolOf(backends));
  const unbounded = new Balancer(poolOf(backends), { bounds: { factor: Number.POSITIVE_INFINITY } });
  let moved = 0;
  for (let i = 0; i < backends * keysEach; i++) {
    using lease = bounded.acquire(`/item/${i}`);
    using home = unbounded.acquire(`/item/${i}`);
    if (lease?.backend.id !== home?.backend.id) moved++;
  }
  return moved / (backends * keysEach);
}

/**
 * Mean and 99th percentile of latency if half of the backends work at half speed and ten balancers are
 * independent of each other.
 */
function halfSpeed(): { readonly mean: number; readonly p99: number } {
  const runs = [5, 6, 7, 8].map((seed) =>
    simulate({
      seed,
      servers: Array.from({ length: 10 }, (_, i) => ({ concurrency: 2, speed: i < 5 ? 1 : 0.5 })),
      balancers: 10,
      caller: engine({ balancer: { strategy: 'least-connections' } }),
      rate: (0.7 * 2 * 7.5) / 10,
      untilMs: 30_000,
      measured: [6_000, 30_000],
    }),
  );
  return {
    mean: meanOf(runs.map(({ latencyMs }) => latencyMs.mean)),
    p99: meanOf(runs.map(({ latencyMs }) => latencyMs.p99)),
  };
}

/**
 * The number of rooms that are on more than one backend, and the load, with 4,000 open sockets of 200 rooms,
 * each a request in flight.
 */
function rooms(seed: number, roomOf: (random: () => number, socket: number) => number) {
  const random = seededRandom(seed, 'rooms');
  const balancer = new Balancer(poolOf(4), { strategy: 'ip-hash', seed, env: { random } });
  const places = new Map<number, Set<string>>();
  for (let i = 0; i < 4_000; i++) {
    const room = roomOf(random, i);
    const id = balancer.acquire(`room${room}`)?.backend.id ?? '';
    places.set(room, (places.get(room) ?? new Set()).add(id));
  }
  return {
    split: [...places.values()].filter(({ size }) => size > 1).length,
    ratio: mostOverMean(balancer.backends.map(({ inFlight }) => inFlight)),
  };
}

/**
 * Cache hits of backends with caches for 1,000 of 20,000 keys, which work on 8 requests at once. The first
 * 40 % of the requests fill the caches, and do not count.
 * @param hot - the share of requests for one additional key
 */
function cached(rate: number, hot: number): { readonly hitRatio: number; readonly mean: number } {
  const [warmAt, untilMs] = [48_000 / rate, 120_000 / rate];
  let drawn: (() => number) | undefined;
  const counts: { received: number; hits: number }[] = [];
  const count = ({ servers }: World) => {
    const sum = (of: 'received' | 'hits') => [...servers.values()].reduce((all, one) => all + one[of], 0);
    counts.push({ received: sum('received'), hits: sum('hits') });
  };
  const { latencyMs } = simulate({
    seed: 11,
    servers: Array.from({ length: 10 }, () => ({ concurrency: 8, cache: { size: 1_000, factor: 10 } })),
    caller: engine({ balancer: { bounds: { concurrency: 8 } } }),
    rate,
    untilMs,
    measured: [warmAt, untilMs],
    draw(random) {
      drawn ??= zipf(random, 20_000, 0.9);
      return { key: random() < hot ? '/hot' : `/item/${drawn()}`, sizeMs: exponential(random, 20) };
    },
    events: [warmAt, untilMs].map((atMs) => ({ atMs, happen: count })),
  });
  const [warm, end] = counts as [(typeof counts)[number], (typeof counts)[number]];
  return { hitRatio: (end.hits - warm.hits) / (end.received - warm.received), mean: latencyMs.mean };
}

const KEYLESS = [
  'round-robin',
  'random',
  'least-connections',
  'least-time',
  'least-workload',
  'power-of-two',
  'peak-ewma',
] as const;

export const placementRows: readonly Row[] = [
  {
    name: 'half-speed',
    what: 'least-connections, half of the backends at half speed, 10 balancers: mean / p99 in ms',
    target: 'at most 25 / 118',
    measure() {
      const { mean, p99 } = halfSpeed();
      return { figure: `${mean.toFixed(1)} / ${p99.toFixed(0)}`, met: mean <= 25 && p99 <= 118 };
    },
  },
  {
    name: 'young',
    what: `500 fresh balancers x 1 request over 10, most/mean: ${KEYLESS.join(', ')}`,
    target: 'at most 1.6 each',
    measure() {
      const ratios = KEYLESS.filter((name) => name in strategies).map(young);
      return {
        figure: ratios.map((ratio) => ratio.toFixed(1)).join(', '),
        met: ratios.every((ratio) => ratio <= 1.6),
      };
    },
  },
  {
    name: 'homes',
    what: 'keys away from home, each seen once, n = 1,000 / 3,000 / 10,000 with 100 keys each; with 20',
    target: 'at most 2 %; 7 %',
    measure() {
      const hundred = [away(1_000, 100), away(3_000, 100), away(10_000, 100)];
      const twenty = [away(1_000, 20), away(3_000, 20), away(10_000, 20)];
      return {
        figure: [hundred, twenty].map((shares) => shares.map((one) => percent(one)).join(' / ')).join('; '),
        met: hundred.every((share) => share <= 0.02) && twenty.every((share) => share <= 0.07),
      };
    },
  },
  {
    name: 'rooms',
    what: 'rooms split of 200 with 4,000 sockets, ip-hash over 4, worst of 40 runs each: joining at random / room after room; most/mean',
    target: '0 / 0; at most 1.45',
    measure() {
      const seeds = Array.from({ length: 40 }, (_, i) => i + 1);
      const mixed = seeds.map((seed) => rooms(seed, (random) => Math.floor(random() * 200)));
      const sorted = seeds.map((seed) => rooms(seed, (_, socket) => Math.floor(socket / 20)));
      const most = (runs: typeof mixed) => Math.max(...runs.map(({ split }) => split));
      const ratio = medianOf(mixed.map((run) => run.ratio));
      return {
        figure: `${most(mixed)} / ${most(sorted)}; ${ratio.toFixed(2)}`,
        met: most(mixed) + most(sorted) === 0 && ratio <= 1.45,
      };
    },
  },
  {
    name: 'caches',
    what: 'backends that work on 8 at once: hits and mean where the pool idles; mean with a hot key of 20 %',
    target: '84 %, 4.9 ms; under 8 ms',
    measure() {
      const idle = cached(1.2, 0);
      const hot = cached(7, 0.2);
      return {
        figure: `${percent(idle.hitRatio)}, ${idle.mean.toFixed(2)} ms; ${hot.mean.toFixed(1)} ms`,
        met: idle.hitRatio >= 0.84 && idle.mean <= 4.9 && hot.mean < 8,
      };
    },
  },
];
