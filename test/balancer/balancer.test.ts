import { describe, expect, it } from 'vitest';
import {
  type Backend,
  type BackendPoolEntry,
  Balancer,
  type BalancerEvent,
  type Lease,
} from '../../src/index.ts';
import { TestEnv, tally } from '../support.ts';

const FOUR = ['http://a', 'http://b', 'http://c', 'http://d'];

function take(balancer: Balancer, key: string): Lease {
  return balancer.acquire(key) as Lease;
}

/** Sends keys one after the other and counts who got them. */
function send(balancer: Balancer, keys: number, prefix = 'key'): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < keys; i++) {
    const lease = take(balancer, `${prefix} ${i}`);
    tally(counts, lease.backend.id);
    lease.release();
  }
  return counts;
}

function placesOf(balancer: Balancer, keys: number): string[] {
  return Array.from({ length: keys }, (_, i) => {
    const lease = take(balancer, `key ${i}`);
    lease.release();
    return lease.backend.id;
  });
}

describe('a backend of the array whose place in the world changes', () => {
  it.each<[string, object]>([
    ['zone', { zone: 'y' }],
    ['rank', { backup: true }],
  ])('stays as calls have made it: another %s', (_, change) => {
    const pool: BackendPoolEntry[] = ['http://a', 'http://b', 'http://c'].map((url) => ({ url, zone: 'x' }));
    const balancer = new Balancer(pool, { env: new TestEnv() });
    balancer.setWeight('http://a', 5);
    void balancer.drain('http://a');
    balancer.markDown('http://b');
    balancer.remove('http://c');
    for (const [i, url] of ['http://a', 'http://b', 'http://c'].entries())
      pool[i] = { url, zone: 'x', ...change };
    const states = balancer.stats().backends.map(({ id, state, weight }) => [id, state, weight]);
    expect(states).toEqual([
      ['http://a', 'draining', 5],
      ['http://b', 'down', 1],
    ]);
    pool[1] = { url: 'http://b', zone: 'x', weight: 2 };
    expect(balancer.stats().backends[1]).toMatchObject({ state: 'down', weight: 2 });
  });

  it('has a state of its own, told without looking at the others', () => {
    const pool = ['http://a', 'http://b'];
    const balancer = new Balancer(pool, { env: new TestEnv() });
    balancer.markDown('http://b');
    expect([balancer.stateOf('http://a'), balancer.stateOf('http://b')]).toEqual(['up', 'down']);
    void balancer.drain('http://b');
    expect(balancer.stateOf('http://b')).toBe('draining');
    pool.pop();
    expect(() => balancer.stateOf('http://b')).toThrow('the pool has no backend "http://b"');
  });

  it('is another backend at another address, also where it was removed', () => {
    const pool: BackendPoolEntry[] = [{ id: 'a', url: 'http://a' }, 'http://b'];
    const balancer = new Balancer(pool);
    balancer.markDown('a');
    pool[0] = { id: 'a', url: 'http://c' };
    expect(balancer.stats().backends[0]).toMatchObject({ url: 'http://c', state: 'up' });
    balancer.remove('a');
    pool[0] = { id: 'a', url: 'http://d' };
    expect(balancer.stats().backends[0]).toMatchObject({ url: 'http://d', state: 'up' });
  });
});

