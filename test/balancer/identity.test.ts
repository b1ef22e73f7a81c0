// One backend has one id in every spelling: the contract of the injected class, and the case of pools in
// which `{ IPAddr: '10.0.0.1', Port: 80 }` and `'http://10.0.0.1:80'` were two backends.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BackendPoolEntry, Balancer, type BalancerEvent, Loadbalancer } from '../../src/index.ts';

const SPELLINGS: readonly (readonly [id: string, entries: readonly BackendPoolEntry[]])[] = [
  [
    'http://10.0.0.1',
    [
      { IPAddr: '10.0.0.1', Port: 80 },
      'http://10.0.0.1:80',
      'http://10.0.0.1/',
      'HTTP://10.0.0.1',
      'http://0x0a.1',
      '10.0.0.1:80',
      new URL('http://10.0.0.1:80/'),
      { hostname: '10.0.0.1', port: '80' },
      { address: '10.0.0.1', port: 80 },
      { url: 'http://10.0.0.1' },
    ],
  ],
  ['http://10.0.0.1:8080', [{ IPAddr: '10.0.0.1', Port: 8080 }, 'http://10.0.0.1:8080/', '10.0.0.1:8080']],
  [
    'https://a.example',
    [
      { host: 'A.Example', port: 443, protocol: 'https' },
      'https://a.example:443',
      'HTTPS://A.EXAMPLE/',
      { url: 'https://a.example' },
    ],
  ],
  [
    'http://[2001:db8::1]',
    [
      { IPAddr: '2001:DB8::1', Port: 80 },
      { IPAddr: '[2001:0db8:0:0:0:0:0:1]', Port: 80 },
      'http://[2001:db8::1]/',
      '[2001:db8::1]:80',
    ],
  ],
  [
    'http://xn--mller-kva.example:81',
    [
      { IPAddr: 'müller.example', Port: 81 },
      'http://MÜLLER.example:81',
      'http://xn--mller-kva.example:81/',
      'müller.example:81',
    ],
  ],
  [
    'http://a.example/Base',
    ['http://a.example:80/Base/', 'http://A.example/x/../Base', { url: 'http://a.example/Base' }],
  ],
];

const OTHER = 'http://10.0.0.9:8080';
const textsOf = (entries: readonly BackendPoolEntry[]) =>
  entries.flatMap((entry) =>
    typeof entry === 'string' ? [entry] : entry instanceof URL ? [entry.href] : [],
  );

describe.each(SPELLINGS)('the backend %s', (id, entries) => {
  it.each(entries.map((entry) => [entry]))('is one whose pool has it as %j', (entry) => {
    const balancer = new Balancer([entry, OTHER]);
    const plain = new Balancer([id, OTHER]);
    expect(balancer.backends.map((backend) => backend.id)).toEqual([id, OTHER]);
    expect(balancer.fingerprint).toBe(plain.fingerprint);
    const keys = Array.from({ length: 200 }, (_, i) => `/${i}`);
    const homes = (of: Balancer) => keys.map((key) => of.explain(key).owner);
    expect(homes(balancer)).toEqual(homes(plain));
  });

  it.each(textsOf(entries))('hears every call that names it %s', async (spelling) => {
    const balancer = new Balancer([entries[0] as BackendPoolEntry, OTHER]);
    const events: BalancerEvent[] = [];
    balancer.subscribe((event) => events.push(event));
    balancer.markDown(spelling);
    balancer.markUp(spelling);
    const drained = balancer.drain(spelling);
    expect(balancer.stateOf(spelling)).toBe('draining');
    balancer.resume(spelling);
    await drained;
    balancer.report(spelling, { cpu: 0.5 });
    balancer.setWeight(spelling, 3);
    expect(balancer.stats().backends[0]).toMatchObject({ id, weight: 3, state: 'up' });
    expect(balancer.backends[0]).toMatchObject({ id, workload: 0.5 });
    expect(balancer.plan({ setWeight: { [spelling]: 1 } })).toEqual(
      balancer.plan({ setWeight: { [id]: 1 } }),
    );
    expect(balancer.plan({ remove: [spelling] })).toEqual(balancer.plan({ remove: [id] }));
    expect(() => balancer.add(spelling)).toThrow(`backend ${JSON.stringify(id)} is already in the pool`);
    expect(balancer.acquire('x', { session: { backend: spelling } })?.backend.id).toBe(id);
    expect(balancer.has(spelling)).toBe(true);
    balancer.remove(spelling);
    expect(balancer.has(spelling)).toBe(false);
    expect(new Set(events.map((event) => 'backend' in event && event.backend))).toEqual(new Set([id]));
  });

  it('is one backend where it is listed in all spellings, in any order, with the weights added up', () => {
    const weights = [0.1, 0.2, 0.3, 0.7, 1.1, 2.3, 0.6, 3.3, 0.9, 5.7];
    const listed = entries.map((entry, i) => {
      const form = typeof entry === 'string' || entry instanceof URL ? { url: String(entry) } : entry;
      return { ...form, weight: weights[i] as number };
    });
    const sums = new Set<number | undefined>();
    fc.assert(
      fc.property(fc.shuffledSubarray(listed, { minLength: listed.length }), (pool) => {
        const [only, ...others] = new Balancer(pool as BackendPoolEntry[]).stats().backends;
        expect([only?.id, others]).toEqual([id, []]);
        sums.add(only?.weight);
      }),
    );
    expect(sums.size).toBe(1);
  });
});

