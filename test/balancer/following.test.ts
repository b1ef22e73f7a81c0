// How soon changes of the caller's array are seen: DESIGN "The caller's array stays the caller's".

import { describe, expect, it } from 'vitest';
import { type BackendPoolEntry, Balancer, type BalancerEvent } from '../../src/index.ts';

const SIZES = [1, 2, 3, 7, 8, 9, 15, 16, 64, 65, 100, 320];

/** A strategy that always picks one backend, so that no other entry is looked at for being picked. */
const always = (id: string) => () => ({
  name: 'always',
  bySlot: [] as unknown[],
  update(backends: readonly { id: string }[]) {
    this.bySlot = backends.filter((backend) => backend.id === id);
  },
  pick() {
    return this.bySlot[0] as never;
  },
});

const entryOf = (i: number) =>
  ({ url: `http://b${i}`, weight: 1 }) as Record<string, unknown> & { url: string };

/** How many picks it takes until an event tells of a change; `undefined` after twice the limit. */
function picksUntilSeen(balancer: Balancer<string>, limit: number): number | undefined {
  let isSeen = false;
  const end = balancer.subscribe(() => (isSeen = true));
  for (let picks = 1; picks <= 2 * limit; picks++) {
    balancer.acquire('x')?.release();
    if (isSeen) {
      end();
      return picks;
    }
  }
  return undefined;
}

describe.each(SIZES)('in a pool of %d', (n) => {
  const limit = Math.max(8, n);

  it('another entry in any place is seen within n picks, or 8, whenever it comes', () => {
    const pool = Array.from({ length: n }, (_, i) => `http://b${i}`);
    // The first entry is picked each time, and stays.
    const balancer = new Balancer<string>(pool, { strategy: always('http://b0') });
    let count = 0;
    for (const at of [n - 1, n >> 1, 1, n - 1, 0, n >> 2]) {
      if (at === 0 || at >= n) continue;
      pool[at] = `http://b${n + ++count}`;
      expect(picksUntilSeen(balancer, limit)).toBeLessThanOrEqual(limit);
      for (let i = 0; i < count * 3; i++) balancer.acquire('x')?.release();
    }
    expect(balancer.backends.map(({ url }) => url)).toEqual(pool);
  });

  it('an entry that is changed in place is seen within n picks, or 8', () => {
    const pool = Array.from({ length: n }, (_, i) => entryOf(i));
    const balancer = new Balancer<string>(pool, { strategy: always('http://b0') });
    const last = pool.at(-1) as Record<string, unknown>;
    last.url = 'http://moved';
    expect(picksUntilSeen(balancer, limit)).toBeLessThanOrEqual(limit);
    expect(balancer.has('http://moved')).toBe(true);
  });

  it('a replaced entry is never picked, and a longer or shorter array is seen at once', () => {
    const pool = Array.from({ length: n }, (_, i) => `http://b${i}`);
    const balancer = new Balancer<string>(pool);
    const take = (key: string) => {
      const lease = balancer.acquire(key);
      lease?.release();
      return lease?.backend.id;
    };
    for (let i = 0; i < 100; i++) take(`key ${i}`);
    for (const [i, at] of [0, n >> 1, n - 1].entries()) pool[at] = `http://new${i}`;
    for (let i = 0; i < 300; i++) expect(pool).toContain(take(`key ${i}`));
    // A session does not bring it back.
    const replaced = pool[0] as string;
    pool[0] = 'http://newer';
    expect(balancer.acquire('x', { session: { backend: replaced } })?.backend.id).not.toBe(replaced);
    pool.push('http://last');
    const ids: string[] = [];
    const end = balancer.subscribe((event) => event.type === 'added' && ids.push(event.backend));
    take('x');
    expect(ids).toContain('http://last');
    end();
    pool.length = 0;
    expect(take('x')).toBeUndefined();
  });
});

