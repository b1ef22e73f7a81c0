import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.ts';
import type { BalancerEvent } from '../../src/balancer/events.ts';
import type { GuardControl, GuardFactory } from '../../src/balancer/guard.ts';
import type { Lease } from '../../src/balancer/lease.ts';
import { circuitBreaker } from '../../src/health/circuit-breaker.ts';
import { maxInFlight } from '../../src/health/max-in-flight.ts';
import { outlierEjection } from '../../src/health/outlier-ejection.ts';
import { slowStart } from '../../src/health/slow-start.ts';
import { TestEnv } from '../support.ts';

const LIMIT = 6;
const OPEN_MS = 5_000;
const MAX_OPEN_MS = 60_000;

const nat = fc.nat(10_000);
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ op: fc.constant('acquire' as const), which: nat }) },
  { weight: 9, arbitrary: fc.record({ op: fc.constant('fail' as const), which: nat }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('succeed' as const), which: nat }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('cancel' as const), which: nat }) },
  // A whole backend turns bad: what goes there fails, until it turns good.
  { weight: 2, arbitrary: fc.record({ op: fc.constant('storm' as const), which: nat }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('wait' as const), which: fc.nat(40_000) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('add' as const), which: nat }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const), which: nat }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('down' as const), which: nat }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('up' as const), which: nat }) },
);

/** What the events say of one backend, checked against the rules as they come. */
interface Story {
  ejections: number;
  ejectedUntil: number;
  isEjected: boolean;
  phase: 'closed' | 'open' | 'half-open';
  openings: number;
  openUntil: number;
  probes: Set<Lease>;
}

class Witness {
  readonly stories = new Map<string, Story>();
  readonly #env: TestEnv;
  readonly #control: () => GuardControl;
  readonly #ratio: number;

  constructor(env: TestEnv, control: () => GuardControl, ratio: number) {
    this.#env = env;
    this.#control = control;
    this.#ratio = ratio;
  }

  of(id: string): Story {
    const known = this.stories.get(id);
    if (known !== undefined) return known;
    const story: Story = {
      ejections: 0,
      ejectedUntil: Number.NEGATIVE_INFINITY,
      isEjected: false,
      phase: 'closed',
      openings: 0,
      openUntil: 0,
      probes: new Set(),
    };
    this.stories.set(id, story);
    return story;
  }

  take(event: BalancerEvent): void {
    if (event.type === 'removed') this.stories.delete(event.backend);
    else if (event.type === 'ejected') this.#ejected(event.backend, event.forMs);
    else if (event.type === 'returned') {
      expect(this.of(event.backend).isEjected).toBe(true);
      expect(this.#env.nowMs).toBeGreaterThanOrEqual(this.of(event.backend).ejectedUntil);
      this.of(event.backend).isEjected = false;
    } else if (event.type === 'opened' || event.type === 'half-open' || event.type === 'closed')
      this.#turned(event.backend, event.type);
  }

  #ejected(id: string, forMs: number): void {
    const { nowMs } = this.#env;
    const { backends, isWell } = this.#control();
    const story = this.of(id);
    expect(story.isEjected, 'not twice').toBe(false);
    const intervals = Math.floor((nowMs - story.ejectedUntil) / 10_000);
    story.ejections = Math.max(0, story.ejections - intervals) + 1;
    const middle = Math.min(30_000 * story.ejections, 300_000);
    expect(forMs).toBeGreaterThanOrEqual(middle * 0.9 - 1e-6);
    expect(forMs).toBeLessThanOrEqual(Math.min(300_000, middle * 1.1) + 1e-6);
    story.ejectedUntil = nowMs + forMs;
    story.isEjected = true;
    const ejected = [...this.stories.values()].filter(({ isEjected }) => isEjected).length;
    expect(ejected).toBeLessThanOrEqual(this.#ratio * backends.length + 1e-9);
    expect(backends.some(isWell), 'never the last one').toBe(true);
  }

  #turned(id: string, type: 'opened' | 'half-open' | 'closed'): void {
    const { nowMs } = this.#env;
    const story = this.of(id);
    if (type === 'opened') {
      expect(story.phase).not.toBe('open');
      story.openUntil = nowMs + Math.min(OPEN_MS * 2 ** story.openings++, MAX_OPEN_MS);
      story.phase = 'open';
    } else if (type === 'half-open') {
      expect(story.phase).toBe('open');
      expect(nowMs).toBeGreaterThanOrEqual(story.openUntil);
      story.phase = 'half-open';
      story.probes.clear();
    } else {
      expect(story.phase).toBe('half-open');
      story.phase = 'closed';
      story.openings = 0;
    }
  }

  began(lease: Lease): void {
    const story = this.of(lease.backend.id);
    expect(story.phase, 'an open breaker lets nothing through').not.toBe('open');
    if (story.phase !== 'half-open') return;
    expect(story.probes.size, 'one probe at a time').toBe(0);
    story.probes.add(lease);
  }

  ended(lease: Lease): void {
    this.stories.get(lease.backend.id)?.probes.delete(lease);
  }

