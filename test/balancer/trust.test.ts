import { describe, expect, it } from 'vitest';
import {
  Balancer,
  type BalancerEvent,
  type BalancerOptions,
  type Guard,
  type GuardControl,
  type Lease,
  maxInFlight,
  type StrategyName,
  strategies,
} from '../../src/index.ts';
import { TestEnv } from '../support.ts';

const names = (count: number) => Array.from({ length: count }, (_, i) => `http://b${i}`);

/** A guard whose bars mean "unhealthy", or not, and which bars whom it is told. */
function switchboard(isHealth: boolean) {
  let control: GuardControl | undefined;
  const factory = (given: GuardControl): Guard => {
    control = given;
    return {
      isHealth,
      dueAt: Number.POSITIVE_INFINITY,
      verdict: () => (isHealth ? 'ejected' : 'breaker open'),
    };
  };
  const bar = (id: string, on = true) => {
    const backend = control?.backends.find((one) => one.id === id);
    if (backend !== undefined) control?.bar(backend, on);
  };
  return { factory, bar };
}

function setUp(count: number, options: Partial<BalancerOptions<string>> = {}) {
  const env = new TestEnv();
  const ejection = switchboard(true);
  const breaker = switchboard(false);
  const pool = names(count);
  const guards = [ejection.factory, breaker.factory, ...(options.guards ?? [])];
  const balancer = new Balancer(pool, { env, ...options, guards });
  const events: BalancerEvent[] = [];
  balancer.subscribe((event) => events.push(event));
  return { env, pool, balancer, events, eject: ejection.bar, open: breaker.bar };
}

/** Who gets requests for many keys, each of which ends at once. */
function picks(balancer: Balancer, tried: readonly string[] = []): string[] {
  const excluded = balancer.backends.filter(({ id }) => tried.includes(id));
  const found = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const lease = balancer.acquire(`key ${i}`, { tried: excluded });
    if (lease === undefined) return [];
    found.add(lease.backend.id);
    lease.release();
  }
  return [...found].sort();
}

describe.each(Object.keys(strategies) as StrategyName[])('classes of trust under %s', (strategy) => {
  it('are asked one after the other: well, ejected, down', () => {
    const { balancer, eject } = setUp(4, { strategy });
    balancer.markDown('http://b0');
    eject('http://b1');
    expect(picks(balancer)).toEqual(['http://b2', 'http://b3']);
    eject('http://b2');
    expect(picks(balancer)).toEqual(['http://b3']);
    eject('http://b3');
    expect(picks(balancer)).toEqual(['http://b1', 'http://b2', 'http://b3']);
    for (const id of names(4)) balancer.markDown(id);
    expect(picks(balancer)).toEqual(names(4));
  });

  it('are asked for retries of what is left', () => {
    const { balancer, eject } = setUp(4, { strategy });
    balancer.markDown('http://b0');
    eject('http://b1');
    expect(picks(balancer, ['http://b2'])).toEqual(['http://b3']);
    expect(picks(balancer, ['http://b2', 'http://b3'])).toEqual(['http://b1']);
    expect(picks(balancer, ['http://b1', 'http://b2', 'http://b3'])).toEqual(['http://b0']);
    expect(picks(balancer, names(4))).toEqual([]);
  });
});

describe('a pool of few backends', () => {
  it('of one asks that one, whatever is known against it', () => {
    const { balancer, eject } = setUp(1);
    eject('http://b0');
    expect(picks(balancer)).toEqual(['http://b0']);
    balancer.markDown('http://b0');
    expect(picks(balancer)).toEqual(['http://b0']);
    expect(balancer.stats()).toMatchObject({ trust: 'down', crisis: true, panic: false });
  });

  it.each([2, 3])('of %i asks the only one that is well', (count) => {
    const { balancer, eject } = setUp(count);
    for (const id of names(count).slice(1)) balancer.markDown(id);
    expect(picks(balancer)).toEqual(['http://b0']);
    for (const id of names(count).slice(1)) {
      balancer.markUp(id);
      eject(id);
    }
    expect(picks(balancer)).toEqual(['http://b0']);
  });

  it('has no class for backends that drain, weigh nothing or have an open breaker', () => {
    const { balancer, open } = setUp(3);
    void balancer.drain('http://b0');
    balancer.setWeight('http://b1', 0);
    open('http://b2');
    expect(balancer.acquire('x')).toBeUndefined();
    balancer.markDown('http://b2');
    expect(balancer.acquire('x')).toBeUndefined();
    open('http://b2', false);
    expect(picks(balancer)).toEqual(['http://b2']);
  });
});

