import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Backend, type Env, roundRobin } from '../../src/index.ts';
import { aBackend, TestEnv } from '../support.ts';

/** An environment that starts at the first place of the order. */
const FIRST = { clock: { now: () => 0 }, random: () => 0 };

function sequence(
  weights: readonly number[],
  length: number,
  eligible: (backend: Backend) => boolean = () => true,
  env: Pick<Env, 'clock' | 'random'> = FIRST,
): string {
  const strategy = roundRobin()(env);
  strategy.update(weights.map((weight, i) => aBackend(String.fromCharCode(97 + i), i, { weight })));
  let order = '';
  for (let i = 0; i < length; i++) {
    const backend = strategy.pick(0, eligible) as Backend;
    strategy.started?.({ backend, startedAt: 0 });
    order += backend.id;
  }
  return order;
}

/** Smooth weighted round robin as nginx describes it, written out plainly. */
function reference(weights: readonly number[], length: number): string {
  const current = weights.map(() => 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let order = '';
  for (let i = 0; i < length; i++) {
    let best = 0;
    for (const [peer, weight] of weights.entries()) {
      current[peer] = (current[peer] as number) + weight;
      if ((current[peer] as number) > (current[best] as number)) best = peer;
    }
    current[best] = (current[best] as number) - total;
    order += String.fromCharCode(97 + best);
  }
  return order;
}

describe('round robin', () => {
  it('takes equal backends in turn', () => {
    expect(sequence([1, 1, 1], 7)).toBe('abcabca');
    expect(sequence([2, 2], 4)).toBe('abab');
  });

  it('is smooth with unequal weights: 5:1:1 gives a a b a c a a', () => {
    expect(sequence([5, 1, 1], 14)).toBe('aabacaaaabacaa');
  });

  it('equals its reference sequence for any weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 8 }), (weights) => {
        fc.pre(new Set(weights).size > 1);
        expect(sequence(weights, 60)).toBe(reference(weights, 60));
      }),
      { verbose: 1 },
    );
  });

  it('starts anywhere in its order, and keeps it', () => {
    const begun = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const order = sequence([5, 1, 1], 21, () => true, new TestEnv(seed));
      expect(reference([5, 1, 1], 35)).toContain(order);
      begun.add(order.slice(0, 7));
      expect('abcabcabc').toContain(sequence([1, 1, 1], 7, () => true, new TestEnv(seed)));
    }
    expect(begun.size).toBeGreaterThan(4);
  });

  it('is exact over one cycle', () => {
    const weights = [3, 1, 4, 1, 5];
    const order = sequence(weights, 14);
    for (const [i, weight] of weights.entries())
      expect(order.split(String.fromCharCode(97 + i))).toHaveLength(weight + 1);
  });

  it('passes over who is not eligible', () => {
    expect(sequence([1, 1, 1], 4, ({ id }) => id !== 'b')).toBe('acac');
  });

  // After several slow starts among weights of 1 and 2, a backend was without requests for minutes.
  it('owes no backend more than a round, however often weights rise and fall and members leave', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat({ max: 9 })), (chance) => {
        const draw = (count: number) => (chance.next().value as number) % count;
        const all = Array.from({ length: 6 }, (_, i) => aBackend(`b${i}`, i, { weight: i < 3 ? 1 : 2 }));
        const nominal = new Map(all.map((backend) => [backend, backend.weight]));
        const strategy = roundRobin()(FIRST);
        let members = all;
        const update = () => strategy.update(members);
        const turn = (eligible: (backend: Backend) => boolean) => {
          const backend = strategy.pick(0, eligible);
          if (backend !== undefined) strategy.started?.({ backend, startedAt: 0 });
          return backend;
        };
        update();
        for (let cycle = 0; cycle < 30; cycle++) {
          const starting = all[draw(6)] as (typeof all)[number];
          for (const share of [0.1, 0.2, 0.4, 0.7, 1]) {
            Object.assign(starting, { weight: share * (nominal.get(starting) as number) });
            members = draw(4) === 0 ? all.filter((backend) => backend !== all[draw(6)]) : all;
            update();
            const out = draw(3) === 0 ? all[draw(6)] : undefined;
            for (let i = draw(9) * 5; i > 0; i--) turn((backend) => backend !== out);
          }
        }
        members = all;
        update();
        // One round to pay what is owed, then exact shares.
        for (let i = 0; i < 2 * 9; i++) turn(() => true);
        const counts = new Map(all.map((backend) => [backend, 0]));
        for (let i = 0; i < 9 * 20; i++) {
          const backend = turn(() => true) as (typeof all)[number];
          counts.set(backend, (counts.get(backend) as number) + 1);
        }
        for (const [backend, count] of counts)
          expect(Math.abs(count - 20 * backend.weight)).toBeLessThanOrEqual(2);
      }),
      { numRuns: 50 },
    );
  });

  it('goes on with its turn when members come and go', () => {
    const strategy = roundRobin()(FIRST);
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id, i) => aBackend(id, i)) as [
      Backend,
      Backend,
      Backend,
      Backend,
    ];
    const next = () => {
      const backend = strategy.pick(0, () => true) as Backend;
      strategy.started?.({ backend, startedAt: 0 });
      return backend.id;
    };
    strategy.update([a, b, c]);
    expect([next(), next()]).toEqual(['a', 'b']);
    strategy.update([a, b, c, d]);
    expect([next(), next()]).toEqual(['c', 'd']);
    strategy.update([b, c, d]);
    expect([next(), next()]).toEqual(['b', 'c']);
    strategy.update([b, d]);
    expect([next(), next()]).toEqual(['d', 'b']);
  });
});
