import { describe, expect, it } from 'vitest';
import { type Backend, Balancer, type BalancerEvent, type StrategyFactory } from '../../src/index.ts';

/** A strategy that returns what `pick` makes of the members, whatever may serve. */
function stubborn(pick: (backends: readonly Backend[]) => unknown): StrategyFactory {
  return () => {
    let backends: readonly Backend[] = [];
    return {
      name: 'stubborn',
      update(next) {
        backends = next;
      },
      pick: () => pick(backends) as Backend | undefined,
    };
  };
}

const POOL = ['http://a', 'http://b', 'http://c'];
const first = stubborn(([one]) => one);

describe('a custom strategy that ignores `eligible`', () => {
  it('does not get a backend that is down, drained or already tried', () => {
    const balancer = new Balancer(POOL, { strategy: first });
    expect(balancer.acquire('x')?.backend.id).toBe('http://a');
    balancer.markDown('http://a');
    expect(balancer.acquire('x')?.backend.id).toBe('http://b');
    balancer.markUp('http://a');
    void balancer.drain('http://a');
    expect(balancer.acquire('x')?.backend.id).toBe('http://b');
    balancer.resume('http://a');
    const tried = balancer.backends.slice(0, 2);
    expect(balancer.acquire('x', { tried })?.backend.id).toBe('http://c');
  });

  it('gets nobody where no backend may serve', () => {
    const balancer = new Balancer(POOL, { strategy: first });
    for (const id of POOL) void balancer.drain(id);
    expect(balancer.acquire('x')).toBeUndefined();
    expect(balancer.explain('x').picked).toBeUndefined();
  });

  it('is told so by explain, which calls the backend that is down by its name', () => {
    const balancer = new Balancer(POOL, { strategy: first });
    balancer.markDown('http://a');
    const { picked, candidates } = balancer.explain('x');
    expect(picked).toBe('http://b');
    expect(candidates.map(({ verdict }) => verdict)).toEqual(['down', 'picked', 'eligible']);
  });

  it('is told once, and not by a dry run', () => {
    const events: BalancerEvent[] = [];
    const balancer = new Balancer(POOL, { strategy: first });
    balancer.markDown('http://a');
    balancer.subscribe((event) => events.push(event));
    balancer.explain('x');
    expect(events).toEqual([]);
    balancer.acquire('x');
    balancer.acquire('y');
    const message =
      'strategy stubborn must pick a backend for which eligible returns true; another one was taken';
    expect(events).toEqual([{ type: 'warning', message }]);
  });
});

it.each<[string, (backends: readonly Backend[]) => unknown]>([
  ['a copy of a backend', ([one]) => ({ ...one })],
  ['an id', ([one]) => one?.id],
  ['a made-up object', () => ({ id: 'http://z', slot: 7 })],
])('a strategy that picks %s gets a member of the pool all the same', (_, pick) => {
  const balancer = new Balancer(POOL, { strategy: stubborn(pick) });
  const lease = balancer.acquire('x');
  expect(lease?.backend).toBe(balancer.backends[0]);
  lease?.release();
  expect(balancer.stats().inFlight).toBe(0);
});

it('a strategy that picks a backend of another balancer does not get it', () => {
  const other = new Balancer(POOL).backends[1];
  const balancer = new Balancer(POOL, { strategy: stubborn(() => other) });
  expect(balancer.acquire('x')?.backend).not.toBe(other);
});

it.each([undefined, null])('a strategy that picks %s has nobody', (nobody) => {
  expect(new Balancer(POOL, { strategy: stubborn(() => nobody) }).acquire('x')).toBeUndefined();
});
