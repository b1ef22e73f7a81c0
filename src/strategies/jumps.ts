// The search that keyed and random strategies use when the first choice is not eligible.

import { jump } from '../hashing/hash.ts';
import { atOnce, type Steps } from '../steps.ts';
import { leastLoaded } from './least-loaded.ts';
import type { Backend, Eligible } from './strategy.ts';

/** How many jumps are tried one after the other. */
const JUMPS = 8;
/** Up to this many backends, the least loaded one is found by a look at all of them. */
const SMALL_POOL = 64;
/** Between two steps so many backends are sorted. */
const STEP = 512;
/** Each step of the gallop goes this much further. */
const STRIDE = 1.5;
/** How many steps the gallop takes. With the jumps, about 45 backends are tried. */
const STEPS = 36;

type Locate = (hash: number) => Backend | undefined;

/**
 * The first eligible backend at a hash or at up to eight pseudo-random jumps from it. Equal keys have equal
 * jumps, and jumps hit backends in proportion to their weights. They spread the keys of a full backend over
 * all others; walking on along the ring would give most of them to one neighbour.
 *
 * If all of these are not eligible, the least loaded backend is taken in pools of up to 64. In larger pools
 * the search gallops along the same sequence of jumps: numbers 12, 18, 27 and so on until one is eligible,
 * then back by halving between that one and the last one that was not. So a hot key with many requests in
 * flight finds its next backend in O(log n), and the same one in every process. If some 45 backends are not
 * eligible, few are, and the search walks through all of them from a hashed place.
 *
 * Expected O(1) while a fair part of the pool is eligible; O(n) only if nearly no backend is.
 *
 * @param candidates - all backends, as {@link inWalkingOrder} orders them
 * @see Chen, Coleman and Shrivastava, Revisiting Consistent Hashing with Bounded Loads, arXiv:1908.08762
 */
export function firstEligible(
  hash: number,
  locate: Locate,
  candidates: readonly Backend[],
  eligible: Eligible,
): Backend | undefined {
  for (let count = 0; count <= JUMPS; count++) {
    const backend = locate(jump(hash, count));
    if (backend !== undefined && eligible(backend)) return backend;
  }
  if (candidates.length <= SMALL_POOL) return leastLoaded(candidates, eligible);
  return galloped(hash, locate, eligible) ?? walked(hash, candidates, eligible);
}

/**
 * Backends in the order in which {@link firstEligible} walks through a large pool: by id, so that every
 * process walks alike, whatever the order of its pool. O(n), and the sorting of those that `known`, the order
 * so far, does not have.
 */
export function inWalkingOrder(next: readonly Backend[], known: readonly Backend[]): readonly Backend[] {
  return atOnce(walkingOrder(next, known));
}

/** The same in steps. */
export function* walkingOrder(
  next: readonly Backend[],
  known: readonly Backend[],
): Steps<readonly Backend[]> {
  if (next.length <= SMALL_POOL) return next;
  // A small pool is in its own order.
  const sorted = known.length <= SMALL_POOL ? [] : known;
  const before = bySlot(sorted);
  const added = next.filter((one) => before[one.slot] !== one);
  if (added.length === 0 && next.length === known.length) return known;
  const members = bySlot(next);
  let order = sorted.filter((one) => members[one.slot] === one);
  for (let from = 0; from < added.length; from += STEP) {
    yield;
    order = merged(
      order,
      added.slice(from, from + STEP).sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  }
  return order;
}

/** Takes a fifth of the time of a set. */
function bySlot(backends: readonly Backend[]): (Backend | undefined)[] {
  const table: (Backend | undefined)[] = [];
  for (const backend of backends) table[backend.slot] = backend;
  return table;
}

/** Two lists in the order of ids as one. A copy, and O(log n) comparisons for each of the others. */
function merged(some: readonly Backend[], others: readonly Backend[]): Backend[] {
  const all: Backend[] = [];
  let from = 0;
  for (const backend of others) {
    let to = some.length;
    for (let low = from; low < to; ) {
      const middle = (low + to) >>> 1;
      if ((some[middle] as Backend).id < backend.id) low = middle + 1;
      else to = middle;
    }
    for (; from < to; from++) all.push(some[from] as Backend);
    all.push(backend);
  }
  for (; from < some.length; from++) all.push(some[from] as Backend);
  return all;
}

function galloped(hash: number, locate: Locate, eligible: Eligible): Backend | undefined {
  let last = JUMPS;
  for (let step = 0, next = JUMPS * STRIDE; step < STEPS; step++, next = Math.floor(next * STRIDE)) {
    const backend = locate(jump(hash, next));
    if (backend !== undefined && eligible(backend))
      return halved(hash, last, next, backend, locate, eligible);
    last = next;
  }
  return undefined;
}

/** The end of a binary search between jump `low`, which is not eligible, and jump `high`, which is. */
function halved(
  hash: number,
  low: number,
  high: number,
  found: Backend,
  locate: Locate,
  eligible: Eligible,
): Backend {
  let best = found;
  for (let from = low, to = high; to - from > 1; ) {
    const middle = (from + to) >>> 1;
    const backend = locate(jump(hash, middle));
    if (backend !== undefined && eligible(backend)) {
      best = backend;
      to = middle;
    } else {
      from = middle;
    }
  }
  return best;
}

function walked(hash: number, candidates: readonly Backend[], eligible: Eligible): Backend | undefined {
  const start = (jump(hash, JUMPS + 1) >>> 0) % candidates.length;
  for (let i = 0; i < candidates.length; i++) {
    const backend = candidates[(start + i) % candidates.length] as Backend;
    if (eligible(backend)) return backend;
  }
  return undefined;
}