describe('classes of trust', () => {
  it('ask backups that are well before others that are not', () => {
    const env = new TestEnv();
    const balancer = new Balancer(['http://a', { url: 'http://spare', backup: true }], { env });
    balancer.markDown('http://a');
    expect(picks(balancer)).toEqual(['http://spare']);
    balancer.markDown('http://spare');
    expect(picks(balancer)).toEqual(['http://a']);
  });

  it('ask another zone before one of their own that is down', () => {
    const pool = [
      { url: 'http://a', zone: 'a' },
      { url: 'http://b', zone: 'b' },
    ];
    const balancer = new Balancer<string>(pool, { env: new TestEnv(), pool: { zones: { of: () => 'a' } } });
    balancer.markDown('http://a');
    expect(picks(balancer)).toEqual(['http://b']);
  });

  it('move a session from a backend that is down, and bring it back', () => {
    const { balancer } = setUp(3);
    const ask = () => {
      using lease = balancer.acquire('x', { session: { backend: 'http://b1' } });
      return lease?.backend.id;
    };
    expect(ask()).toBe('http://b1');
    balancer.markDown('http://b1');
    expect(ask()).not.toBe('http://b1');
    balancer.markUp('http://b1');
    expect(ask()).toBe('http://b1');
    // With nobody else left, the session keeps its place rather than any other.
    for (const id of names(3)) balancer.markDown(id);
    expect(ask()).toBe('http://b1');
  });

  it('wait for backends at their limit rather than ask those that are down', () => {
    const { balancer } = setUp(2, { guards: [maxInFlight(1)] });
    balancer.markDown('http://b1');
    const held = balancer.acquire('x');
    expect(held?.backend.id).toBe('http://b0');
    expect(balancer.acquire('y')).toBeUndefined();
    expect(balancer.isBusy()).toBe(true);
    held?.release();
    expect(balancer.acquire('y')?.backend.id).toBe('http://b0');
  });

  it('are told by every lease and by explain, with the reason', () => {
    const { balancer, eject } = setUp(3);
    const asked = (tried: readonly string[] = []) => {
      const backends = balancer.backends.filter(({ id }) => tried.includes(id));
      using lease = balancer.acquire('x', { tried: backends });
      const { asked: trust, because } = balancer.explain('x', { tried: backends }).trust;
      expect(lease?.trust).toBe(trust);
      return [trust, because];
    };
    expect(asked()).toEqual(['well', 'some backend is well']);
    balancer.markDown('http://b0');
    eject('http://b1');
    expect(asked(['http://b2'])).toEqual(['ejected', 'no untried backend is well']);
    expect(asked(['http://b1', 'http://b2'])).toEqual(['down', 'no untried backend is well or ejected']);
    eject('http://b2');
    expect(asked()).toEqual(['ejected', 'no backend is well']);
    for (const id of names(3)) balancer.markDown(id);
    expect(asked()).toEqual(['down', 'no backend is well or ejected']);
  });

  it('are ignored in panic, which has to be asked for', () => {
    const { balancer } = setUp(4, { pool: { panicRatio: 0.5 } });
    for (const id of names(3)) balancer.markDown(id);
    expect(picks(balancer)).toEqual(names(4));
    expect(balancer.explain('x').trust.because).toBe('health is ignored in panic');
  });
});

