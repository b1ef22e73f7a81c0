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