describe('leases', () => {
  it('count as load until they are released, once', () => {
    const balancer = new Balancer(FOUR);
    const lease = take(balancer, 'x');
    expect(lease.backend.inFlight).toBe(1);
    lease.release();
    lease.release('failure');
    lease[Symbol.dispose]();
    expect(lease.backend.inFlight).toBe(0);
    expect(balancer.stats().backends.reduce((sum, { failures }) => sum + failures, 0)).toBe(0);
  });

  it('end with their block under using', () => {
    const balancer = new Balancer(FOUR);
    {
      using lease = take(balancer, 'x');
      expect(lease.backend.inFlight).toBe(1);
    }
    expect(balancer.stats().inFlight).toBe(0);
  });

  it('tell their outcome to the statistics', () => {
    const balancer = new Balancer(['http://a']);
    take(balancer, 'x').release('failure');
    take(balancer, 'x').release('cancelled');
    take(balancer, 'x').release('success');
    take(balancer, 'x').release();
    expect(balancer.stats().backends[0]).toMatchObject({
      requests: 4,
      failures: 1,
      cancelled: 1,
      inFlight: 0,
    });
  });

  it('outlive the membership of their backend, whose count goes on when it comes back', () => {
    const pool = [...FOUR];
    const balancer = new Balancer(pool);
    const held = FOUR.map((_, i) => take(balancer, `key ${i}`));
    const gone = pool.splice(0, 4);
    expect(balancer.stats()).toMatchObject({ inFlight: 0, backends: [] });
    pool.push(...gone);
    expect(balancer.stats().inFlight).toBe(4);
    for (const lease of held) lease.release();
    expect(balancer.stats().inFlight).toBe(0);
    expect(balancer.stats().backends.every(({ inFlight }) => inFlight === 0)).toBe(true);
  });

  it('on a backend that left, once they have ended, leave nothing of it: it comes back as a new one', () => {
    const balancer = new Balancer<string>(['http://a', 'http://b']);
    const held = balancer.acquire('x', { session: { backend: 'http://a' } });
    balancer.remove('http://a');
    held?.release();
    // Takes the place in the tables that has become free.
    balancer.add('http://c');
    balancer.add('http://a');
    expect(Object.keys(send(balancer, 300)).sort()).toEqual(['http://a', 'http://b', 'http://c']);
    const requests = balancer.stats().backends.map((backend) => backend.requests);
    expect(requests.reduce((sum, count) => sum + count, 0)).toBe(300);
  });

  it('on a backend that left for good do not disturb the one that takes its place', () => {
    const pool = ['http://a'];
    const balancer = new Balancer(pool);
    const old = take(balancer, 'x');
    pool[0] = 'http://b';
    const young = take(balancer, 'x');
    expect(young.backend.id).toBe('http://b');
    old.release();
    expect(balancer.stats().inFlight).toBe(1);
    expect(young.backend.inFlight).toBe(1);
  });
});

describe('requests in flight', () => {
  it('spill a hot key over as they pile up, and let it come home', () => {
    const balancer = new Balancer(FOUR);
    const leases = Array.from({ length: 100 }, () => take(balancer, 'hot'));
    const home = leases[0]?.backend.id;
    const spilled = leases.filter((lease) => lease.spilled);
    expect(spilled.length).toBeGreaterThan(0);
    expect(spilled.every((lease) => lease.backend.id !== home)).toBe(true);
    for (const { inFlight } of balancer.stats().backends)
      expect(inFlight).toBeLessThanOrEqual(Math.ceil(1.25 * 25 + 5));
    for (const lease of leases) lease.release();
    expect(take(balancer, 'hot').backend.id).toBe(home);
    const { backends, keys } = balancer.stats();
    expect(keys).toBe(1);
    expect(backends.find(({ id }) => id === home)?.spills).toBe(spilled.length);
  });

  it('obey the strict bound with z: 0', () => {
    const balancer = new Balancer(FOUR, { bounds: { z: 0 } });
    const leases = Array.from({ length: 100 }, () => take(balancer, 'hot'));
    for (const { backend } of leases) expect(backend.inFlight).toBeLessThanOrEqual(Math.ceil(1.25 * 25));
  });

  it('are not bounded with an infinite factor', () => {
    const balancer = new Balancer(FOUR, { bounds: { factor: Number.POSITIVE_INFINITY } });
    const leases = Array.from({ length: 100 }, () => take(balancer, 'hot'));
    expect(new Set(leases.map(({ backend }) => backend.id)).size).toBe(1);
  });
});

