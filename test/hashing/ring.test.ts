import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointsOf } from '../../src/hashing/hash.ts';
import { SegmentedRing as Ring, type RingMember } from '../../src/hashing/segmented-ring.ts';

const member = (id: string, slot: number, points = 160): RingMember => ({ id, slot, points });

/** The slow way: the smallest point at or after the hash, wrapping round; ties by id. */
function naive(members: readonly RingMember[], hash: number): string | undefined {
  const points = members.flatMap(({ id, points: count }) =>
    [...pointsOf(id, count)].map((point) => ({ point, id })),
  );
  points.sort((a, b) => a.point - b.point || (a.id < b.id ? -1 : 1));
  return (points.find(({ point }) => point >= hash >>> 0) ?? points[0])?.id;
}

interface Point {
  readonly point: number;
  readonly id: string;
}

/** Sorts numbers, as objects take long. */
function pointsInOrder(members: readonly RingMember[]): Point[] {
  const byId = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const packed = byId.flatMap(({ id, points }, rank) =>
    Array.from(pointsOf(id, points), (point) => point * 2 ** 12 + rank),
  );
  return Array.from(Float64Array.from(packed).sort(), (value) => ({
    point: Math.floor(value / 2 ** 12),
    id: (byId[value % 2 ** 12] as RingMember).id,
  }));
}

/** Every arc of a ring, with the id of its owner in place of the slot. */
const named = (ring: Ring) => [...ring.arcs()].map(([end, slot]) => [end, ring.names[slot]]);

/** The first pairs among the ids `b0`, `b1`, ... that have a point in common. */
function sharedPoints(count: number): { ids: [string, string]; point: number }[] {
  const owners = new Map<number, string>();
  const shared: { ids: [string, string]; point: number }[] = [];
  for (let i = 0; shared.length < count && i < 5_000; i++) {
    for (const point of pointsOf(`b${i}`, 160)) {
      const other = owners.get(point);
      if (other !== undefined && other !== `b${i}`) shared.push({ ids: [other, `b${i}`], point });
      owners.set(point, `b${i}`);
    }
  }
  return shared.slice(0, count);
}

