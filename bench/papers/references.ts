// Strategies written from the papers and sources that they are named for, as plainly as they stand there, to
// hold those of the engine against. They know only what their own balancer sent.
import { hashKey } from '../../src/hashing/hash.ts';
import type { Backend, Strategy, StrategyFactory } from '../../src/index.ts';

type Chosen = { readonly backend: Backend; startedAt: number };

/** A strategy over arrays by the place of a backend in the pool. */
interface Plain {
  readonly name: string;
  /** The place of the next backend. @param inFlight - of this balancer at each place */
  choose(inFlight: Int32Array, key: number): number;
  /** Called when a response has come. */
  ended?(place: number, tookMs: number, failed: boolean): void;
  /** Called with the number of backends. */
  resize?(count: number, ids: readonly string[]): void;
}

function plain(make: (env: Parameters<StrategyFactory>[0]) => Plain): StrategyFactory {
  return (env): Strategy => {
    const own = make(env);
    let backends: readonly Backend[] = [];
    let inFlight = new Int32Array(0);
    const placeOf = ({ backend }: Chosen) => backends.indexOf(backend);
    return {
      name: own.name,
      update(next) {
        backends = next;
        inFlight = new Int32Array(next.length);
        own.resize?.(
          next.length,
          next.map(({ id }) => id),
        );
      },
      pick: (key) => backends[own.choose(inFlight, key)],
      started(lease) {
        lease.startedAt = env.clock.now();
        const place = placeOf(lease);
        inFlight[place] = (inFlight[place] as number) + 1;
      },
      finished(lease, outcome) {
        const place = placeOf(lease);
        inFlight[place] = (inFlight[place] as number) - 1;
        own.ended?.(place, env.clock.now() - lease.startedAt, outcome === 'failure');
      },
    };
  };
}

function twoOf(random: () => number, count: number): [number, number] {
  const one = Math.floor(random() * count);
  const other = Math.floor(random() * (count - 1));
  return [one, other >= one ? other + 1 : other];
}

/** The place with the least value; ties at random. */
function leastOf(random: () => number, count: number, value: (place: number) => number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  let ties = 0;
  for (let i = 0; i < count; i++) {
    const own = value(i);
    if (own < least) [best, least, ties] = [i, own, 1];
    else if (own === least && random() * ++ties < 1) best = i;
  }
  return best;
}

