import { describe, expect, it } from 'vitest';
import { Balancer, type Request } from '../../../src/index.ts';
import { aRequest, TestEnv } from '../../../test/support.ts';
import { balancerOptions, defined } from '../../src/upstream/pool-options.ts';
import { resolvedPool } from '../resolved.ts';

type PoolInput = Parameters<typeof resolvedPool>[0];

const BACKENDS = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3'];

function aBalancer(config: Partial<PoolInput> = {}) {
  const pool = resolvedPool({ backends: BACKENDS, ...config });
  const entries = pool.backends.map((backend) =>
    typeof backend === 'string' ? { url: backend } : defined(backend),
  );
  return new Balancer<Request>(entries, balancerOptions(pool, new TestEnv()));
}

const backendFor = (balancer: Balancer<Request>, request: Partial<Request>) => {
  const lease = balancer.acquire(aRequest('/', request));
  lease?.release();
  return lease?.backend.id;
};

/** Which backends many requests go to that differ in one thing. */
const spread = (balancer: Balancer<Request>, make: (i: number) => Partial<Request>) =>
  new Set(Array.from({ length: 40 }, (_, i) => backendFor(balancer, make(i)))).size;

describe('the affinity of a pool', () => {
  it.each<[string, Partial<PoolInput>, (value: string) => Partial<Request>]>([
    ['the path by itself', {}, (path) => ({ path })],
    ['the path', { affinity: { by: 'path' } }, (path) => ({ path })],
    ['the address', { affinity: { by: 'client-address' } }, (clientAddress) => ({ clientAddress })],
    ['the address for ip-hash', { strategy: 'ip-hash' }, (clientAddress) => ({ clientAddress })],
    ['a header', { affinity: { by: 'header', name: 'X-User' } }, (user) => ({ headers: { 'x-user': user } })],
    [
      'a cookie',
      { affinity: { by: 'cookie', name: 'user' } },
      (user) => ({ headers: { cookie: `a=b; user=${user}` } }),
    ],
    [
      'a claim',
      { affinity: { by: 'jwt-claim', claim: 'sub' } },
      (sub) => ({
        headers: {
          authorization: `Bearer x.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.x`,
        },
      }),
    ],
  ])('can be %s', (_, config, requestOf) => {
    const balancer = aBalancer(config);
    expect(spread(balancer, (i) => requestOf(`value-${i}`))).toBe(3);
    expect(spread(balancer, () => requestOf('the same'))).toBe(1);
  });
});

describe('the guards of a pool', () => {
  const states = (balancer: Balancer<Request>) => balancer.stats().backends.map(({ state }) => state);

  it('are an ejection unless it is turned off', () => {
    const fail = (balancer: Balancer<Request>) => {
      for (let i = 0; i < 60; i++)
        balancer
          .acquire(aRequest(`/${i}`), {
            tried: BACKENDS.slice(1).map((id) => balancer.backends.find((one) => one.id === id)!),
          })
          ?.release('failure');
      return states(balancer)[0];
    };
    expect(fail(aBalancer())).toBe('barred');
    expect(fail(aBalancer({ ejection: { consecutiveFailures: 3 } }))).toBe('barred');
    expect(fail(aBalancer({ ejection: false }))).toBe('up');
    expect(fail(aBalancer({ ejection: false, circuitBreaker: true }))).toBe('barred');
  });

  it('are a limit of 256 requests that wait for a response, or another one, or none', () => {
    const backends = ['http://10.0.0.1'];
    const taken = (limit: object) => {
      const balancer = aBalancer({ backends, ...limit });
      const leases = Array.from({ length: 300 }, (_, i) => balancer.acquire(aRequest(`/${i}`)));
      leases[0]?.responded(200);
      return (
        leases.filter((lease) => lease !== undefined).length +
        Number(balancer.acquire(aRequest('/')) !== undefined)
      );
    };
    expect([taken({}), taken({ maxAwaiting: 10 }), taken({ maxAwaiting: false })]).toEqual([257, 11, 301]);
  });

  it('are a limit of requests where one is set', () => {
    const balancer = aBalancer({ maxInFlight: 2 });
    const leases = Array.from({ length: 10 }, (_, i) => balancer.acquire(aRequest(`/${i}`)));
    expect(leases.filter((lease) => lease !== undefined)).toHaveLength(6);
    expect(balancer.isBusy()).toBe(true);
  });

  it('are a slow start where one is wanted', () => {
    const balancer = aBalancer({ slowStart: true });
    // Those that are there from the beginning have nobody to carry the load meanwhile.
    expect(balancer.stats().backends[0]).toMatchObject({ weight: 1, currentWeight: 1 });
    balancer.add({ url: 'http://10.0.0.9' });
    expect(balancer.stats().backends[3]).toMatchObject({ weight: 1, currentWeight: 0.1 });
  });
});

describe('the zones of a pool', () => {
  const backends = BACKENDS.map((url, i) => ({ url, zone: ['a', 'b', 'c'][i] as string }));

  it('are where its requests come from: by a header, else its own', () => {
    const balancer = aBalancer({ backends, zones: { header: 'X-Zone', own: 'b' } });
    expect(spread(balancer, (i) => ({ path: `/${i}` }))).toBe(1);
    expect(backendFor(balancer, {})).toBe(BACKENDS[1]);
    expect(backendFor(balancer, { headers: { 'x-zone': 'c' } })).toBe(BACKENDS[2]);
  });

  it('uses a subset of the backends', () => {
    const backends = Array.from({ length: 40 }, (_, i) => `http://b${i}`);
    const balancer = aBalancer({ backends, subset: { by: 'cell', cell: 1, cells: 4 } });
    expect(balancer.backends.length).toBeGreaterThan(5);
    expect(balancer.backends.length).toBeLessThan(15);
  });

  it('stand in for each other in the order that is given', () => {
    const balancer = aBalancer({ backends, zones: { own: 'a', order: ['a', 'c', 'b'] }, panicRatio: 1 });
    expect(backendFor(balancer, {})).toBe(BACKENDS[0]);
    balancer.markDown(BACKENDS[0] as string);
    expect(backendFor(balancer, {})).toBe(BACKENDS[2]);
  });
});

describe('settings that were left out', () => {
  it('are not there', () => {
    expect(Object.entries(defined({ a: undefined, b: 0, c: null, d: '' }))).toEqual([
      ['b', 0],
      ['c', null],
      ['d', ''],
    ]);
  });
});
