// The ring of the strategy `consistent-hash`: a table of points that is cheap to change, also if it is large.

import { atOnce } from '../steps.ts';
import { KEY_SPACE, pointsOf } from './hash.ts';
import { inOrder, MAX_SLOT, PACK, Ring } from './ring.ts';

/** The fields of a backend that the ring depends on. */
export interface RingMember {
  readonly id: string;
  /** An integer from 0 to 65,534 that identifies the backend in the tables. */
  readonly slot: number;
  /** Number of points on the ring. */
  readonly points: number;
}

/** Up to so many points, some 1,600 backends, are one segment: look-ups in many take longer. */
const ONE_SEGMENT = 2 ** 18;
/** Base 2 logarithm of how many points a segment of a larger ring has, about. */
const SEGMENT_BITS = 10;
/** Between two steps so many points are hashed, or as many of old tables are copied. */
const STEP = 8_192;

/**
 * A consistent-hash ring. A position belongs to the backend of the first point at or after it; after the last
 * point comes the first. A ring is immutable: {@link SegmentedRing.with} returns a new one.
 *
 * A large ring consists of segments of equal width, and a new ring shares with the old one all those that the
 * change does not concern. Within a segment, a look-up takes one step on average. The tables take six bytes
 * for each point and four for each bucket.
 *
 * @see Karger et al., Consistent Hashing and Random Trees, STOC 1997
 */
export class SegmentedRing {
  static readonly empty = new SegmentedRing([Ring.empty], [], 0);

  readonly #segments: readonly Ring[];
  /** Base 2 logarithm of the number of segments. */
  readonly #bits: number;
  /** The shift, after one of 1, that leaves the number of the segment. */
  readonly #shift: number;
  /** Ids by slot. */
  readonly names: readonly (string | undefined)[];
  /** Number of points. */
  readonly size: number;
  /** By number of the segment: one that is not used any more. */
  #spares: (Ring | undefined)[] = [];

  private constructor(segments: readonly Ring[], names: readonly (string | undefined)[], size: number) {
    this.#segments = segments;
    this.#bits = Math.log2(segments.length);
    this.#shift = 31 - this.#bits;
    this.names = names;
    this.size = size;
  }

