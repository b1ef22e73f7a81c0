// Figures of papers, and what the engine and its strategies give. Figures of papers were read there, or
// follow from a formula that stands there.
import {
  Balancer,
  type BalancerOptions,
  consistentHash,
  maglev,
  type StrategyName,
} from '../../src/index.ts';
import { simulate } from '../../src/simulator/index.ts';
import { seededStream } from '../../src/simulator/random.ts';

/** A figure of a paper, and ours. */
export interface PaperRow {
  readonly paper: string;
  readonly what: string;
  readonly theirs: string;
  readonly ours: string;
  /** Whether ours is as near as it must be. */
  readonly met: boolean;
}

/** A group of rows that are measured together. */
export interface PaperGroup {
  readonly name: string;
  readonly measure: () => Promise<readonly PaperRow[]>;
}

const QUIET = {
  bounds: { factor: Number.POSITIVE_INFINITY, rememberedKeys: 0 },
} satisfies BalancerOptions<string>;
const urls = (count: number, salt = '') => Array.from({ length: count }, (_, i) => `http://${salt}n${i}`);
const isNear = (ours: number, theirs: number, ratio: number) => Math.abs(ours / theirs - 1) <= ratio;
const percent = (share: number) => `${(share * 100).toFixed(2)} %`;

/** The shares of the key space, each over the mean. */
function sharesOf(balancer: Balancer): number[] {
  const { backends } = balancer.stats();
  return backends.map(({ share = 0 }) => share * backends.length);
}

const LAMPING = 'Lamping, Veach, arXiv:1406.2294, table of the ring of Karger et al.';

/** Standard error of the sizes of buckets, by points on the ring. */
const ringErrors: PaperGroup = {
  name: 'ring',
  async measure() {
    const published = [
      [1, 0.997906],
      [10, 0.315181],
      [100, 0.0996996],
      [1_000, 0.0315723],
    ] as const;
    return published.map(([points, theirs]) => {
      const count = points === 1_000 ? 300 : 1_000;
      const errors = [1, 2, 3, 4].map((salt) => {
        const strategy = consistentHash({ pointsPerWeight: points });
        const shares = sharesOf(new Balancer(urls(count, `s${salt}-`), { strategy, ...QUIET }));
        return Math.sqrt(shares.reduce((sum, share) => sum + (share - 1) ** 2, 0) / count);
      });
      const ours = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      return {
        paper: LAMPING,
        what: `standard error of the shares, ${points} points a backend`,
        theirs: theirs.toFixed(4),
        ours: ours.toFixed(4),
        met: isNear(ours, theirs, 0.06),
      };
    });
  },
};

const KARGER = 'Karger et al., STOC 1997';

/** How many keys move when one of n backends goes. */
const moves: PaperGroup = {
  name: 'moves',
  async measure() {
    return [10, 100].map((count) => {
      const before = new Balancer(urls(count), QUIET);
      const { moved, moves: all } = before.plan({ remove: ['http://n3'] });
      const share = sharesOf(before)[3] as number;
      const others = all.filter(({ from }) => from !== 'http://n3').length;
      return {
        paper: KARGER,
        what: `keys that move when one of ${count} backends goes; of those, between others`,
        theirs: `its own share, ${percent(share / count)}; 0`,
        ours: `${percent(moved)}; ${others}`,
        met: isNear(moved, share / count, 1e-9) && others === 0,
      };
    });
  },
};

const MITZENMACHER = 'Mitzenmacher, The power of two choices, IEEE TPDS 12(10), 2001';

/** Mean time in the system of the supermarket model with two choices, in service times. */
function meanTime(load: number): number {
  let sum = 0;
  for (let i = 1; i < 40; i++) sum += load ** (2 ** i - 2);
  return sum;
}

const queues: PaperGroup = {
  name: 'queues',
  async measure() {
    const rows: PaperRow[] = [];
    for (const load of [0.5, 0.7, 0.9, 0.95]) {
      const { contenders } = await simulate({
        seed: 9,
        requests: 150_000,
        backends: [{ count: 100, concurrency: 1 }],
        arrivals: { load },
        keys: { distribution: 'once' },
        service: { meanMs: 1 },
        measure: { placements: 1, warmUp: 0.4, points: 1 },
        contenders: ['power-of-two'],
      });
      const ours = contenders[0]?.figures.meanMs.mean as number;
      rows.push({
        paper: MITZENMACHER,
        what: `mean time at a load of ${load}, two choices, in service times`,
        theirs: meanTime(load).toFixed(3),
        ours: ours.toFixed(3),
        met: isNear(ours, meanTime(load), 0.03),
      });
    }
    return rows;
  },
};

/** The most loaded of n bins with n balls. */
function mostLoaded(count: number, strategy: StrategyName): number {
  const runs = [1, 2, 3, 4, 5].map((seed) => {
    const env = { random: seededStream(seed, 'balls') };
    const balancer = new Balancer(urls(count), { strategy, env });
    for (let i = 0; i < count; i++) balancer.acquire('x');
    return Math.max(...balancer.backends.map(({ inFlight }) => inFlight));
  });
  return runs.reduce((sum, most) => sum + most, 0) / runs.length;
}

