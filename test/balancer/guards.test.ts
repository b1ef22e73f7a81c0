import { describe, expect, it } from 'vitest';
import {
  Balancer,
  type Guard,
  type GuardControl,
  type GuardFactory,
  type Lease,
  type Outcome,
} from '../../src/index.ts';
import { TestEnv } from '../support.ts';

const FOUR = ['http://a', 'http://b', 'http://c', 'http://d'];

/** A guard that does as it is told, and notes what it is told. */
function puppet(traits: Partial<Guard> = {}) {
  const notes: string[] = [];
  const held: { control?: GuardControl; guard?: Guard & { dueAt: number } } = {};
  const factory: GuardFactory = (control) => {
    held.control = control;
    held.guard = {
      isHealth: false,
      dueAt: Number.POSITIVE_INFINITY,
      started: ({ backend }) => notes.push(`started ${backend.inFlight}`),
      finished: ({ backend }, outcome: Outcome) => notes.push(`${outcome} ${backend.inFlight}`),
      advance: (now) => {
        notes.push(`settled at ${now}`);
        if (held.guard) held.guard.dueAt = Number.POSITIVE_INFINITY;
      },
      verdict: () => 'barred by the puppet',
      ...traits,
    };
    return held.guard;
  };
  const control = () => held.control as GuardControl;
  const bar = (id: string, barred = true) =>
    control().bar(control().backends.find((b) => b.id === id) as never, barred);
  return { factory, notes, bar, control, wakeAt: (ms: number) => held.guard && (held.guard.dueAt = ms) };
}

const picks = (balancer: Balancer) =>
  new Set(Array.from({ length: 60 }, (_, i) => balancer.explain(`key ${i}`).picked));

describe('a guard', () => {
  it('keeps backends from being picked, says why, and lets them again', () => {
    const { factory, bar } = puppet();
    const balancer = new Balancer(FOUR, { guards: [factory] });
    expect(bar('http://a')).toBe(true);
    expect(bar('http://a')).toBe(false);
    expect(picks(balancer)).toEqual(new Set(FOUR.slice(1)));
    expect(balancer.explain('x').candidates[0]?.verdict).toBe('barred by the puppet');
    expect(balancer.stats().backends[0]?.state).toBe('barred');
    bar('http://a', false);
    expect(picks(balancer)).toEqual(new Set(FOUR));
  });

  it('does not undo what another one bars', () => {
    const [one, two] = [puppet(), puppet()];
    const balancer = new Balancer(FOUR, { guards: [one.factory, two.factory] });
    one.bar('http://a');
    two.bar('http://a');
    one.bar('http://a', false);
    expect(picks(balancer).has('http://a')).toBe(false);
  });

  it('is ignored in panic where it judges health, and only then', () => {
    const [health, breaker] = [puppet({ isHealth: true }), puppet()];
    const guards = [health.factory, breaker.factory];
    const balancer = new Balancer(FOUR, { guards, pool: { panicRatio: 0.5 } });
    breaker.bar('http://d');
    for (const id of ['http://a', 'http://b', 'http://c']) health.bar(id);
    expect(balancer.stats().panic).toBe(true);
    expect(picks(balancer)).toEqual(new Set(['http://a', 'http://b', 'http://c']));
  });

  it('hears of every lease, with the count as it then is', () => {
    const { factory, notes } = puppet();
    const balancer = new Balancer(['http://a'], { guards: [factory] });
    const leases = [balancer.acquire('x'), balancer.acquire('y')] as Lease[];
    leases[0]?.release('failure');
    leases[1]?.release('cancelled');
    leases[1]?.release();
    expect(notes).toEqual(['started 1', 'started 2', 'failure 1', 'cancelled 0']);
  });

  it('is woken at the first decision after it was due', () => {
    const env = new TestEnv();
    const { factory, notes, wakeAt } = puppet();
    const balancer = new Balancer(FOUR, { guards: [factory], env });
    wakeAt(500);
    expect(balancer.dueAt).toBe(500);
    env.advance(499);
    balancer.explain('x');
    expect(notes).toEqual([]);
    env.advance(101);
    balancer.explain('x');
    balancer.explain('x');
    expect(notes).toEqual(['settled at 600']);
  });

  it('makes a pool busy, so that waiting helps, only where it says so', () => {
    const [busy, broken] = [puppet({ isBusy: true }), puppet()];
    const balancer = new Balancer(FOUR, { guards: [busy.factory, broken.factory] });
    for (const id of FOUR) broken.bar(id);
    expect(balancer.isBusy()).toBe(false);
    broken.bar('http://a', false);
    busy.bar('http://a');
    expect(balancer.isBusy()).toBe(true);
    expect(balancer.acquire('x')).toBeUndefined();
    expect(balancer.isBusy(balancer.backends.slice(0, 1))).toBe(false);
  });

  it('scales weights, which count from then on, while the statistics tell both', () => {
    const { factory, control } = puppet();
    const balancer = new Balancer(FOUR, { guards: [factory], strategy: 'round-robin' });
    const { fingerprint } = balancer;
    control().scale(new Map([[control().backends[0] as never, 0.1]]));
    expect(balancer.stats().backends[0]).toMatchObject({ weight: 1, currentWeight: 0.1 });
    expect(balancer.fingerprint).toBe(fingerprint);
    const counts = Array.from({ length: 310 }, () => (balancer.acquire('x') as Lease).backend.id);
    const ofScaled = counts.filter((id) => id === 'http://a').length;
    expect(Math.abs(ofScaled - 10)).toBeLessThanOrEqual(1);
  });
});
