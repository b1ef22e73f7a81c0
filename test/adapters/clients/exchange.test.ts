import { describe, expect, it } from 'vitest';
import { ClientPool } from '../../../src/adapters/clients/client-pool.ts';
import { Exchange } from '../../../src/adapters/clients/exchange.ts';
import { type Backend, Balancer, maxInFlight, NoBackendError, type Request } from '../../../src/index.ts';
import { aRequest, TestEnv } from '../../support.ts';

const URLS = ['http://a', 'http://b', 'http://c'];
const failover = { retries: 2, minDelayMs: 8, maxDelayMs: 8, budget: { ratio: 0, floor: 1 } };

function aPool(urls: string[] = URLS, options: ConstructorParameters<typeof ClientPool>[1] = {}) {
  const env = new TestEnv();
  return new ClientPool(urls, { strategy: 'round-robin', failover, env, ...options });
}

const anExchange = (pool: ClientPool, method = 'GET') => new Exchange(pool, aRequest('/', { method }));
const first = (exchange: Exchange) => exchange.first(undefined) as Backend;
const failures = ({ balancer }: ClientPool) => balancer.stats().backends.map((backend) => backend.failures);
const sent = (message = 'broken') => ({ error: new Error(message), isUnsent: false });
const unsent = { error: new Error('refused'), isUnsent: true };

describe('an exchange', () => {
  it('tries each backend once, and passes on what came last', () => {
    const pool = aPool();
    const exchange = anExchange(pool);
    const tried = [first(exchange).id];
    for (const end of [sent(), { status: 503 }]) {
      const next = exchange.next(end, true);
      tried.push(next?.backend.id ?? 'nobody');
      expect(next?.delayMs).toBeLessThan(8);
      expect(pool.balancer.stats().inFlight).toBe(1);
    }
    expect(tried).toEqual(URLS);
    expect(exchange.next(sent(), true)).toBeUndefined();
    expect(failures(pool)).toEqual([1, 1, 0]);
    exchange.end('failure');
    expect(failures(pool)).toEqual([1, 1, 1]);
    expect(pool.stats()).toMatchObject({ inFlight: 0, failover: { retries: { status: 1, error: 1 } } });
  });

  it('ends once', () => {
    const pool = aPool();
    const exchange = anExchange(pool);
    first(exchange);
    exchange.end('success');
    exchange.end('failure');
    expect([failures(pool), pool.balancer.stats().inFlight]).toEqual([[0, 0, 0], 0]);
  });

  it('holds on to its lease where there is nobody else', () => {
    const pool = aPool(['http://a']);
    const exchange = anExchange(pool);
    first(exchange);
    expect(exchange.next({ status: 503 }, true)).toBeUndefined();
    expect(pool.balancer.stats().inFlight).toBe(1);
    exchange.end('failure');
    expect(pool.balancer.stats().inFlight).toBe(0);
  });

  it.each<[string, string, { error: Error; isUnsent: boolean } | { status: number }, boolean, boolean]>([
    ['a GET that broke', 'GET', sent(), true, true],
    ['a POST that broke', 'POST', sent(), true, false],
    ['a POST that was not sent', 'POST', unsent, true, true],
    ['a POST that got 503', 'POST', { status: 503 }, true, false],
    ['a GET that got 503', 'GET', { status: 503 }, true, true],
    ['a GET that got 500', 'GET', { status: 500 }, true, false],
    ['a PUT whose body is gone', 'PUT', sent(), false, false],
    ['a PUT whose body is gone, with 503', 'PUT', { status: 503 }, false, false],
    ['a PUT whose body was not yet sent', 'PUT', unsent, false, true],
  ])('decides on %s', (_, method, end, canRepeat, isRetried) => {
    const exchange = anExchange(aPool(), method);
    first(exchange);
    expect(exchange.next(end, canRepeat) !== undefined).toBe(isRetried);
    exchange.end('failure');
  });

  it('does not take an answer for a failure that is none to its pool', () => {
    const pool = aPool(URLS, { isFailure: () => false });
    const exchange = anExchange(pool);
    first(exchange);
    exchange.next({ status: 503 }, true);
    exchange.end('success');
    expect(failures(pool)).toEqual([0, 0, 0]);
  });

  it('keeps to the budget of its pool, and gives back what it took', () => {
    const pool = aPool();
    const [one, two] = [anExchange(pool), anExchange(pool)];
    first(one);
    first(two);
    expect(one.next(sent(), true)).toBeDefined();
    expect(two.next(sent(), true)).toBeUndefined();
    one.end('success');
    expect(two.next(sent(), true)).toBeDefined();
    two.end('success');
    expect(pool.failover?.budget.retries).toBe(0);
  });

  it('counts for the budget of its pool only while it lasts', () => {
    const pool = aPool(URLS, { failover: { ...failover, budget: { ratio: 0.5, floor: 0 } } });
    for (let i = 0; i < 5; i++) {
      const exchange = anExchange(pool);
      first(exchange);
      exchange.end('success');
    }
    const [one, two] = [anExchange(pool), anExchange(pool)];
    first(one);
    first(two);
    expect([one.next(sent(), true), two.next(sent(), true)].map((next) => next !== undefined)).toEqual([
      true,
      false,
    ]);
    one.end('success');
    two.end('failure');
  });

  it('notes on an error what was tried', () => {
    const exchange = anExchange(aPool(['http://a', 'http://b']));
    first(exchange);
    exchange.next({ status: 503 }, true);
    const error = new TypeError('fetch failed', { cause: new Error('refused') });
    exchange.next({ error, isUnsent: true }, true);
    exchange.note(error);
    exchange.note('no error');
    exchange.note(Object.freeze(new Error('frozen')));
    expect((error as { attempts?: unknown }).attempts).toEqual([
      { backend: 'http://a', reason: 'status 503' },
      { backend: 'http://b', reason: 'fetch failed: refused' },
    ]);
    expect(Object.keys(error)).not.toContain('attempts');
    exchange.end('failure');
  });

  it('finds nobody in an empty pool', () => {
    const exchange = anExchange(aPool([]));
    expect(() => exchange.first(undefined)).toThrow(NoBackendError);
    exchange.end('failure');
  });

  it('gives back a place that it gets after its end', async () => {
    const pool = aPool(['http://a'], { queue: true, guards: [maxInFlight(1)] });
    const [one, two] = [anExchange(pool), anExchange(pool)];
    await one.first(undefined);
    const waiting = two.first(undefined);
    two.end('cancelled');
    one.end('success');
    await waiting;
    expect(pool.balancer.stats()).toMatchObject({ inFlight: 0, backends: [{ cancelled: 1 }] });
  });
});

describe('the pool of a client', () => {
  it('takes a balancer as it is', () => {
    const balancer = new Balancer<Request>(URLS);
    expect(new ClientPool(balancer, {}).balancer).toBe(balancer);
  });

  it('refuses what is neither', () => {
    expect(() => new ClientPool(undefined as never, {})).toThrow(TypeError);
    expect(() => new ClientPool(['nonsense'], {})).toThrow('backendPool[0]');
    expect(() => new ClientPool([], { queue: { limit: -1 } })).toThrow('queue.limit');
  });

  it('has no statistics of what is off', () => {
    expect(new ClientPool(URLS, {}).stats()).toMatchObject({ failover: undefined, queue: undefined });
  });
});