describe('a crisis', () => {
  /** A request that may be sent again. */
  const ask = (balancer: Balancer, key = 'x') => balancer.acquire(key, { repeatable: true });
  /** The next trial, of requests for many keys; all others end well at once. */
  function nextTrial(balancer: Balancer): Lease | undefined {
    for (let i = 0; i < 300; i++) {
      const lease = ask(balancer, `key ${i}`);
      if (lease?.isTrial) return lease;
      lease?.release();
    }
    return undefined;
  }

  it('begins when less than half of the weight in service is well, and ends when half is', () => {
    const { balancer, events } = setUp(4);
    const crisis = () => balancer.stats().crisis;
    balancer.markDown('http://b0');
    balancer.markDown('http://b1');
    expect(crisis()).toBe(false);
    balancer.markDown('http://b2');
    expect(crisis()).toBe(true);
    // One that drains is not in service: one of two is well.
    void balancer.drain('http://b0');
    void balancer.drain('http://b1');
    expect(crisis()).toBe(false);
    balancer.setWeight('http://b2', 3);
    expect(crisis()).toBe(true);
    balancer.markUp('http://b2');
    expect(crisis()).toBe(false);
    const told = events.flatMap((event) => (event.type === 'crisis' ? [event.crisis] : []));
    expect(told).toEqual([true, false, true, false]);
  });

  it('is one, too, when all that are well are at their limit', () => {
    const { balancer } = setUp(2, { guards: [maxInFlight(1)] });
    balancer.markDown('http://b1');
    const held = balancer.acquire('x');
    expect(balancer.stats().crisis).toBe(true);
    const trial = ask(balancer);
    expect([trial?.backend.id, trial?.trust]).toEqual(['http://b1', 'down']);
    held?.release();
    expect(balancer.stats().crisis).toBe(false);
  });

  it.each(Object.keys(strategies) as StrategyName[])('sends one trial at a time under %s', (strategy) => {
    const { balancer, events } = setUp(3, { strategy });
    balancer.markDown('http://b0');
    balancer.markDown('http://b1');
    const trials = [nextTrial(balancer), nextTrial(balancer)];
    expect(trials.map((lease) => lease?.backend.id).sort()).toEqual(['http://b0', 'http://b1']);
    expect(nextTrial(balancer)).toBeUndefined();
    expect(events.filter(({ type }) => type === 'trial')).toHaveLength(2);
    expect(balancer.explain('x').trials).toEqual([
      { backend: 'http://b0', inFlight: 1, limit: 1, waitMs: 0 },
      { backend: 'http://b1', inFlight: 1, limit: 1, waitMs: 0 },
    ]);
  });

  it('tries with nothing that may not be sent again, and nothing twice', () => {
    const { balancer } = setUp(3);
    balancer.markDown('http://b0');
    balancer.markDown('http://b1');
    expect(picks(balancer)).toEqual(['http://b2']);
    const trial = nextTrial(balancer);
    trial?.release('failure');
    const again = balancer.acquire('x', {
      tried: trial === undefined ? [] : [trial.backend],
      repeatable: true,
    });
    expect([again?.backend.id, again?.isTrial]).toEqual(['http://b2', false]);
  });

  it('doubles trials with each success, and goes back to one at a failure', () => {
    const { env, balancer } = setUp(3);
    balancer.markDown('http://b0');
    balancer.markDown('http://b1');
    void balancer.drain('http://b1');
    // Of the two that are left, one is well: not a crisis.
    expect(nextTrial(balancer)).toBeUndefined();
    balancer.setWeight('http://b0', 3);
    nextTrial(balancer)?.release();
    const limit = () => balancer.explain('x').trials[0]?.limit;
    expect(limit()).toBe(2);
    const two = [nextTrial(balancer), nextTrial(balancer)];
    expect(two.every((lease) => lease !== undefined)).toBe(true);
    two[0]?.release('cancelled');
    expect(limit()).toBe(2);
    two[1]?.release('failure');
    expect(limit()).toBe(1);
    expect(nextTrial(balancer)).toBeUndefined();
    env.advance(999);
    expect(nextTrial(balancer)).toBeUndefined();
    env.advance(1);
    expect(nextTrial(balancer)).toBeDefined();
  });

  it('waits 1, 2, 4, 8 and 8 seconds after failures in a row', () => {
    const { env, balancer } = setUp(2);
    balancer.setWeight('http://b1', 3);
    balancer.markDown('http://b1');
    for (const seconds of [1, 2, 4, 8, 8]) {
      nextTrial(balancer)?.release('failure');
      expect(balancer.explain('x').trials[0]?.waitMs).toBe(seconds * 1_000);
      env.advance(seconds * 1_000);
    }
    nextTrial(balancer)?.release();
    nextTrial(balancer)?.release('failure');
    expect(balancer.explain('x').trials[0]?.waitMs).toBe(1_000);
  });

  it('leaves backends what they have earned when it ends, until they fail', () => {
    const { env, balancer } = setUp(4);
    for (const id of names(4).slice(1)) balancer.markDown(id);
    for (let i = 0; i < 3; i++) nextTrial(balancer)?.release();
    const earned = balancer.explain('x').trials.filter(({ limit }) => limit > 1);
    const [first] = earned as [(typeof earned)[number]];
    const others = names(4).filter((id) => id !== 'http://b0' && id !== first.backend);
    balancer.markUp(others[0] as string);
    expect(balancer.stats().crisis).toBe(false);
    const next = nextTrial(balancer);
    expect([next?.backend.id, next?.trust]).toEqual([first.backend, 'down']);
    next?.release('failure');
    env.advance(10_000);
    const left = earned.length > 1 ? earned[1]?.backend : undefined;
    expect(nextTrial(balancer)?.backend.id).toBe(left);
  });

  it('leaves nothing that was not earned when it ends', () => {
    const { balancer } = setUp(3);
    balancer.markDown('http://b0');
    balancer.markDown('http://b1');
    const trials = [nextTrial(balancer), nextTrial(balancer)];
    balancer.markUp('http://b1');
    for (const trial of trials) trial?.release('cancelled');
    expect(balancer.stats().crisis).toBe(false);
    expect(nextTrial(balancer)).toBeUndefined();
  });

  it('has no trials in the name of a backend that has left or is well', () => {
    const { balancer } = setUp(3);
    balancer.markDown('http://b0');
    balancer.markDown('http://b1');
    const trials = [nextTrial(balancer), nextTrial(balancer)];
    balancer.remove('http://b0');
    balancer.markUp('http://b1');
    for (const trial of trials) trial?.release('success');
    balancer.markDown('http://b1');
    expect(balancer.stats().crisis).toBe(false);
    expect(nextTrial(balancer)).toBeUndefined();
  });

  it('tells when a backend that failed may be tried again', () => {
    const { env, balancer } = setUp(2);
    balancer.setWeight('http://b1', 3);
    balancer.markDown('http://b1');
    expect(balancer.dueAt).toBe(Number.POSITIVE_INFINITY);
    nextTrial(balancer)?.release('failure');
    const now = env.clock.now();
    expect(balancer.dueAt).toBe(now + 1_000);
    env.advance(999);
    expect(balancer.dueAt).toBe(now + 1_000);
    env.advance(1);
    expect(balancer.dueAt).toBe(Number.POSITIVE_INFINITY);
    expect(nextTrial(balancer)).toBeDefined();
  });

  it('knows by the head of a long response that a backend works', () => {
    const { balancer } = setUp(2);
    balancer.setWeight('http://b1', 3);
    balancer.markDown('http://b1');
    const stream = nextTrial(balancer);
    expect(nextTrial(balancer)).toBeUndefined();
    stream?.responded(200);
    const next = nextTrial(balancer);
    expect(next).toBeDefined();
    stream?.release();
    expect(balancer.explain('x').trials[0]?.limit).toBe(2);
    next?.responded(503, true);
    next?.release('failure');
    expect(balancer.explain('x').trials[0]).toMatchObject({ limit: 1, waitMs: 1_000 });
  });

  it('brings a key home as a trial, so that it finds its cache', () => {
    const { balancer } = setUp(5);
    const homes = new Map<string, string | undefined>();
    for (let i = 0; i < 50; i++) {
      using lease = balancer.acquire(`key ${i}`);
      homes.set(`key ${i}`, lease?.backend.id);
    }
    for (const id of names(5).slice(0, 3)) balancer.markDown(id);
    for (let round = 0; round < 10; round++) for (const key of homes.keys()) ask(balancer, key)?.release();
    for (const [key, home] of homes) expect(balancer.explain(key, { repeatable: true }).picked).toBe(home);
    // Nothing of that moves a key: those of others stay where they lodge.
    const lodging = [...homes.keys()].map((key) => balancer.explain(key).picked);
    expect(lodging.every((id) => id === 'http://b3' || id === 'http://b4')).toBe(true);
  });

  it('brings a session home as a trial', () => {
    const { balancer } = setUp(2);
    balancer.setWeight('http://b1', 3);
    balancer.markDown('http://b1');
    const lease = balancer.acquire('x', { session: { backend: 'http://b1' }, repeatable: true });
    expect([lease?.backend.id, lease?.isTrial]).toEqual(['http://b1', true]);
    expect(balancer.acquire('x', { session: { backend: 'http://b1' }, repeatable: true })?.backend.id).toBe(
      'http://b0',
    );
  });

  it('forgets trials when the backend is well again', () => {
    const { balancer } = setUp(2);
    balancer.setWeight('http://b1', 3);
    balancer.markDown('http://b1');
    const trial = nextTrial(balancer);
    balancer.markUp('http://b1');
    expect(balancer.explain('x').trials).toEqual([]);
    balancer.markDown('http://b1');
    trial?.release('failure');
    expect(nextTrial(balancer)).toBeDefined();
  });

  it('never passes a limit, an open breaker or a drain', () => {
    const { balancer, open } = setUp(4, { guards: [maxInFlight(1)] });
    for (const id of names(4).slice(1)) balancer.markDown(id);
    const held = names(4).map((_, i) => ask(balancer, `key ${i}`));
    const all = new Set(held.flatMap((lease) => lease?.backend.id ?? []));
    for (let i = 0; i < 300; i++) {
      const lease = ask(balancer, `more ${i}`);
      if (lease !== undefined) all.add(lease.backend.id);
    }
    for (const { inFlight } of balancer.backends) expect(inFlight).toBeLessThanOrEqual(1);
    for (const lease of held) lease?.release();
    open('http://b1');
    void balancer.drain('http://b2');
    balancer.setWeight('http://b3', 0);
    expect(nextTrial(balancer)).toBeUndefined();
  });
});