export const REFERENCES = {
  random: plain(({ random }) => ({
    name: 'uniform',
    choose: (inFlight) => Math.floor(random() * inFlight.length),
  })),
  'round-robin': plain(({ random }) => {
    let turn = Math.floor(random() * 1_000_000);
    return { name: 'turns', choose: (inFlight) => turn++ % inFlight.length };
  }),
  // Mitzenmacher 2001: two different ones at random, the one with fewer requests.
  'power-of-two': plain(({ random }) => ({
    name: 'two',
    choose(inFlight) {
      const [one, other] = twoOf(random, inFlight.length);
      return (inFlight[other] as number) < (inFlight[one] as number) ? other : one;
    },
  })),
  // nginx, ngx_http_upstream_least_conn_module: the fewest; ties by smooth weighted round robin among them.
  'least-connections': plain(() => {
    let current = new Float64Array(0);
    return {
      name: 'fewest',
      resize(count) {
        current = new Float64Array(count);
      },
      choose(inFlight) {
        const least = inFlight.reduce((a, b) => Math.min(a, b));
        let best = -1;
        let tied = 0;
        for (const [i, own] of inFlight.entries()) {
          if (own !== least) continue;
          tied++;
          current[i] = (current[i] as number) + 1;
          if (best < 0 || (current[i] as number) > (current[best] as number)) best = i;
        }
        current[best] = (current[best] as number) - tied;
        return best;
      },
    };
  }),
  // Twitter Finagle, PeakEwma.scala: the cost is the peak of the latency, which decays, times the requests
  // and one.
  'peak-ewma': plain(({ random, clock }) => {
    const decayMs = 10_000;
    let cost = new Float64Array(0);
    let stamp = new Float64Array(0);
    const observe = (i: number, tookMs: number) => {
      const now = clock.now();
      const weight = Math.exp(-Math.max(0, now - (stamp[i] as number)) / decayMs);
      const before = cost[i] as number;
      stamp[i] = now;
      cost[i] = tookMs > before ? tookMs : before * weight + tookMs * (1 - weight);
    };
    const load = (i: number, inFlight: Int32Array) => {
      observe(i, 0);
      const own = inFlight[i] as number;
      // A backend without history that has requests is left alone.
      return cost[i] === 0 && own > 0 ? 1e12 + own : (cost[i] as number) * (own + 1);
    };
    return {
      name: 'peaks',
      resize(count) {
        cost = new Float64Array(count);
        stamp = new Float64Array(count);
      },
      choose(inFlight) {
        const [one, other] = twoOf(random, inFlight.length);
        return load(other, inFlight) < load(one, inFlight) ? other : one;
      },
      ended: (place, tookMs) => observe(place, tookMs),
    };
  }),
  // A moving average of the latency over a second, times the requests and one, over all.
  'least-time': plain(({ random, clock }) => {
    const decayMs = 1_000;
    let average = new Float64Array(0);
    let stamp = new Float64Array(0);
    return {
      name: 'times',
      resize(count) {
        average = new Float64Array(count);
        stamp = new Float64Array(count);
      },
      choose: (inFlight) =>
        leastOf(random, inFlight.length, (i) => (average[i] || 1) * ((inFlight[i] as number) + 1)),
      ended(place, tookMs) {
        const now = clock.now();
        const weight = Math.exp(-(now - (stamp[place] as number)) / decayMs);
        const before = average[place] as number;
        average[place] = before === 0 ? tookMs : before * weight + tookMs * (1 - weight);
        stamp[place] = now;
      },
    };
  }),
} as const satisfies Record<string, StrategyFactory>;

/** Homes of keys, as the papers have them: which backend owns a hash. */
export const KEYED_REFERENCES = {
  // Thaler and Ravishankar 1998: the highest score of backend and key.
  rendezvous: (ids: readonly string[]) => (key: string) => {
    let best = 0;
    let highest = -1;
    for (const [i, id] of ids.entries()) {
      const score = hashKey(`${id} and ${key}`, 7) >>> 0;
      if (score > highest) [best, highest] = [i, score];
    }
    return best;
  },
  // Karger et al. 1997 with 160 points a backend: the first point at or after the key.
  'consistent-hash': (ids: readonly string[]) => {
    const points = ids
      .flatMap((id, i) =>
        Array.from({ length: 160 }, (_, n) => [hashKey(`${id} number ${n}`, 11) >>> 0, i] as const),
      )
      .sort((a, b) => a[0] - b[0]);
    return (key: string) => {
      const hash = hashKey(key, 13) >>> 0;
      let low = 0;
      let high = points.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((points[middle] as readonly [number, number])[0] < hash) low = middle + 1;
        else high = middle;
      }
      return (points[low % points.length] as readonly [number, number])[1];
    };
  },
  // Eisenbud et al. 2016, 3.4: each backend in turn takes its next free row.
  maglev: (ids: readonly string[]) => {
    const rows = 65_537;
    const table = new Int32Array(rows).fill(-1);
    const offset = ids.map((id) => (hashKey(id, 17) >>> 0) % rows);
    const skip = ids.map((id) => ((hashKey(id, 19) >>> 0) % (rows - 1)) + 1);
    const next = ids.map(() => 0);
    for (let filled = 0; filled < rows; )
      for (let i = 0; i < ids.length && filled < rows; i++) {
        let row: number;
        do {
          row = ((offset[i] as number) + (next[i] as number) * (skip[i] as number)) % rows;
          next[i] = (next[i] as number) + 1;
        } while ((table[row] as number) >= 0);
        table[row] = i;
        filled++;
      }
    return (key: string) => table[(hashKey(key, 13) >>> 0) % rows] as number;
  },
} as const;
