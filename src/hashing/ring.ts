// A ring of points, or one segment of it: an immutable table of points and their owners.

import { KEY_SPACE } from './hash.ts';

/** The highest slot that the tables can hold; 65,535 means "none". */
export const MAX_SLOT = 65_534;
/** Factor that packs a point and its owner into one double, which needs 32 + 16 of its 53 bits. */
export const PACK = 65_536;
/** So many values are sorted by insertion, which takes less time than buckets. */
const FEW = 24;
const NO_NAMES: readonly undefined[] = [];
/** Up to this many points are copied one by one, which takes less time than a call. */
const SHORT_RUN = 64;

/**
 * Points on the key space. A position belongs to the backend of the first point at or after it; after the
 * last point comes the first. It is immutable.
 *
 * A look-up takes one step on average: the top bits of the position select a bucket, and there is about one
 * point in each bucket. The tables take six bytes for each point and four for each bucket.
 */
export class Ring {
  static readonly empty = new Ring(Uint32Array.of(0), Uint16Array.of(0), NO_NAMES, false);

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

  /**
   * @param points - with room for the sentinel, like `owners`; the ring keeps both
   * @param wraps - whether the first point comes after the last one
   */
  private constructor(
    points: Uint32Array,
    owners: Uint16Array,
    names: readonly (string | undefined)[],
    wraps = true,
  ) {
    const size = points.length - 1;
    this.names = names;
    this.#points = points;
    this.#points[size] = KEY_SPACE - 1;
    this.#owners = owners;
    this.#owners[size] = wraps ? (owners[0] as number) : MAX_SLOT + 1;
    const bits = Math.max(1, 31 - Math.clz32(size));
    this.#shift = 32 - bits;
    this.#starts = startsOf(points, bits, this.#shift);
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
   * A new ring: this one without the points of some slots, and with others. The rest is copied in blocks.
   * O(points).
   * @param gone - 1 for each slot that goes; empty if none does
   * @param added - as {@link inOrder} sorts them
   * @param names - ids by slot, for ties
   * @param wraps - whether the first point comes after the last one
   */
  merged(
    gone: Uint8Array,
    added: Float64Array,
    names: readonly (string | undefined)[],
    wraps: boolean,
  ): Ring {
    const kept = this.#blocksWithout(gone);
    let size = added.length;
    for (let block = 0; block < kept.length; block += 2)
      size += (kept[block + 1] as number) - (kept[block] as number);
    const points = new Uint32Array(size + 1);
    const owners = new Uint16Array(size + 1);
    let length = 0;
    let next = 0;
    for (let block = 0; block < kept.length; block += 2) {
      let from = kept[block] as number;
      const to = kept[block + 1] as number;
      for (; next < added.length; next++) {
        const point = Math.floor((added[next] as number) / PACK);
        const slot = (added[next] as number) % PACK;
        const end = this.#placeFor(point, slot, from, to, names);
        length = this.#copy(points, owners, length, from, end);
        from = end;
        if (end === to) break;
        points[length] = point;
        owners[length++] = slot;
      }
      length = this.#copy(points, owners, length, from, to);
    }
    for (; next < added.length; next++) {
      points[length] = Math.floor((added[next] as number) / PACK);
      owners[length++] = (added[next] as number) % PACK;
    }
    return new Ring(points, owners, NO_NAMES, wraps);
  }

  /** Runs of points whose owners stay, as pairs of first index and end. */
  #blocksWithout(gone: Uint8Array): number[] {
    const { size } = this;
    if (gone.length === 0) return [0, size];
    const owners = this.#owners;
    const blocks: number[] = [];
    for (let i = 0; i < size; i++) {
      const from = i;
      while (i < size && gone[owners[i] as number] === 0) i++;
      if (i > from) blocks.push(from, i);
    }
    return blocks;
  }

  /** Where a new point belongs among some points; at the same position, ids are in order. Expected O(1). */
  #placeFor(
    point: number,
    slot: number,
    from: number,
    to: number,
    names: readonly (string | undefined)[],
  ): number {
    const points = this.#points;
    let i = Math.max(from, this.#starts[point >>> this.#shift] as number);
    while (i < to && (points[i] as number) < point) i++;
    while (i < to && points[i] === point && isBefore(names, this.#owners[i] as number, slot)) i++;
    return Math.min(i, to);
  }

  /** Copies some points to the end of new tables. @returns the new length */
  #copy(points: Uint32Array, owners: Uint16Array, length: number, from: number, to: number): number {
    if (to - from > SHORT_RUN) {
      points.set(this.#points.subarray(from, to), length);
      owners.set(this.#owners.subarray(from, to), length);
      return length + to - from;
    }
    let end = length;
    for (let i = from; i < to; i++) {
      points[end] = this.#points[i] as number;
      owners[end++] = this.#owners[i] as number;
    }
    return end;
  }
}

/** The index of the first point in or after each bucket of the key space. The last point is the sentinel. */
function startsOf(points: Uint32Array, bits: number, shift: number): Uint32Array {
  const size = points.length - 1;
  const starts = new Uint32Array(2 ** bits + 1);
  let bucket = 0;
  for (let i = 0; i < size; i++) {
    const own = (points[i] as number) >>> shift;
    while (bucket < own) starts[++bucket] = i;
  }
  return starts.fill(size, bucket + 1);
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
