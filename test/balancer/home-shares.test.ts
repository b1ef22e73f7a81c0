import { describe, expect, it } from 'vitest';
import { Balancer, type StrategyName } from '../../src/index.ts';

/** The shares of homes that the statistics tell, in the order of the pool. */
function sharesOf(strategy: StrategyName, weights: readonly number[], zones: readonly string[] = []) {
  const pool = weights.map((weight, i) => ({
    url: `http://b${i}`,
    weight,
    ...(zones[i] !== undefined && { zone: zones[i] }),
  }));
  const shares = new Balancer(pool, {
    strategy,
    ...(zones.length > 0 && { pool: { zones: { of: () => zones[0] } } }),
  }).stats();
  return shares.backends.map(({ share }) => share);
}

describe('the share of homes that a backend has', () => {
  it('is that of its arcs on the ring', () => {
    const shares = sharesOf('consistent-hash', [1, 3, 0]) as number[];
    expect(shares[0]).toBeCloseTo(0.25, 1);
    expect(shares[1]).toBeCloseTo(0.75, 1);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  });

  it.each(['consistent-hash', 'maglev', 'rendezvous'] as const)('is 0 where the weight is 0: %s', (name) => {
    expect(sharesOf(name, [1, 0])).toEqual([1, 0]);
    expect(sharesOf(name, [0, 0])).toEqual([0, 0]);
  });

  it('is that of the weight under a strategy without arcs', () => {
    expect(sharesOf('rendezvous', [1, 3, 0, 4])).toEqual([0.125, 0.375, 0, 0.5]);
  });

  it('is that of its own zone', () => {
    expect(sharesOf('rendezvous', [1, 3, 2, 6], ['eu', 'eu', 'us', 'us'])).toEqual([0.25, 0.75, 0.25, 0.75]);
    const [a, b, c] = sharesOf('consistent-hash', [1, 1, 1], ['eu', 'eu', 'us']) as [number, number, number];
    expect(a + b).toBeCloseTo(1, 9);
    expect(c).toBe(1);
  });

  it('is not told under a strategy without keys', () => {
    expect(sharesOf('round-robin', [1, 1])).toEqual([undefined, undefined]);
  });
});
