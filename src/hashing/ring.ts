// A ring of points, or one segment of it: an immutable table of points and their owners.

import { KEY_SPACE } from './hash.ts';

/** The highest slot that the tables can hold; 65,535 means "none". */
export const MAX_SLOT = 65_534;
/** Factor that packs a point and its owner into one double, which needs 32 + 16 of its 53 bits. */
export const PACK = 65_536;
/** So many values are sorted by insertion, which takes less time than buckets. */
const FEW = 24;
const NO_NAMES: readonly undefined[] = [];

/** How a ring is made. */
export interface RingRules {
  /** Whether the first point comes after the last one; if not, another segment has the next one. */
  readonly wraps: boolean;
  /** A ring that is not used any more, whose memory this one may take. */
  readonly spare?: Ring | undefined;
}

const WHOLE: RingRules = { wraps: true };

/**
 * Points on the key space. A position belongs to the backend of the first point at or after it; after the
 * last point comes the first. It is immutable.
 *
 * A look-up takes one step on average: the top bits of the position select a bucket, and there is about one
 * point in each bucket. The tables take six bytes for each point and four for each bucket.
 */
export class Ring {
  static readonly empty = new Ring(Uint32Array.of(0), Uint16Array.of(0), NO_NAMES, { wraps: false });

  /**
   * Sorted positions. The last one is a sentinel at the end of the key space, with the owner of the first
   * point; or 65,535, if another segment has that.
   */
  readonly #points: Uint32Array;
  readonly #owners: Uint16Array;
  readonly #starts: Uint32Array;
  readonly #shift: number;
  /** Ids by slot. */
  readonly names: readonly (string | undefined)[];

  /** @param points - with room for the sentinel, like `owners`; the ring keeps both */
  private constructor(
    points: Uint32Array,
    owners: Uint16Array,
    names: readonly (string | undefined)[],
    { wraps, spare }: RingRules = WHOLE,
  ) {
    const size = points.length - 1;
    this.names = names;
    this.#points = points;
    this.#points[size] = KEY_SPACE - 1;
    this.#owners = owners;
    this.#owners[size] = wraps ? (owners[0] as number) : MAX_SLOT + 1;
    const bits = Math.max(1, 31 - Math.clz32(size));
    this.#shift = 32 - bits;
    const starts = roomFor(Uint32Array, 2 ** bits + 1, spare === undefined ? undefined : spare.#starts);
    this.#starts = fillStarts(starts, points, this.#shift);
  }

  /**
   * A ring of given points. Of points at the same position the lowest slot comes first. O(points), expected,
   * if they are spread evenly.
   * @param points - unsigned 32-bit integers
   * @param owners - the slots of their backends
   * @param names - ids by slot
   */
  static of(
    points: ArrayLike<number>,
    owners: ArrayLike<number>,
    names: readonly (string | undefined)[],
  ): Ring {
    const all = new Float64Array(points.length);
    for (let i = 0; i < all.length; i++) all[i] = (points[i] as number) * PACK + (owners[i] as number);
    const sorted = sortedByBuckets(all);
    const size = sorted.length;
    return new Ring(
      Uint32Array.from({ length: size + 1 }, (_, i) => Math.floor((sorted[i] ?? 0) / PACK)),
      Uint16Array.from({ length: size + 1 }, (_, i) => (sorted[i] ?? 0) % PACK),
      names,
    );
  }

  /**
   * The same ring, where each position belongs to the nearest point instead of the next one; the one before,
   * if both are as near. O(points).
   */
  nearest(): Ring {
    const { size } = this;
    const points = new Uint32Array(size + 1);
    const owners = new Uint16Array(size + 1);
    // The middle between the last point and the first may lie at the start of the key space.
    const wraps = size > 0 && this.#middleAfter(size - 1) < this.pointAt(size - 1) ? 1 : 0;
    for (let i = 0; i < size; i++) {
      const to = (i + wraps) % size;
      points[to] = this.#middleAfter(i);
      owners[to] = this.slotAt(i);
    }
    return new Ring(points, owners, this.names);
  }

  /** The last position that is at least as near to point number i as to the next one. */
  #middleAfter(i: number): number {
    const point = this.pointAt(i);
    return (point + (((this.pointAt((i + 1) % this.size) - point) >>> 0) >>> 1)) >>> 0;
  }

