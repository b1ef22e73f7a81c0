import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancer, type KeyedStrategy, type Plan, strategies, systemEnv } from '../../src/index.ts';
import { isKeyedStrategy } from '../../src/internal.ts';
import { aBackend } from '../support.ts';

const SAMPLES = 1_000_000;

/** Homes of a million keys, evenly strewn over the key space. */
function homes(
  name: 'consistent-hash' | 'maglev',
  weights: ReadonlyMap<string, number>,
): (string | undefined)[] {
  const strategy = strategies[name].factory(systemEnv);
  if (!isKeyedStrategy(strategy)) throw new Error('not keyed');
  strategy.update(
    [...weights]
      .filter(([, weight]) => weight > 0)
      .map(([id, weight], slot) => aBackend(id, slot, { weight })),
  );
  return sampled(strategy);
}

function sampled(strategy: KeyedStrategy): (string | undefined)[] {
  return Array.from(
    { length: SAMPLES },
    (_, i) => strategy.home(Math.floor(((i + 0.5) * 2 ** 32) / SAMPLES))?.id,
  );
}

function bruteForce(before: readonly unknown[], after: readonly unknown[]): Map<string, number> {
  const moves = new Map<string, number>();
  for (const [i, from] of before.entries()) {
    if (from !== after[i])
      moves.set(`${from} > ${after[i]}`, (moves.get(`${from} > ${after[i]}`) ?? 0) + 1 / SAMPLES);
  }
  return moves;
}

/** One arc is off by at most one sample at either end. */
const toleranceFor = (points: number) => (2 * points) / SAMPLES;

describe('plan', () => {
  it.each(['consistent-hash', 'maglev'] as const)(
    'agrees with brute force over a million keys: %s',
    { timeout: 60_000 },
    (strategy) => {
      const weight = fc.constantFrom(1, 1, 0.5, 2, 3.7);
      fc.assert(
        fc.property(
          fc.array(weight, { minLength: 2, maxLength: 6 }),
          weight,
          weight,
          (weights, added, changed) => {
            const before = new Map(weights.map((w, i) => [`http://b${i}`, w]));
            const balancer = new Balancer(
              [...before].map(([url, w]) => ({ url, weight: w })),
              { strategy },
            );
            const plan = balancer.plan({
              add: [{ url: 'http://new', weight: added }],
              remove: ['http://b0'],
              setWeight: { 'http://b1': changed },
            });
            const after = new Map([...before, ['http://b1', changed], ['http://new', added]] as [
              string,
              number,
            ][]);
            after.delete('http://b0');
            const expected = bruteForce(homes(strategy, before), homes(strategy, after));
            const tolerance = strategy === 'maglev' ? 0.14 : toleranceFor(160 * 20);
            for (const { from, to, share } of plan.moves) {
              expect(Math.abs(share - (expected.get(`${from} > ${to}`) ?? 0))).toBeLessThan(tolerance);
            }
            const total = [...expected.values()].reduce((sum, share) => sum + share, 0);
            expect(Math.abs(plan.moved - total)).toBeLessThan(tolerance);
          },
        ),
        { numRuns: 3, verbose: 1 },
      );
    },
  );

  it('adds up: shares before and after differ by exactly what moves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(29), (n, gone) => {
        const pool = Array.from({ length: n }, (_, i) => `http://b${i}`);
        const balancer = new Balancer(pool);
        const id = `http://b${gone % n}`;
        const plan: Plan = balancer.plan({ remove: [id], add: ['http://new'] });
        for (const { id: owner, before, after } of plan.shares) {
          const gained = plan.moves
            .filter(({ to }) => to === owner)
            .reduce((sum, { share }) => sum + share, 0);
          const lost = plan.moves
            .filter(({ from }) => from === owner)
            .reduce((sum, { share }) => sum + share, 0);
          expect(after - before).toBeCloseTo(gained - lost, 9);
        }
        expect(plan.shares.reduce((sum, { after }) => sum + after, 0)).toBeCloseTo(1, 9);
      }),
      { numRuns: 50, verbose: 1 },
    );
  });
});