  /** The slot of the backend that a position belongs to. O(1). The ring must have at least one point. */
  locate(hash: number): number {
    // Two shifts, as one of 32 is none.
    let at = (hash >>> 1) >>> this.#shift;
    let slot = (this.#segments[at] as Ring).locate(hash << this.#bits);
    while (slot > MAX_SLOT) {
      at = (at + 1) & (this.#segments.length - 1);
      slot = (this.#segments[at] as Ring).slotAt(0);
    }
    return slot;
  }

  /** Keeps the memory of a ring that must not be used again, for the next one that is made of this one. */
  recycle(before: SegmentedRing): void {
    if (before.#bits !== this.#bits) return;
    this.#spares = before.#segments.map((segment, at) => {
      if (segment === this.#segments[at]) return before.#spares[at];
      // There is one empty segment for all.
      return segment.size === 0 ? undefined : segment;
    });
  }

  /** Size of the tables in bytes. */
  get byteLength(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.byteLength, 0);
  }

  /** All arcs of the ring in order, each with its end (exclusive, up to 2^32) and the slot of its owner. */
  *arcs(): Generator<readonly [end: number, slot: number]> {
    for (const [at, segment] of this.#segments.entries()) {
      const start = at * 2 ** (32 - this.#bits);
      for (let i = 0; i < segment.size; i++)
        yield [start + (segment.pointAt(i) >>> this.#bits) + 1, segment.slotAt(i)];
    }
    yield [KEY_SPACE, this.locate(-1)];
  }

  /**
   * A new ring: this one without the points of some members, and with those of others. For each of these
   * points, some 1,000 are copied at the most.
   * @param dropped - as they were added
   * @throws Error if the slot of a new member is in use
   */
  with(dropped: readonly RingMember[], added: readonly RingMember[]): SegmentedRing {
    return atOnce(this.withInSteps(dropped, added));
  }

  /** The same, in steps of less than a millisecond. */
  *withInSteps(dropped: readonly RingMember[], added: readonly RingMember[]): Generator<void, SegmentedRing> {
    const names = [...this.names];
    const gone = new Uint8Array(MAX_SLOT + 1);
    let size = this.size;
    for (const { slot, points } of dropped) {
      size -= points;
      gone[slot] = 1;
      names[slot] = undefined;
    }
    for (const { id, slot, points } of added) {
      if (names[slot] !== undefined) throw new Error(`slot ${slot} is in use`);
      size += points;
      names[slot] = id;
    }
    const bits = this.#bitsFor(size);
    if (bits !== this.#bits) {
      const old = yield* this.#members(gone);
      const empty = new SegmentedRing(new Array<Ring>(2 ** bits).fill(Ring.empty), [], 0);
      return yield* empty.withInSteps([], [...old, ...added]);
    }
    const touched = new Uint8Array(this.#segments.length);
    for (const { id, points } of dropped)
      for (const point of pointsOf(id, points)) touched[(point >>> 1) >>> this.#shift] = 1;
    yield;
    const { values, ends } = yield* this.#assigned(added, touched);
    const segments = [...this.#segments];
    const spares = this.#spares;
    this.#spares = [];
    let work = 0;
    for (let at = 0, from = 0; at < segments.length; at++) {
      const to = ends[at] as number;
      if (touched[at] === 1) {
        const before = segments[at] as Ring;
        const sorted = inOrder(values.subarray(from, to), names);
        segments[at] = before.merged(gone, sorted, names, { wraps: bits === 0, spare: spares[at] });
        work += before.size + to - from;
        if (work > STEP) yield;
        if (work > STEP) work = 0;
      }
      from = to;
    }
    return new SegmentedRing(segments, names, size);
  }

  /** Points of new members with their slots, packed, by segments; and where each segment ends. */
  *#assigned(
    added: readonly RingMember[],
    touched: Uint8Array,
  ): Generator<void, { values: Float64Array; ends: Uint32Array }> {
    const all = new Uint32Array(added.reduce((sum, { points }) => sum + points, 0));
    const ends = new Uint32Array(touched.length + 1);
    let length = 0;
    let next = STEP;
    for (const { id, points } of added) {
      for (const point of pointsOf(id, points)) {
        const at = (point >>> 1) >>> this.#shift;
        touched[at] = 1;
        ends[at + 1] = (ends[at + 1] as number) + 1;
        all[length++] = point;
      }
      if (length > next) yield;
      if (length > next) next = length + STEP;
    }
    for (let at = 1; at < ends.length; at++) ends[at] = (ends[at] as number) + (ends[at - 1] as number);
    const values = new Float64Array(length);
    length = 0;
    next = STEP;
    for (const { slot, points } of added) {
      for (const end = length + points; length < end; length++) {
        const point = all[length] as number;
        const at = (point >>> 1) >>> this.#shift;
        // `ends[at]` is the next free place of the segment; after the loop it is where the segment ends.
        values[ends[at] as number] = ((point << this.#bits) >>> 0) * PACK + slot;
        ends[at] = (ends[at] as number) + 1;
      }
      if (length > next) yield;
      if (length > next) next = length + STEP;
    }
    return { values, ends };
  }

  /** The members whose slots are not gone. */
  *#members(gone: Uint8Array): Generator<void, RingMember[]> {
    const counts = new Uint32Array(this.names.length);
    let work = 0;
    for (const segment of this.#segments) {
      for (let i = 0; i < segment.size; i++)
        counts[segment.slotAt(i)] = (counts[segment.slotAt(i)] as number) + 1;
      work += segment.size;
      if (work > STEP) yield;
      if (work > STEP) work = 0;
    }
    return this.names.flatMap((id, slot) =>
      id === undefined || gone[slot] === 1 ? [] : [{ id, slot, points: counts[slot] as number }],
    );
  }

  /** How many segments a ring of some size has, as a base 2 logarithm. */
  #bitsFor(size: number): number {
    const wanted = Math.max(0, Math.round(Math.log2(size)) - SEGMENT_BITS);
    if (size <= ONE_SEGMENT) return this.#bits > 0 && size > ONE_SEGMENT / 2 ? this.#bits : 0;
    return this.#bits > 0 && Math.abs(wanted - this.#bits) < 2 ? this.#bits : wanted;
  }
}