  /** Number of points. */
  get size(): number {
    return this.#points.length - 1;
  }

  /** Size of the tables in bytes. */
  get byteLength(): number {
    return this.#points.byteLength + this.#owners.byteLength + this.#starts.byteLength;
  }

  /** The slot of the backend that a position belongs to. O(1). The ring must have at least one point. */
  locate(hash: number): number {
    const points = this.#points;
    const position = hash >>> 0;
    let i = this.#starts[hash >>> this.#shift] as number;
    while ((points[i] as number) < position) i++;
    return this.#owners[i] as number;
  }

  /** The number of the first point at or after a position; `size` after the last one. O(1), expected. */
  indexOf(hash: number): number {
    const position = hash >>> 0;
    let i = this.#starts[hash >>> this.#shift] as number;
    while (i < this.size && (this.#points[i] as number) < position) i++;
    return i;
  }

  /** The position of point number i. */
  pointAt(i: number): number {
    return this.#points[i] as number;
  }

  /** The slot of the owner of point number i. */
  slotAt(i: number): number {
    return this.#owners[i] as number;
  }

  /** All arcs of the ring in order, each with its end (exclusive, up to 2^32) and the slot of its owner. */
  *arcs(): Generator<readonly [end: number, slot: number]> {
    for (let i = 0; i < this.size; i++) yield [(this.#points[i] as number) + 1, this.#owners[i] as number];
    yield [KEY_SPACE, this.#owners[this.size] as number];
  }

  /**
   * A new ring: this one without the points of some slots, and with others. O(points).
   * @param gone - 1 for each slot that goes
   * @param added - as {@link inOrder} sorts them
   * @param names - ids by slot, for ties
   */
  merged(
    gone: Uint8Array,
    added: Float64Array,
    names: readonly (string | undefined)[],
    rules: RingRules,
  ): Ring {
    const { size } = this;
    const { spare } = rules;
    const room = size + added.length + 1;
    const points = roomFor(Uint32Array, room, spare === undefined ? undefined : spare.#points);
    const owners = roomFor(Uint16Array, room, spare === undefined ? undefined : spare.#owners);
    const kept = { points: this.#points, owners: this.#owners, size, gone };
    const length = mergeInto(points, owners, kept, added, names);
    return new Ring(points.subarray(0, length + 1), owners.subarray(0, length + 1), NO_NAMES, rules);
  }
}

/** Writes those points of a ring that stay, and added ones, into new tables. @returns how many they are */
function mergeInto(
  points: Uint32Array,
  owners: Uint16Array,
  before: { points: Uint32Array; owners: Uint16Array; size: number; gone: Uint8Array },
  added: Float64Array,
  names: readonly (string | undefined)[],
): number {
  const { points: old, owners: slots, size, gone } = before;
  let length = 0;
  let next = 0;
  let point = pointOf(added, next);
  for (let i = 0; i < size; i++) {
    const slot = slots[i] as number;
    if (gone[slot] === 1) continue;
    const kept = old[i] as number;
    while (point <= kept) {
      const owner = (added[next] as number) - point * PACK;
      if (point === kept && isBefore(names, slot, owner)) break;
      points[length] = point;
      owners[length++] = owner;
      point = pointOf(added, ++next);
    }
    points[length] = kept;
    owners[length++] = slot;
  }
  for (; next < added.length; point = pointOf(added, ++next)) {
    points[length] = point;
    owners[length++] = (added[next] as number) - point * PACK;
  }
  return length;
}

/** The position of packed point number i; after the last one, a position after the key space. */
function pointOf(packed: Float64Array, i: number): number {
  return i < packed.length ? Math.floor((packed[i] as number) / PACK) : KEY_SPACE;
}

/**
 * A table of some length, with old values: in the memory of another table if that is large enough, as fresh
 * memory costs more than what is written to it. Else with room for some more.
 */
function roomFor<T extends Uint16Array | Uint32Array>(
  Table: new (lengthOrBuffer: number | ArrayBufferLike, offset?: number, length?: number) => T,
  length: number,
  spare: T | undefined,
): T {
  const buffer = spare?.buffer;
  const fits = buffer !== undefined && buffer.byteLength >= length * (spare as T).BYTES_PER_ELEMENT;
  return fits ? new Table(buffer, 0, length) : (new Table(length + (length >> 4)).subarray(0, length) as T);
}

/**
 * Fills in the index of the first point in or after each bucket of the key space. The last point is the
 * sentinel. Without a branch that depends on the points, as the processor could not predict it.
 */
function fillStarts(starts: Uint32Array, points: Uint32Array, shift: number): Uint32Array {
  starts.fill(0);
  const size = points.length - 1;
  for (let i = 0; i < size; i++) starts[((points[i] as number) >>> shift) + 1] = i + 1;
  let passed = 0;
  for (let bucket = 1; bucket < starts.length; bucket++)
    starts[bucket] = passed = Math.max(passed, starts[bucket] as number);
  return starts;
}

/**
 * Packed points sorted by position, and by id where that is the same. May sort the array itself.
 * @param names - ids by slot
 */
export function inOrder(all: Float64Array, names: readonly (string | undefined)[]): Float64Array {
  const sorted = sortedByBuckets(all);
  for (let i = 1; i < sorted.length; i++) sinkTie(sorted, i, names);
  return sorted;
}

/**
 * Packed points in order. Points are spread evenly over the key space, so a bucket sort with about one point
 * in each bucket is linear; a comparison sort takes ten times as long for 300,000 points.
 */
function sortedByBuckets(all: Float64Array): Float64Array {
  if (all.length <= FEW) {
    for (let i = 1; i < all.length; i++) sink(all, i);
    return all;
  }
  const bits = Math.max(1, 31 - Math.clz32(all.length));
  const width = PACK * 2 ** (32 - bits);
  const ends = new Uint32Array(2 ** bits + 1);
  for (let i = 0; i < all.length; i++) {
    const next = Math.floor((all[i] as number) / width) + 1;
    ends[next] = (ends[next] as number) + 1;
  }
  for (let b = 1; b < ends.length; b++) ends[b] = (ends[b] as number) + (ends[b - 1] as number);
  const sorted = new Float64Array(all.length);
  for (let i = 0; i < all.length; i++) {
    const value = all[i] as number;
    const bucket = Math.floor(value / width);
    // `ends[bucket]` is the next free place of the bucket; after the loop it is where the bucket ends.
    sorted[ends[bucket] as number] = value;
    ends[bucket] = (ends[bucket] as number) + 1;
  }
  for (let i = 1; i < sorted.length; i++) sink(sorted, i);
  return sorted;
}

/** One step of an insertion sort: moves value number i down to its place among the ones before it. */
function sink(sorted: Float64Array, i: number): void {
  const value = sorted[i] as number;
  let k = i;
  for (; k > 0 && (sorted[k - 1] as number) > value; k--) sorted[k] = sorted[k - 1] as number;
  sorted[k] = value;
}

/** Moves point number i before the points at the same position whose ids are greater. */
function sinkTie(all: Float64Array, i: number, names: readonly (string | undefined)[]): void {
  for (let k = i; k > 0; k--) {
    const here = all[k] as number;
    const left = all[k - 1] as number;
    if (Math.floor(here / PACK) !== Math.floor(left / PACK) || !isBefore(names, here % PACK, left % PACK))
      return;
    all[k] = left;
    all[k - 1] = here;
  }
}

/** Breaks ties by id, not by slot or index in the pool: all processes must agree. */
function isBefore(names: readonly (string | undefined)[], slot: number, other: number): boolean {
  return (names[slot] as string) < (names[other] as string);
}