describe('Ring', () => {
  it('finds the point at or after a hash, as the slow way does', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer(), { maxLength: 40 }),
        (ids, hashes) => {
          const members = ids.map((id, slot) => member(id, slot, 1 + (slot % 5)));
          const ring = Ring.empty.with([], members);
          const edges = members.flatMap(({ id, points }) =>
            [...pointsOf(id, points)].flatMap((p) => [p - 1, p, p + 1]),
          );
          for (const hash of [0, -1, 2 ** 31 - 1, -(2 ** 31), ...edges, ...hashes]) {
            expect(ring.names[ring.locate(hash | 0)]).toBe(naive(members, hash | 0));
          }
        },
      ),
      { numRuns: 100, verbose: 1 },
    );
  });

  it('is the same however it came about', () => {
    const members = Array.from({ length: 20 }, (_, i) => member(`b${i}`, i));
    const atOnce = Ring.empty.with([], members);
    let grown = Ring.empty;
    for (const one of [...members].reverse()) grown = grown.with([], [one]);
    const more = [member('x', 20), member('y', 21)];
    const shrunk = Ring.empty.with([], [...members, ...more]).with(more, []);
    expect(named(grown)).toEqual(named(atOnce));
    expect(named(shrunk)).toEqual(named(atOnce));
  });

  it('is the same in segments, whichever way it grew, shrank and changed hands', () => {
    const members = Array.from({ length: 1_250 }, (_, i) => member(`b${i}`, i, 800));
    let ring = Ring.empty.with([], members.slice(0, 200));
    const steps: [RingMember[], RingMember[]][] = [
      [[], members.slice(200, 350)],
      [[], members.slice(350, 1_200)],
      [members.slice(7, 9), [member('new', 7), ...members.slice(1_200)]],
      [[member('new', 7)], [member('newer', 8, 500)]],
      [members.slice(200, 1_250), []],
      [members.slice(9, 150), []],
    ];
    const present = new Map(members.slice(0, 200).map((one) => [one.slot, one]));
    for (const [dropped, added] of steps) {
      ring = ring.with(dropped, added);
      for (const { slot } of dropped) present.delete(slot);
      for (const one of added) present.set(one.slot, one);
      const slow = pointsInOrder([...present.values()]);
      const [first] = slow as [Point];
      const last = { point: 2 ** 32 - 1, id: first.id };
      let i = 0;
      let wrong = 0;
      for (const [end, slot] of ring.arcs()) {
        const { point, id } = slow[i] ?? last;
        if (end !== point + 1 || ring.names[slot] !== id) wrong++;
        // A point has its owner, and what lies behind it that of the next point.
        const next = slow[i + 1] ?? last;
        if (slow[i - 1]?.point !== point && ring.names[ring.locate(point | 0)] !== id) wrong++;
        if (next.point > point && ring.names[ring.locate((point + 1) | 0)] !== next.id) wrong++;
        i++;
      }
      expect([wrong, i, ring.size]).toEqual([0, slow.length + 1, slow.length]);
    }
  });

  it('is the same where members leave and join in one step, whichever slot changes hands', () => {
    // With few points, those of some newcomers are past the last point that is kept.
    for (let i = 0; i < 50; i++) {
      const before = ['a', 'b', 'c'].map((name, slot) => member(`${name}${i}`, slot, 5));
      for (const slot of [0, 1, 2]) {
        const newcomer = member(`new${i}`, slot, 5);
        const after = before.map((one) => (one.slot === slot ? newcomer : one));
        const stepped = Ring.empty.with([], before).with([before[slot] as RingMember], [newcomer]);
        expect(named(stepped)).toEqual(named(Ring.empty.with([], after)));
      }
    }
  });

  it('gives a slot to another backend in one step', () => {
    const ring = Ring.empty
      .with([], [member('a', 0), member('b', 1)])
      .with([member('a', 0)], [member('c', 0)]);
    expect([...new Set([...ring.arcs()].map(([, slot]) => ring.names[slot]))].sort()).toEqual(['b', 'c']);
    expect(() => ring.with([], [member('d', 0)])).toThrow('slot 0 is in use');
  });

  it('gives a point that two ids share to the lower id, whichever came first', () => {
    const ties = sharedPoints(3);
    expect(ties).toHaveLength(3);
    for (const { ids, point } of ties) {
      const lower = [...ids].sort()[0];
      for (const [first, second] of [ids, [...ids].reverse()] as [string, string][]) {
        const members = [member(first, 0), member(second, 1)];
        const atOnce = Ring.empty.with([], members);
        const grown = Ring.empty.with([], [member(first, 0)]).with([], [member(second, 1)]);
        expect(named(grown)).toEqual(named(atOnce));
        expect([atOnce.size, atOnce.names[atOnce.locate(point | 0)]]).toEqual([320, lower]);
      }
    }
  });

  it('keeps an id and the number of a point apart', () => {
    const one = new Set(pointsOf('node1', 100));
    const two = [...pointsOf('node', 200)];
    expect(two.filter((point) => one.has(point))).toEqual([]);
  });

  it('spreads points evenly enough: 10 backends of 160 points stay within 1.3 times their share', () => {
    for (let salt = 0; salt < 20; salt++) {
      const ring = Ring.empty.with(
        [],
        Array.from({ length: 10 }, (_, i) => member(`salt${salt}-${i}`, i)),
      );
      const lengths = new Array<number>(10).fill(0);
      let start = 0;
      for (const [end, slot] of ring.arcs()) {
        lengths[slot] = (lengths[slot] as number) + end - start;
        start = end;
      }
      expect(Math.max(...lengths) / (2 ** 32 / 10)).toBeLessThan(1.35);
    }
  });
});