describe('a backend that is down', () => {
  it('gets nothing, and no key of another backend moves', () => {
    const balancer = new Balancer(FOUR);
    const before = placesOf(balancer, 400);
    balancer.markDown('http://b');
    const meanwhile = placesOf(balancer, 400);
    expect(meanwhile).not.toContain('http://b');
    expect(meanwhile.filter((id, i) => before[i] !== 'http://b' && id !== before[i])).toEqual([]);
  });

  it('leaves the rest evenly loaded', () => {
    const balancer = new Balancer(FOUR);
    balancer.markDown('http://b');
    expect(Object.values(send(balancer, 9))).toEqual([3, 3, 3]);
  });

  it('gets its keys back when it is up again', () => {
    const balancer = new Balancer(FOUR);
    const before = placesOf(balancer, 400);
    balancer.markDown('http://b');
    placesOf(balancer, 400);
    balancer.markUp('http://b');
    expect(placesOf(balancer, 400)).toEqual(before);
  });

  it('gets its fair share back of keys that were new in the meantime', () => {
    const balancer = new Balancer(FOUR);
    balancer.markDown('http://b');
    send(balancer, 1_000);
    balancer.markUp('http://b');
    expect(send(balancer, 1_000)['http://b']).toBeGreaterThan(200);
  });

  it('is used all the same in panic, when more than the panic ratio of the pool is out', () => {
    const balancer = new Balancer(FOUR, { pool: { panicRatio: 0.5 } });
    const events: BalancerEvent[] = [];
    balancer.subscribe((event) => events.push(event));
    balancer.markDown('http://a');
    balancer.markDown('http://b');
    expect(balancer.stats().panic).toBe(false);
    expect(Object.keys(send(balancer, 100)).sort()).toEqual(['http://c', 'http://d']);
    balancer.markDown('http://c');
    expect(balancer.stats().panic).toBe(true);
    expect(Object.keys(send(balancer, 100)).sort()).toEqual(FOUR);
    balancer.markUp('http://a');
    expect(balancer.stats().panic).toBe(false);
    expect(events.filter(({ type }) => type === 'panic')).toEqual([
      { type: 'panic', panic: true },
      { type: 'panic', panic: false },
    ]);
  });

  it('causes no panic by default', () => {
    const balancer = new Balancer(FOUR);
    for (const id of FOUR) balancer.markDown(id);
    expect(balancer.stats().panic).toBe(false);
  });
});

