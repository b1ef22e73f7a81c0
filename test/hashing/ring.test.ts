import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointsOf } from '../../src/hashing/hash.ts';
import { Ring, type RingMember } from '../../src/hashing/ring.ts';

const member = (id: string, slot: number, points = 160): RingMember => ({ id, slot, points });

/** The slow way: the smallest point at or after the hash, wrapping round; ties by id. */
function naive(members: readonly RingMember[], hash: number): string | undefined {
  const points = members.flatMap(({ id, points: count }) =>
    [...pointsOf(id, count)].map((point) => ({ point, id })),
  );
  points.sort((a, b) => a.point - b.point || (a.id < b.id ? -1 : 1));
  return (points.find(({ point }) => point >= hash >>> 0) ?? points[0])?.id;
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
    const shrunk = Ring.empty.with([], [...members, member('x', 20), member('y', 21)]).with([20, 21], []);
    expect(named(grown)).toEqual(named(atOnce));
    expect(named(shrunk)).toEqual(named(atOnce));
  });

  it('is the same where members leave and join in one step, whichever slot changes hands', () => {
    // With few points, those of some newcomers are past the last point that is kept.
    for (let i = 0; i < 50; i++) {
      const before = ['a', 'b', 'c'].map((name, slot) => member(`${name}${i}`, slot, 5));
      for (const slot of [0, 1, 2]) {
        const newcomer = member(`new${i}`, slot, 5);
        const after = before.map((one) => (one.slot === slot ? newcomer : one));
        const stepped = Ring.empty.with([], before).with([slot], [newcomer]);
        expect(named(stepped)).toEqual(named(Ring.empty.with([], after)));
      }
    }
  });

  it('gives a slot to another backend in one step', () => {
    const ring = Ring.empty.with([], [member('a', 0), member('b', 1)]).with([0], [member('c', 0)]);
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