describe('the URL that requests go to', () => {
  async function sentTo(pool: BackendPoolEntry[]): Promise<string[]> {
    const urls: string[] = [];
    const service = {
      sendRequest: async (url: string) => {
        urls.push(url);
        return { status: 200, data: '' };
      },
    };
    const balancer = new Loadbalancer(service, pool, { log: () => {} });
    const writer = { writeResponse: () => {}, writeHeader: () => {}, writeError: () => {} };
    await balancer.onRequest({ id: '1', path: '/x', method: 'GET', payload: '' }, writer);
    return urls;
  }

  it.each<[BackendPoolEntry[], string]>([
    [[{ IPAddr: '10.0.0.1', Port: 80 }], 'http://10.0.0.1:80/x'],
    [['http://10.0.0.1:80'], 'http://10.0.0.1:80/x'],
    [['http://10.0.0.1/'], 'http://10.0.0.1/x'],
    [['http://A.example'], 'http://A.example/x'],
    [[{ IPAddr: '10.0.0.1', Port: 80 }, 'http://10.0.0.1'], 'http://10.0.0.1:80/x'],
    [['http://10.0.0.1', { IPAddr: '10.0.0.1', Port: 80 }], 'http://10.0.0.1/x'],
  ])('of %j is as it was written first', async (pool, url) => {
    expect(await sentTo(pool)).toEqual([url]);
  });
});

describe('an id that is not in the pool', () => {
  const balancer = new Balancer(['http://a', { id: 'b', url: 'http://b' }]);
  const message = 'the pool has no backend "http://z:80"';

  it.each<[string, (id: string) => unknown]>([
    ['markDown', (id) => balancer.markDown(id)],
    ['markUp', (id) => balancer.markUp(id)],
    ['resume', (id) => balancer.resume(id)],
    ['setWeight', (id) => balancer.setWeight(id, 1)],
    ['remove', (id) => balancer.remove(id)],
    ['report', (id) => balancer.report(id, { cpu: 0 })],
    ['stateOf', (id) => balancer.stateOf(id)],
  ])('is an error of %s', (_, call) => {
    expect(() => call('http://z:80')).toThrow(new RangeError(message));
    expect(() => call(undefined as never)).toThrow(
      new TypeError('id must be the id of a backend, got undefined'),
    );
  });

  it('is told with the one that was meant, if that is near', () => {
    const pool = new Balancer([{ id: 'cache-1', url: 'http://a' }, 'http://10.0.0.1:8080']);
    expect(() => pool.markDown('cahce-1')).toThrow(
      'the pool has no backend "cahce-1"; did you mean "cache-1"?',
    );
    expect(() => pool.remove('http://10.0.0.1:8008')).toThrow('; did you mean "http://10.0.0.1:8080"?');
    expect(() => pool.plan({ remove: ['cache1'] })).toThrow(
      'remove names "cache1", which is not in the pool; did you mean "cache-1"?',
    );
  });

  it('makes drain reject', async () => {
    await expect(balancer.drain('http://z:80')).rejects.toThrow(new RangeError(message));
  });

  it('is asked for by has', () => {
    expect([balancer.has('http://z'), balancer.has('b'), balancer.has('http://b')]).toEqual([
      false,
      true,
      false,
    ]);
    expect(balancer.has(7 as never)).toBe(false);
  });
});