describe('membership', () => {
  it('takes additions and removals beside the caller’s array', () => {
    const pool = [...FOUR];
    const balancer = new Balancer(pool);
    balancer.add({ url: 'http://e', id: 'fifth' });
    expect(() => balancer.add('http://a')).toThrow('backend "http://a" is already in the pool');
    balancer.remove('http://a');
    expect(balancer.has('http://a')).toBe(false);
    pool.push('http://f');
    expect(balancer.backends.map(({ id }) => id)).toEqual([
      'http://b',
      'http://c',
      'http://d',
      'http://f',
      'fifth',
    ]);
    pool.splice(pool.indexOf('http://a'), 1);
    balancer.stats();
    pool.push('http://a');
    expect(balancer.backends.map(({ id }) => id)).toContain('http://a');
  });

  it('adds up the weights of a backend that is listed twice', () => {
    const balancer = new Balancer([{ url: 'http://a', weight: 2 }, 'http://b', { IPAddr: 'a', Port: 80 }]);
    expect(balancer.stats().backends.map(({ id, weight }) => [id, weight])).toEqual([
      ['http://a', 3],
      ['http://b', 1],
    ]);
  });

  it('refuses two URLs under one id', () => {
    const pool = [
      { url: 'http://a', id: 'x' },
      { url: 'http://b', id: 'x' },
    ];
    expect(() => new Balancer(pool)).toThrow(
      'backendPool[1].id "x" already stands for http://a at backendPool[0], got http://b',
    );
  });

  it('keeps a weight that was set until the array gives another', () => {
    const entry = { url: 'http://a', weight: 1 };
    const pool: BackendPoolEntry[] = [entry, 'http://b'];
    const balancer = new Balancer(pool);
    balancer.setWeight('http://a', 5);
    pool.push('http://c');
    expect(balancer.stats().backends[0]?.weight).toBe(5);
    entry.weight = 2;
    expect(balancer.stats().backends[0]?.weight).toBe(2);
    expect(() => balancer.setWeight('http://a', Number.NaN)).toThrow(
      'weight must be a number from 0 to 1000, got NaN',
    );
  });

  it('survives an entry that stays wrong, and one whose getter throws', () => {
    const pool: BackendPoolEntry[] = [...FOUR];
    const balancer = new Balancer(pool);
    const events: BalancerEvent[] = [];
    balancer.subscribe((event) => events.push(event));
    pool.push({ url: 'http://e', weight: Number.NaN });
    pool.push({
      url: 'http://f',
      get weight(): number {
        throw new Error('no weight today');
      },
    });
    send(balancer, 20);
    expect(balancer.stats().rejected.map(({ message }) => message)).toEqual([
      'backendPool[4].weight must be a number from 0 to 1000, got NaN',
      'backendPool[5] cannot be read: no weight today',
    ]);
    expect(events.filter(({ type }) => type === 'rejected')).toHaveLength(2);
  });

  it.each([
    ['length', 4],
    ['index', 4],
    ['index', 100],
  ])('keeps what it has while the array throws when it is read: its %s, of %d', (what, size) => {
    const list = Array.from({ length: size }, (_, i) => `http://b${i}`);
    const thrower = what === 'length' ? 'length' : '2';
    let isBroken = false;
    const pool = new Proxy(list, {
      get(target, property) {
        if (isBroken && property === thrower) throw new Error('no pool today');
        return Reflect.get(target, property);
      },
    });
    const balancer = new Balancer(pool);
    const events: BalancerEvent[] = [];
    balancer.subscribe((event) => events.push(event));
    const { backends, fingerprint } = balancer;
    isBroken = true;
    list.push('http://new');
    send(balancer, 50);
    expect(balancer.backends).toEqual(backends);
    expect(balancer.fingerprint).toBe(fingerprint);
    const rejected = { index: -1, message: 'backendPool cannot be read: no pool today' };
    expect(balancer.stats().rejected).toEqual([rejected]);
    expect(events).toEqual([{ type: 'rejected', ...rejected }]);
    isBroken = false;
    expect(balancer.backends).toHaveLength(size + 1);
    expect(balancer.stats().rejected).toEqual([]);
  });

  it('refuses an array that cannot be read to begin with', () => {
    const pool = new Proxy([], {
      get() {
        throw new Error('no pool today');
      },
    });
    expect(() => new Balancer(pool)).toThrow('backendPool cannot be read: no pool today');
  });

  it('reports what happens', () => {
    const events: string[] = [];
    const balancer = new Balancer([...FOUR]);
    balancer.subscribe(() => {
      throw new Error('a bad listener');
    });
    const end = balancer.subscribe((event) =>
      events.push('backend' in event ? `${event.type} ${event.backend}` : event.type),
    );
    balancer.add('http://e');
    balancer.markDown('http://a');
    balancer.markDown('http://a');
    balancer.markUp('http://a');
    balancer.remove('http://e');
    end();
    balancer.remove('http://a');
    expect(events).toEqual(['added http://e', 'down http://a', 'up http://a', 'removed http://e']);
  });
});

it('tells that a backend takes requests again once its weight is above 0, but not while it drains', () => {
  const pool = [{ url: 'http://a', weight: 0 }, 'http://b'];
  const balancer = new Balancer(pool);
  const events: string[] = [];
  balancer.subscribe((event) =>
    events.push('backend' in event ? `${event.type} ${event.backend}` : event.type),
  );
  pool[0] = { url: 'http://a', weight: 2 };
  expect(balancer.backends).toHaveLength(2);
  expect(events).toEqual(['resumed http://a']);
  void balancer.drain('http://b');
  for (const weight of [0, 1, 2]) balancer.setWeight('http://b', weight);
  expect(events.slice(1)).toEqual(['draining http://b', 'drained http://b']);
});

