import { describe, expect, it } from 'vitest';
import { jump } from '../../src/hashing/hash.ts';
import { firstEligible } from '../../src/strategies/jumps.ts';
import { aBackend } from '../support.ts';

/** The numbers of the jumps that the search takes in a pool in which only some backends are eligible. */
function search(size: number, isEligible: (id: number) => boolean) {
  const backends = Array.from({ length: size }, (_, i) => aBackend(`${i}`, i));
  const numbers = new Map(Array.from({ length: 100_000 }, (_, i) => [jump(7, i), i] as const).reverse());
  const taken: number[] = [];
  const locate = (hash: number) => {
    taken.push(numbers.get(hash) ?? Number.NaN);
    return backends[(hash >>> 0) % size];
  };
  const found = firstEligible(7, locate, backends, ({ slot }) => isEligible(slot));
  return { taken, found: found?.slot };
}

const slotOf = (number: number, size: number) => (jump(7, number) >>> 0) % size;
const upTo = (last: number) => Array.from({ length: last + 1 }, (_, i) => i);

describe('the search for an eligible backend', () => {
  it('goes to the hash and up to eight jumps, one after the other', () => {
    const eighth = slotOf(8, 1_000);
    expect(search(1_000, (slot) => slot === eighth)).toEqual({ taken: upTo(8), found: eighth });
  });

  it('then looks at all backends, in a pool of up to 64', () => {
    const tried = new Set(upTo(8).map((number) => slotOf(number, 64)));
    const last = upTo(63).find((slot) => !tried.has(slot)) as number;
    expect(search(64, (slot) => slot === last)).toEqual({ taken: upTo(8), found: last });
  });

  it('gallops in a larger pool, and goes back by halving', () => {
    const slots = [18, 16].map((number) => slotOf(number, 1_000));
    expect(search(1_000, (slot) => slots.includes(slot))).toEqual({
      taken: [...upTo(8), 12, 18, 15, 16],
      found: slots[1],
    });
  });

  it('walks through all backends after about 45 vain jumps', () => {
    const { taken, found } = search(100_000, (slot) => slot === 99_999);
    expect(found).toBe(99_999);
    expect(taken).toHaveLength(45);
  });

  it('ends if no backend is eligible', () => {
    expect(search(65, () => false).found).toBeUndefined();
    expect(search(64, () => false).found).toBeUndefined();
  });
});