const balls: PaperGroup = {
  name: 'balls',
  async measure() {
    return [100, 1_000, 10_000].map((count) => {
      const theirs = Math.log(Math.log(count)) / Math.LN2;
      const [two, one] = [mostLoaded(count, 'power-of-two'), mostLoaded(count, 'random')];
      return {
        paper: MITZENMACHER,
        what: `${count} balls into ${count} bins, the fullest, two choices (one choice in brackets)`,
        theirs: `${theirs.toFixed(1)} + O(1)`,
        ours: `${two.toFixed(1)} (${one.toFixed(1)})`,
        met: Math.abs(two - theirs) <= 1 && one > two + 0.8,
      };
    });
  },
};

const MIRROKNI = 'Mirrokni, Thorup, Zadimoghaddam, arXiv:1608.01350';

const bounded: PaperGroup = {
  name: 'bounds',
  async measure() {
    return [1.05, 1.25, 2].map((factor) => {
      const [count, perBackend] = [20, 50];
      const keys = count * perBackend;
      const balancer = new Balancer(urls(count), { bounds: { factor, rememberedKeys: 2 ** 15 } });
      const places = new Map<string, string>();
      for (let i = 0; i < keys; i++) {
        const lease = balancer.acquire(`k${i}`);
        places.set(`k${i}`, lease?.backend.id ?? '');
        lease?.release();
      }
      const most = Math.max(...balancer.backends.map((backend) => backend.keys));
      const limit = Math.ceil((factor * keys) / count);
      const own = balancer.backends[7]?.keys as number;
      balancer.remove('http://n7');
      let moved = 0;
      for (const [key, id] of places) {
        const lease = balancer.acquire(key);
        if (lease?.backend.id !== id) moved++;
        lease?.release();
      }
      return {
        paper: MIRROKNI,
        what: `the most keys of ${keys} on one of ${count} backends, c = ${factor}; moves when one goes / its own`,
        theirs: `at most ${limit}; O(1)`,
        ours: `${most}; ${(moved / own).toFixed(2)}`,
        met: most <= limit && moved / own < 1.5,
      };
    });
  },
};

const MAGLEV = 'Eisenbud et al., Maglev, NSDI 2016';

const tables: PaperGroup = {
  name: 'maglev',
  async measure() {
    const rows = 65_537;
    const even = new Balancer(urls(650), { strategy: maglev({ rows }), ...QUIET });
    const shares = sharesOf(even);
    const difference = Math.max(...shares) - Math.min(...shares);
    const many = urls(1_000);
    const before = new Balancer(many, { strategy: maglev({ rows }), ...QUIET });
    const gone = many.filter((_, i) => i % 200 === 99);
    const plan = before.plan({ remove: gone });
    const own = plan.moves
      .filter(({ from }) => from !== undefined && gone.includes(from))
      .reduce((sum, { share }) => sum + share, 0);
    return [
      {
        paper: MAGLEV,
        what: 'largest less smallest share, over the mean, 650 backends, 65,537 rows: above 100 for each',
        theirs: 'at most 1 %',
        ours: percent(difference),
        met: difference <= 0.0101,
      },
      {
        paper: MAGLEV,
        what: '5 of 1,000 backends fail: keys that move, of those not their own',
        theirs: 'a few beside their own',
        ours: `${percent(plan.moved)}; ${percent(plan.moved - own)}`,
        met: plan.moved < 0.03 && own < 0.006,
      },
    ];
  },
};

const SMOOTH = 'nginx, smooth weighted round robin, commit 52327e0';

/** The sequence as its commit message describes it. */
function smoothTurns(weights: readonly number[], picks: number): string {
  const current = weights.map(() => 0);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let turns = '';
  for (let i = 0; i < picks; i++) {
    let best = 0;
    for (const [j, weight] of weights.entries()) {
      current[j] = (current[j] as number) + weight;
      if ((current[j] as number) > (current[best] as number)) best = j;
    }
    current[best] = (current[best] as number) - sum;
    turns += 'abcdefghij'[best];
  }
  return turns;
}

function ownTurns(weights: readonly number[], picks: number): string {
  const pool = weights.map((weight, i) => ({ url: `http://${'abcdefghij'[i]}`, weight }));
  const balancer = new Balancer(pool, { strategy: 'round-robin' });
  let turns = '';
  for (let i = 0; i < picks; i++) {
    const lease = balancer.acquire('x');
    turns += lease?.backend.id.slice(-1);
    lease?.release();
  }
  return turns;
}

/** Whether one sequence is another one that begins elsewhere: ours begins at a random place. */
function isRotation(turns: string, other: string, period: number): boolean {
  return (other.slice(0, period) + other.slice(0, period)).includes(turns.slice(0, period));
}

const turns: PaperGroup = {
  name: 'turns',
  async measure() {
    const random = seededStream(1, 'weights');
    let equal = 0;
    for (let i = 0; i < 300; i++) {
      const weights = Array.from(
        { length: 2 + Math.floor(random() * 8) },
        () => 1 + Math.floor(random() * 20),
      );
      const period = weights.reduce((sum, weight) => sum + weight, 0);
      if (isRotation(ownTurns(weights, period), smoothTurns(weights, period), period)) equal++;
    }
    const three = ownTurns([5, 1, 1], 7);
    return [
      {
        paper: SMOOTH,
        what: 'weights 5, 1, 1, from a random place',
        theirs: 'aabacaa',
        ours: three,
        met: isRotation(three, 'aabacaa', 7),
      },
      {
        paper: SMOOTH,
        what: 'random weights of which a whole round is the same, from a random place',
        theirs: '300 of 300',
        ours: `${equal} of 300`,
        met: equal === 300,
      },
    ];
  },
};

export const PUBLISHED: readonly PaperGroup[] = [ringErrors, moves, queues, balls, bounded, tables, turns];