describe('drain', () => {
  it('takes no new request and resolves when the last lease has ended', async () => {
    const balancer = new Balancer(['http://a', 'http://b']);
    const held = take(balancer, 'x');
    let drained = false;
    const pending = balancer.drain(held.backend.id).then(() => (drained = true));
    for (const id of Object.keys(send(balancer, 50))) expect(id).not.toBe(held.backend.id);
    await Promise.resolve();
    expect(drained).toBe(false);
    held.release();
    await pending;
    expect(drained).toBe(true);
    expect(balancer.stats().backends.find(({ id }) => id === held.backend.id)?.state).toBe('draining');
    balancer.resume(held.backend.id);
    expect(Object.keys(send(balancer, 50))).toHaveLength(2);
  });

  it('is over once it is lifted: a backend that is idle then is not drained', async () => {
    const balancer = new Balancer(FOUR);
    const held = take(balancer, 'x');
    const events: string[] = [];
    balancer.subscribe(({ type }) => events.push(type));
    const pending = balancer.drain(held.backend.id);
    balancer.resume(held.backend.id);
    held.release();
    await pending;
    expect(events).toEqual(['draining', 'resumed']);
  });

  it('is not lifted by panic', () => {
    const balancer = new Balancer(FOUR, { pool: { panicRatio: 0.5 } });
    void balancer.drain('http://a');
    for (const id of ['http://b', 'http://c', 'http://d']) balancer.markDown(id);
    expect(balancer.stats().panic).toBe(true);
    expect(Object.keys(send(balancer, 100)).sort()).toEqual(['http://b', 'http://c', 'http://d']);
  });

  it('resolves at once for an idle backend', async () => {
    const balancer = new Balancer(FOUR);
    await balancer.drain('http://a');
    expect(balancer.stateOf('http://a')).toBe('draining');
  });
});

describe('failover', () => {
  it('leaves out what was tried, until nobody is left', () => {
    const balancer = new Balancer(FOUR);
    const tried = [];
    for (let i = 0; i < 4; i++) {
      const lease = balancer.acquire('x', { tried }) as Lease;
      expect(tried).not.toContain(lease.backend);
      tried.push(lease.backend);
      lease.release('failure');
    }
    expect(balancer.acquire('x', { tried })).toBeUndefined();
    expect(balancer.stats().backends.reduce((sum, { spills }) => sum + spills, 0)).toBe(0);
  });

  it('gives those that are left the share of the one that was tried', () => {
    const balancer = new Balancer<string>(['http://a', 'http://b']);
    const [a] = balancer.backends as [Backend, Backend];
    // Sessions go past the bound: of all requests, `b` has more than its share as one of two backends.
    for (let i = 0; i < 12; i++) balancer.acquire(`key ${i}`, { session: { backend: 'http://b' } });
    expect(balancer.acquire('new')?.backend.id).toBe('http://a');
    for (let i = 0; i < 5; i++) {
      expect(balancer.acquire(`retry ${i}`, { tried: [a] })?.backend.id).toBe('http://b');
    }
  });
});

describe('a key that is no text', () => {
  it('is taken as text where it is a number, and as none otherwise', () => {
    const balancer = new Balancer<unknown>(FOUR, { key: (request) => request as string });
    expect(balancer.explain(7).key).toBe('7');
    for (const odd of [null, {}, [], true]) expect(balancer.explain(odd).key).toBeUndefined();
  });
});

describe('requests without a key', () => {
  it('are spread by weight and not remembered', () => {
    const balancer = new Balancer<string | undefined>([{ url: 'http://a', weight: 3 }, 'http://b'], {
      key: (request) => request,
      env: new TestEnv(),
    });
    const counts: Record<string, number> = {};
    for (let i = 0; i < 2_000; i++) {
      const lease = balancer.acquire(undefined) as Lease;
      tally(counts, lease.backend.id);
      lease.release();
    }
    expect((counts['http://a'] ?? 0) / 2_000).toBeCloseTo(0.75, 1);
    expect(balancer.stats().keys).toBe(0);
  });
});

