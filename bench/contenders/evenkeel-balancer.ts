// evenkeel's `Balancer` as a contender: the costs of a lease.

import {
  Balancer,
  circuitBreaker,
  type Lease,
  maxInFlight,
  outlierEjection,
  slowStart,
} from '../../src/index.ts';
import { collectGarbage } from '../heap.ts';
import { makeKeys, makePool } from '../inputs.ts';
import type { Job, Sample } from '../job.ts';
import { median } from '../results.ts';
import { medianNsPerKey } from '../stopwatch.ts';
import { pickAll, ringOf } from './evenkeel-ring.ts';

/** Requests in flight on each backend: so many that the bound matters and some requests spill. */
const IN_FLIGHT = 10;
/** The keys of these requests: not the first ones in sequence. */
const STRIDE = 7;
const LAST = 8;
/** Room for every key of the run, though a few sets of the table overflow. */
const ALL_REMEMBERED = 131_072;
/** For counting bytes: passes over the keys in one measurement, and the number of measurements. */
const PASSES = 5;
const REPEATS = 3;
/** Bytes of a pointer in V8 as Node builds it. */
const WORD = 8;

/**
 * Nanoseconds for a lease with the default settings: more keys than are remembered, so that each key is new
 * and overwrites another.
 */
export function newKeys({ n, timeMs }: Job): Sample {
  const pool = makePool(n);
  return leases(new Balancer(pool), timeMs);
}

/** Nanoseconds for a lease if all keys are remembered from before. */
export function knownKeys({ n, timeMs }: Job): Sample {
  const pool = makePool(n);
  return leases(new Balancer(pool, { bounds: { rememberedKeys: ALL_REMEMBERED } }), timeMs);
}

/** Nanoseconds for a lease without guards, and with all four of them. */
export function guarded({ n, timeMs }: Job): Sample {
  const keys = makeKeys();
  const guards = [outlierEjection(), circuitBreaker(), slowStart(), maxInFlight(1_000)];
  const plain = new Traffic(new Balancer(makePool(n)), keys);
  const watched = new Traffic(new Balancer(makePool(n), { guards }), keys);
  const tasks = { plain: () => plain.pass(), guarded: () => watched.pass() };
  const sample = medianNsPerKey(tasks, keys.length, timeMs);
  plain.end();
  watched.end();
  return sample;
}

/** Nanoseconds for a lease in a pool whose array is followed, and in one that has none. */
export function followed({ n, timeMs }: Job): Sample {
  const keys = makeKeys();
  const entries = makePool(n).map(({ host, port }) => ({ IPAddr: host, Port: port }));
  const fixed = new Balancer([]);
  fixed.replace(entries);
  const [following, resting] = [new Traffic(new Balancer(entries), keys), new Traffic(fixed, keys)];
  const tasks = { fixed: () => resting.pass(), followed: () => following.pass() };
  const sample = medianNsPerKey(tasks, keys.length, timeMs);
  following.end();
  resting.end();
  return sample;
}

function leases(balancer: Balancer, timeMs: number): Sample {
  const keys = makeKeys();
  const ring = ringOf(balancer.backends);
  const traffic = new Traffic(balancer, keys);
  const tasks = {
    // First, while this process has run only one predicate: a second one would slow the plain pick down.
    pick: () => pickAll(ring, keys),
    lease: () => traffic.pass(),
  };
  const sample = medianNsPerKey(tasks, keys.length, timeMs);
  traffic.end();
  return sample;
}

/** Leases one after the other, while other requests are in flight on every backend. */
class Traffic {
  readonly #balancer: Balancer;
  readonly #keys: readonly string[];
  readonly #inFlight: Lease[] = [];

  constructor(balancer: Balancer, keys: readonly string[]) {
    this.#balancer = balancer;
    this.#keys = keys;
    for (let i = 0; i < IN_FLIGHT * balancer.backends.length; i++) {
      this.#inFlight.push(balancer.acquire(keys[(i * STRIDE) % keys.length] as string) as Lease);
    }
  }

  /** Takes one lease for each key. @returns the last few leases */
  pass(): (Lease | undefined)[] {
    const balancer = this.#balancer;
    const keys = this.#keys;
    // Held for a moment, like a request does, so that the compiler cannot eliminate the object.
    const last: (Lease | undefined)[] = new Array(LAST).fill(undefined);
    for (let i = 0; i < keys.length; i++) {
      const lease = balancer.acquire(keys[i] as string);
      last[i % LAST] = lease;
      lease?.release();
    }
    return last;
  }

  end(): void {
    for (const lease of this.#inFlight) lease.release();
    this.#inFlight.length = 0;
  }
}

/**
 * Bytes allocated for an `acquire` and its `release`, and bytes of the lease itself.
 * Needs a young generation so large that nothing is collected within a {@link medianGrowth}.
 */
export function garbage({ n }: Job): Sample {
  const keys = makeKeys();
  const balancer = new Balancer(makePool(n));
  const traffic = new Traffic(balancer, keys);
  const passes = (): undefined => {
    for (let pass = 0; pass < PASSES; pass++) traffic.pass();
  };
  passes();
  const allocated = medianGrowth(passes);
  traffic.end();

  const held: (Lease | undefined)[] = new Array(keys.length).fill(undefined);
  const retained = medianGrowth(() => {
    for (let i = 0; i < keys.length; i++) held[i] = balancer.acquire(keys[i] as string);
    collectGarbage();
    return () => {
      for (const lease of held) lease?.release();
      held.fill(undefined);
    };
  });
  return {
    allocated: allocated / keys.length / PASSES,
    // Rounded to words, as an object has a whole number of them and the heap size is known only to a page of
    // 256 KB.
    lease: Math.round(retained / keys.length / WORD) * WORD,
  };
}

/** The bytes by which some work makes the heap grow. @param work - may return a function that undoes it */
function medianGrowth(work: () => (() => void) | undefined): number {
  return median(
    Array.from({ length: REPEATS }, () => {
      collectGarbage();
      const before = process.memoryUsage().heapUsed;
      const undo = work();
      const growth = process.memoryUsage().heapUsed - before;
      undo?.();
      return growth;
    }),
  );
}
