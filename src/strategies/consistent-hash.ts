// The strategy `consistent-hash`.

import { Ring } from '../hashing/ring.ts';
import { firstEligible } from './jumps.ts';
import type { Backend, KeyedStrategy, StrategyFactory, Weighted } from './strategy.ts';

/** Settings of {@link consistentHash}. */
export interface ConsistentHashOptions {
  /**
   * Points on the ring for a backend of weight 1, from 1 to 10,000. More points make the shares more even and
   * the ring larger.
   * @defaultValue 160
   */
  readonly pointsPerWeight?: number;
}

/**
 * Consistent hashing: each backend has points on a ring, in proportion to its weight, and each key belongs to
 * the backend of the next point. When a backend is added or removed, only its own share of the keys moves. A
 * pick is O(1); a change of the pool costs one pass over the points.
 *
 * @throws RangeError if `pointsPerWeight` is not an integer from 1 to 10,000
 * @see Karger et al., STOC 1997
 */
export function consistentHash({ pointsPerWeight = 160 }: ConsistentHashOptions = {}): StrategyFactory {
  if (!Number.isInteger(pointsPerWeight) || pointsPerWeight < 1 || pointsPerWeight > 10_000) {
    throw new RangeError(`pointsPerWeight must be an integer from 1 to 10000, got ${pointsPerWeight}`);
  }
  const pointsFor = ({ weight }: Weighted) => Math.max(1, Math.round(pointsPerWeight * weight));
  return () => ringStrategy(pointsPerWeight, pointsFor);
}

function ringStrategy(pointsPerWeight: number, pointsFor: (backend: Weighted) => number): KeyedStrategy {
  let backends: readonly Backend[] = [];
  let bySlot: (Backend | undefined)[] = [];
  /** Number of points on the ring, by slot. */
  let points: number[] = [];
  let ring = Ring.empty;

  const ringOf = (of: readonly Weighted[]): Ring =>
    Ring.empty.with(
      [],
      of.map((b, slot) => ({ id: b.id, slot, points: pointsFor(b) })),
    );
  const home = (key: number): Backend | undefined => (ring.size === 0 ? undefined : bySlot[ring.locate(key)]);

  return {
    name: `consistent-hash/${pointsPerWeight}`,
    home,
    update(next) {
      const changed = next.filter((b) => bySlot[b.slot]?.id !== b.id || points[b.slot] !== pointsFor(b));
      const staying = new Set(next.map((b) => b.slot));
      for (const b of changed) staying.delete(b.slot);
      const dropped = backends.map((b) => b.slot).filter((slot) => !staying.has(slot));
      ring = ring.with(
        dropped,
        changed.map((b) => ({ id: b.id, slot: b.slot, points: pointsFor(b) })),
      );
      backends = next;
      bySlot = [];
      points = [];
      for (const b of next) {
        bySlot[b.slot] = b;
        points[b.slot] = pointsFor(b);
      }
    },
    pick(key, eligible) {
      const first = home(key);
      return first !== undefined && eligible(first) ? first : firstEligible(key, home, backends, eligible);
    },
    *arcs(of) {
      const divided = of === undefined ? ring : ringOf(of);
      if (divided.size === 0) return;
      for (const [end, slot] of divided.arcs()) yield [end, divided.names[slot]] as const;
    },
  };
}