describe('reports', () => {
  it('steer the strategy least-workload by the most used resource', () => {
    const balancer = new Balancer(['http://a', 'http://b', 'http://c'], {
      strategy: 'least-workload',
      env: new TestEnv(),
    });
    balancer.report('http://a', { cpu: 0.2, memory: 0.8 });
    balancer.report('http://b', { cpu: 0.2, network: 0.1 });
    balancer.report('http://c', { cpu: 0.1, gpu: 0.4 });
    // Shares of 1/0.8, 1/0.2 and 1/0.4, after a round in which the reports are read.
    send(balancer, 30);
    const counts = send(balancer, 700);
    for (const [id, share] of [
      ['http://a', 100],
      ['http://b', 400],
      ['http://c', 200],
    ] as const)
      expect(Math.abs((counts[id] ?? 0) - share)).toBeLessThanOrEqual(3);
    expect(() => balancer.report('http://a', { cpu: 1.5 })).toThrow(
      'cpu must be a number from 0 to 1, got 1.5',
    );
  });
});

describe('the fingerprint', () => {
  const fingerprint = (pool: BackendPoolEntry[], options = {}) => new Balancer(pool, options).fingerprint;

  it('is the same in any order and any form of the pool', () => {
    const given = [...FOUR, { url: 'http://e', weight: 2 }, { IPAddr: '10.0.0.1', Port: 81 }];
    expect(fingerprint([...given].reverse())).toBe(fingerprint(given));
    expect(fingerprint(['http://10.0.0.1:81'])).toBe(fingerprint([{ IPAddr: '10.0.0.1', Port: 81 }]));
    expect(fingerprint(FOUR)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('differs with members, weights, strategy and seed', () => {
    const prints = [
      fingerprint(FOUR),
      fingerprint(FOUR.slice(1)),
      fingerprint([...FOUR.slice(1), { url: 'http://a', weight: 2 }]),
      fingerprint(FOUR, { strategy: 'maglev' }),
      fingerprint(FOUR, { seed: 7 }),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('follows the caller’s array', () => {
    const pool = [...FOUR];
    const balancer = new Balancer(pool);
    const before = balancer.fingerprint;
    pool.pop();
    expect(balancer.fingerprint).not.toBe(before);
    pool.push('http://d');
    expect(balancer.fingerprint).toBe(before);
  });
});

describe('a seed', () => {
  it('moves keys to other homes', () => {
    const [plain, seeded] = [new Balancer(FOUR), new Balancer(FOUR, { seed: 12345 })];
    expect(placesOf(seeded, 200)).not.toEqual(placesOf(plain, 200));
    expect(placesOf(new Balancer(FOUR, { seed: 12345 }), 200)).toEqual(placesOf(seeded, 200));
  });
});

describe('hashOf', () => {
  it('is the hash that a dry run tells, and undefined without a key', () => {
    for (const strategy of ['consistent-hash', 'round-robin'] as const) {
      const balancer = new Balancer(['http://a', 'http://b'], { strategy, seed: 7 });
      expect(balancer.hashOf('/a?b')).toBe(balancer.explain('/a?b').hash);
    }
    const keyless = new Balancer<{ key?: string }>(['http://a'], { key: ({ key }) => key });
    expect(keyless.hashOf({})).toBeUndefined();
  });

  it('goes with leases that say whether their key was known', () => {
    const balancer = new Balancer(['http://a', 'http://b']);
    expect(balancer.acquire('/a')?.remembered).toBe(false);
    expect(balancer.acquire('/a')?.remembered).toBe(true);
    expect(new Balancer(['http://a'], { strategy: 'random' }).acquire('/a')?.remembered).toBe(false);
  });
});