  /** After a decision nothing is overdue. */
  checkNow(): void {
    const { nowMs } = this.#env;
    for (const { isEjected, ejectedUntil, phase, openUntil } of this.stories.values()) {
      if (isEjected) expect(ejectedUntil).toBeGreaterThan(nowMs);
      if (phase === 'open') expect(openUntil).toBeGreaterThan(nowMs);
    }
  }
}

function play(
  steps: readonly { op: string; which: number }[],
  seed: number,
  count: number,
  ratio: number,
  strategy: 'consistent-hash' | 'round-robin' | 'least-connections',
) {
  const env = new TestEnv(seed);
  let held: GuardControl | undefined;
  const spy: GuardFactory = (control) => {
    held = control;
    return { isHealth: false, dueAt: Number.POSITIVE_INFINITY, verdict: () => '' };
  };
  const balancer = new Balancer<string>(
    Array.from({ length: count }, (_, i) => `http://b${i}`),
    {
      env,
      strategy,
      guards: [
        outlierEjection({ maxEjectedRatio: ratio }),
        circuitBreaker({ minRequests: 4, openMs: OPEN_MS, maxOpenMs: MAX_OPEN_MS }),
        slowStart(),
        maxInFlight(LIMIT),
        spy,
      ],
    },
  );
  const witness = new Witness(env, () => held as GuardControl, ratio);
  balancer.subscribe((event) => {
    try {
      witness.take(event);
    } catch (error) {
      failures.push(error);
    }
  });
  // A listener's error never reaches the balancer, so that it is kept for here.
  const failures: unknown[] = [];
  const check = () => {
    if (failures.length > 0) throw failures[0];
  };
  const leases: Lease[] = [];
  const bad = new Set<string>();
  const acquire = (key: string) => {
    const lease = balancer.acquire(key);
    witness.checkNow();
    if (lease !== undefined) {
      witness.began(lease);
      expect(lease.backend.inFlight).toBeLessThanOrEqual(LIMIT);
    }
    return lease;
  };
  const release = (lease: Lease | undefined, outcome: 'success' | 'failure' | 'cancelled') => {
    if (lease === undefined) return;
    witness.ended(lease);
    lease.release(outcome);
  };
  for (const { op, which } of steps) {
    const id = `http://b${which % (count + 3)}`;
    const isMember = balancer.has(id);
    const one = () => leases.splice(which % (leases.length || 1), 1)[0];
    if (op === 'acquire') {
      const lease = acquire(`key ${which}`);
      if (lease !== undefined && bad.has(lease.backend.id)) release(lease, 'failure');
      else if (lease !== undefined) leases.push(lease);
    } else if (op === 'fail') release(one(), 'failure');
    else if (op === 'succeed') release(one(), 'success');
    else if (op === 'cancel') release(one(), 'cancelled');
    else if (op === 'storm') bad.has(id) ? bad.delete(id) : bad.add(id);
    else if (op === 'wait') env.advance(which);
    else if (op === 'add' && !isMember) balancer.add(id);
    else if (op === 'remove' && isMember) balancer.remove(id);
    else if (op === 'down' && isMember) balancer.markDown(id);
    else if (op === 'up' && isMember) balancer.markUp(id);
    check();
  }
  for (const lease of leases.splice(0)) release(lease, 'success');
  return { env, balancer, acquire, release, check };
}

const history = fc.array(step, { minLength: 150, maxLength: 300 });
const setting = [
  history,
  fc.integer(),
  fc.integer({ min: 1, max: 8 }),
  fc.constantFrom(0.1, 0.5, 1),
  fc.constantFrom('consistent-hash' as const, 'round-robin' as const, 'least-connections' as const),
] as const;

describe('all guards together, under random histories', () => {
  it('keep every promise, and let everybody serve again once all is well', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(...setting, (steps, seed, count, ratio, strategy) => {
        const { env, balancer, acquire, release, check } = play(steps, seed, count, ratio, strategy);
        for (const { id } of balancer.backends) balancer.markUp(id);
        for (let i = 0; i < 800; i++) {
          env.advance(500);
          release(acquire(`well ${i}`), 'success');
          // One for each that a breaker holds: its probe.
          for (const { id } of balancer.backends) {
            const lease = balancer.acquire('any', { session: { backend: id } });
            lease?.release('success');
          }
          check();
        }
        for (const { state, currentWeight, weight } of balancer.stats().backends) {
          expect([state, currentWeight]).toEqual(['up', weight]);
        }
        expect(balancer.dueAt, 'nothing is left to happen').toBe(Number.POSITIVE_INFINITY);
      }),
      { numRuns: 60, verbose: 1 },
    );
  });

  it('depend on nothing but the history, the clock and the seed', () => {
    fc.assert(
      fc.property(...setting, (...args) => {
        const [one, two] = [play(...args), play(...args)];
        expect(one.balancer.stats()).toEqual(two.balancer.stats());
        expect(one.env.random()).toBe(two.env.random());
      }),
      { numRuns: 30, verbose: 1 },
    );
  });
});