describe('an entry that is changed in place', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>, Record<string, unknown>]>([
    ['weight', { url: 'http://a' }, { weight: 3 }, { weight: 3 }],
    ['zone', { url: 'http://a' }, { zone: 'z' }, { zone: 'z' }],
    ['backup', { url: 'http://a' }, { backup: true }, { backup: true }],
    ['id', { url: 'http://a' }, { id: 'a' }, { id: 'a' }],
    ['url', { url: 'http://a' }, { url: 'http://c' }, { url: 'http://c' }],
    ['IPAddr', { IPAddr: '10.0.0.1', Port: 81 }, { IPAddr: '10.0.0.2' }, { url: 'http://10.0.0.2:81' }],
    ['Port', { IPAddr: '10.0.0.1', Port: 81 }, { Port: 82 }, { url: 'http://10.0.0.1:82' }],
    ['host', { host: 'a', port: 81 }, { host: 'c' }, { url: 'http://c:81' }],
    ['hostname', { hostname: 'a', port: 81 }, { hostname: 'c' }, { url: 'http://c:81' }],
    ['address', { address: '::1', port: 81 }, { address: '::2' }, { url: 'http://[::2]:81' }],
    ['port', { host: 'a', port: 81 }, { port: 82 }, { url: 'http://a:82' }],
    ['protocol', { host: 'a', port: 81 }, { protocol: 'https' }, { url: 'https://a:81' }],
    ['its form', { host: 'a', port: 81 }, { IPAddr: '10.0.0.3', Port: 83 }, { url: 'http://10.0.0.3:83' }],
  ])('is seen: %s', (_, entry, change, figures) => {
    const balancer = new Balancer<string>([entry as never, 'http://b']);
    Object.assign(entry, change);
    for (let i = 0; i < 8; i++) balancer.acquire('x')?.release();
    let isLate = false;
    balancer.subscribe(() => (isLate = true));
    expect(balancer.stats().backends[0]).toMatchObject(figures);
    expect(isLate).toBe(false);
  });

  it('has another concurrency from then on', () => {
    const entry = { url: 'http://a', concurrency: 1 };
    const balancer = new Balancer<string>([entry, 'http://b']);
    const limit = () => balancer.explain('x').candidates[0]?.flightLimit;
    const before = limit();
    entry.concurrency = 50;
    expect([before, limit()]).toEqual([2, 50]);
  });

  it('may be a URL, or have one in it', () => {
    const [a, b] = [new URL('http://a'), { url: new URL('http://b') as never }];
    const balancer = new Balancer<string>([a, b]);
    a.host = 'c';
    (b.url as URL).host = 'd';
    for (let i = 0; i < 8; i++) balancer.acquire('x')?.release();
    const added: unknown[] = [];
    balancer.subscribe((event) => added.push(event));
    expect(balancer.backends.map(({ id }) => id)).toEqual(['http://c', 'http://d']);
    expect(added).toEqual([]);
  });

  it('is seen at once by calls, and by explain, stats, plan and fingerprint in pools of any size', () => {
    const pool = Array.from({ length: 200 }, (_, i) => entryOf(i));
    const balancer = new Balancer<string>(pool);
    const { fingerprint } = balancer;
    const entry = pool[150] as Record<string, unknown>;
    entry.weight = 2;
    expect(balancer.fingerprint).not.toBe(fingerprint);
    entry.weight = 3;
    expect(balancer.stats().backends[150]?.weight).toBe(3);
    entry.url = 'http://x';
    expect(balancer.explain('key').candidates[150]?.id).toBe('http://x');
    entry.url = 'http://y';
    expect(balancer.plan({ remove: ['http://y'] }).moved).toBeGreaterThan(0);
    pool[150] = entryOf(1_000);
    expect(balancer.has('http://y')).toBe(false);
  });
});

describe('an array with mistakes in it', () => {
  it.each([3, 100])('is read all the same, and tells of each once, in a pool of %d', (n) => {
    const pool: BackendPoolEntry[] = Array.from({ length: n }, (_, i) => `http://b${i}`);
    const balancer = new Balancer<string>(pool);
    const events: BalancerEvent[] = [];
    balancer.subscribe((event) => event.type === 'rejected' && events.push(event));
    const isBad = { now: true };
    pool.push({ url: 'http://e', weight: Number.NaN });
    pool.push({
      url: 'http://f',
      get weight(): number {
        if (isBad.now) throw new Error('no weight today');
        return 1;
      },
    });
    pool.length = n + 3;
    delete pool[1];
    for (let i = 0; i < 4 * n + 32; i++) expect(balancer.acquire(`${i}`)).toBeDefined();
    const messages = [
      'backendPool[1] must be a URL, host:port, or an object with IPAddr and Port, url, or one of host, hostname and address with port, got undefined',
      `backendPool[${n}].weight must be a number from 0 to 1000, got NaN`,
      `backendPool[${n + 1}] cannot be read: no weight today`,
      `backendPool[${n + 2}] must be a URL, host:port, or an object with IPAddr and Port, url, or one of host, hostname and address with port, got undefined`,
    ];
    expect(balancer.stats().rejected.map(({ message }) => message)).toEqual(messages);
    expect(events).toHaveLength(4);
    isBad.now = false;
    expect(balancer.refresh()).toBeUndefined();
    expect(balancer.has('http://f')).toBe(true);
  });

  it('is not read again at each pick for an entry that stays wrong', () => {
    let reads = 0;
    const bad = {
      url: 'http://e',
      get weight(): number {
        reads++;
        throw new Error('no weight today');
      },
    };
    const pool: BackendPoolEntry[] = ['http://a', 'http://b'];
    const balancer = new Balancer<string>(pool);
    pool.push(bad);
    balancer.refresh();
    reads = 0;
    for (let i = 0; i < 80; i++) balancer.acquire('x')?.release();
    expect(reads).toBe(10);
  });

  it('costs little at a pick: the length, the entry that is picked, and at every eighth pick the next 8', () => {
    const source = Array.from({ length: 1_000 }, (_, i) => `http://b${i}`);
    let reads = 0;
    const pool = new Proxy(source, {
      get(target, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads++;
        return Reflect.get(target, name);
      },
    });
    const balancer = new Balancer<string>(pool);
    reads = 0;
    for (let i = 0; i < 800; i++) balancer.acquire('x')?.release();
    expect(reads).toBe(800 + 800);
  });
});

describe('entries that did not change', () => {
  it('are not checked again when others come and go, wherever they stand then', () => {
    let reads = 0;
    const entry = {
      url: 'http://a',
      get protocol() {
        reads++;
        return undefined;
      },
    };
    const pool: BackendPoolEntry[] = ['http://x', entry, 'http://b'];
    const balancer = new Balancer<string>(pool);
    reads = 0;
    pool.unshift('http://c');
    balancer.refresh();
    pool.splice(1, 1);
    expect(balancer.backends.map(({ id }) => id)).toEqual(['http://c', 'http://a', 'http://b']);
    // Read to be compared, twice for each change: never as an entry.
    expect(reads).toBeLessThanOrEqual(4);
    pool.push({ url: 'http://a', weight: 2 });
    expect(balancer.stats().backends[1]).toMatchObject({ id: 'http://a', weight: 3 });
  });
});
