// Sources of backends set their part of the pool as a whole: the section "Discovery" of the design for
// fleets, and "replace(entries) sets the whole pool in one pass" of the cases of ordinary life.

import { describe, expect, it } from 'vitest';
import { type BackendPoolEntry, Balancer, type BalancerEvent } from '../../src/index.ts';
import { TestEnv } from '../support.ts';

const idsOf = (balancer: Balancer) => balancer.backends.map(({ id }) => id);
const weightsOf = (balancer: Balancer) => balancer.stats().backends.map(({ id, weight }) => [id, weight]);

function observed(balancer: Balancer): BalancerEvent[] {
  const events: BalancerEvent[] = [];
  balancer.subscribe((event) => events.push(event));
  return events;
}

describe('replace', () => {
  it('sets the pool in one pass: with the fewest events, and leases, keys and health of those that stay', () => {
    const updates: number[] = [];
    const strategy = () => ({
      name: 'counting',
      update: (backends: readonly unknown[]) => updates.push(backends.length),
      pick: () => undefined,
    });
    const counting = new Balancer([], { strategy });
    counting.replace(['http://a', 'http://b', 'http://c']);
    counting.replace(['http://b', 'http://d']);
    expect(updates).toEqual([0, 3, 2]);

    const balancer = new Balancer([]);
    balancer.replace(['http://a', 'http://b', 'http://c']);
    const leases = Array.from({ length: 30 }, (_, i) => balancer.acquire(`key ${i}`));
    balancer.markDown('http://b');
    const before = balancer.stats().backends.find(({ id }) => id === 'http://b');
    const events = observed(balancer);
    balancer.replace(['http://d', { IPAddr: 'b', Port: 80 }]);
    expect(events).toEqual([
      { type: 'removed', backend: 'http://a' },
      { type: 'removed', backend: 'http://c' },
      { type: 'added', backend: 'http://d' },
    ]);
    const { share: _, ...figures } = before as NonNullable<typeof before>;
    expect(balancer.stats().backends[1]).toMatchObject({ ...figures, url: 'http://b:80', state: 'down' });
    expect(figures.keys).toBeGreaterThan(0);
    for (const lease of leases) lease?.release();
    expect(balancer.stats().inFlight).toBe(0);
  });

  it('without an origin is for a pool that has no array to follow, and ends its being followed', () => {
    const pool: BackendPoolEntry[] = ['http://a'];
    const balancer = new Balancer(pool);
    expect(() => balancer.replace(['http://b'])).toThrow(
      new TypeError(
        'replace must have an origin where the pool follows an array: change that array, or name the origin of the entries',
      ),
    );
    expect(idsOf(balancer)).toEqual(['http://a']);
    pool.pop();
    balancer.replace(['http://b']);
    pool.push('http://c');
    balancer.refresh();
    expect([idsOf(balancer), balancer.stats().rejected]).toEqual([['http://b'], []]);
    balancer.replace([]);
    expect(idsOf(balancer)).toEqual([]);
  });

  it('takes a copy', () => {
    const balancer = new Balancer([]);
    const entry = { url: 'http://a', weight: 1 };
    const entries = [entry];
    balancer.replace(entries);
    entry.weight = 2;
    entries.push({ url: 'http://b', weight: 1 });
    for (let i = 0; i < 8; i++) balancer.acquire('x')?.release();
    expect(weightsOf(balancer)).toEqual([['http://a', 1]]);
  });

  it('lets the backends of other origins stay', () => {
    const pool: BackendPoolEntry[] = ['http://a'];
    const balancer = new Balancer(pool);
    balancer.add('http://x');
    balancer.replace(['http://b', 'http://c'], 'dns');
    balancer.replace(['http://d'], 'file');
    balancer.replace(['http://c'], 'dns');
    expect(idsOf(balancer).sort()).toEqual(['http://a', 'http://c', 'http://d', 'http://x']);
    pool.push('http://e');
    balancer.replace([], 'file');
    expect(idsOf(balancer).sort()).toEqual(['http://a', 'http://c', 'http://e', 'http://x']);
  });

  it('of one backend by several origins lets that of add count, then the first named one, then the array', () => {
    const pool: BackendPoolEntry[] = [{ url: 'http://a', weight: 1 }];
    const balancer = new Balancer(pool);
    balancer.replace([{ url: 'http://a:80', weight: 2 }], 'dns');
    balancer.replace([{ url: 'http://a', weight: 3, zone: 'z' }], 'file');
    expect(weightsOf(balancer)).toEqual([['http://a', 2]]);
    balancer.remove('http://a');
    balancer.add({ url: 'http://a', weight: 4 });
    expect(weightsOf(balancer)).toEqual([['http://a', 4]]);
    const held = balancer.acquire('x');
    balancer.replace([{ url: 'http://a', weight: 5 }], 'admin');
    expect(weightsOf(balancer)).toEqual([['http://a', 5]]);
    balancer.replace([], 'admin');
    balancer.replace([], 'dns');
    expect(balancer.stats().backends).toMatchObject([{ id: 'http://a', weight: 3, zone: 'z', inFlight: 1 }]);
    balancer.replace([], 'file');
    expect(balancer.stats().backends).toMatchObject([
      { id: 'http://a', weight: 1, zone: undefined, inFlight: 1 },
    ]);
    pool.pop();
    expect(idsOf(balancer)).toEqual([]);
    held?.release();
  });

  it('does not bring back what was removed by hand, until no origin has listed it', () => {
    const balancer = new Balancer([]);
    balancer.replace(['http://a', 'http://b'], 'dns');
    balancer.remove('http://a');
    balancer.replace(['http://a', 'http://b', 'http://c'], 'dns');
    expect(idsOf(balancer)).toEqual(['http://b', 'http://c']);
    balancer.replace(['http://b'], 'dns');
    balancer.replace(['http://a', 'http://b'], 'dns');
    expect(idsOf(balancer)).toEqual(['http://a', 'http://b']);
  });

  it('does not keep out what nothing listed when it was removed', () => {
    const pool: BackendPoolEntry[] = ['http://a'];
    const balancer = new Balancer(pool);
    balancer.add('http://b');
    balancer.remove('http://b');
    pool.push('http://b');
    expect(idsOf(balancer)).toEqual(['http://a', 'http://b']);
  });

  it('without an origin has the last word on what was removed', () => {
    const balancer = new Balancer([]);
    balancer.replace(['http://a', 'http://b']);
    balancer.remove('http://a');
    balancer.replace(['http://a', 'http://b']);
    expect(idsOf(balancer)).toEqual(['http://a', 'http://b']);
  });

  it('keeps a weight that was set until the list gives another', () => {
    const balancer = new Balancer([]);
    balancer.replace(['http://a', 'http://b'], 'dns');
    balancer.setWeight('http://a', 3);
    balancer.replace(['http://b', 'http://a'], 'dns');
    expect(weightsOf(balancer)).toEqual([
      ['http://b', 1],
      ['http://a', 3],
    ]);
    balancer.replace(['http://b', { url: 'http://a', weight: 2 }], 'dns');
    expect(weightsOf(balancer).at(-1)).toEqual(['http://a', 2]);
  });

  it.each<[string, unknown, unknown, string]>([
    ['no array', 'http://a', 'dns', 'entries must be an array of backends, got "http://a"'],
    ['an origin without a name', [], '', 'origin must be a string with at least one character, got ""'],
    [
      'an invalid entry',
      ['http://z', { url: 'ftp://a' }],
      'dns',
      'entries[1].url must be host:port, or an http or https URL',
    ],
    ['a hole', Object.assign(new Array(2), { 1: 'http://z' }), 'dns', 'entries[0] must be a URL'],
    [
      'one id for two',
      [
        { id: 'a', url: 'http://a' },
        { id: 'a', url: 'http://z' },
      ],
      'dns',
      'entries[1].id "a" already stands for http://a at entries[0], got http://z',
    ],
  ])('refuses %s, and changes nothing', (_, entries, origin, message) => {
    const balancer = new Balancer(['http://b']);
    balancer.replace(['http://c'], 'dns');
    const events = observed(balancer);
    expect(() => balancer.replace(entries as never, origin as never)).toThrow(message);
    expect([idsOf(balancer), events]).toEqual([['http://b', 'http://c'], []]);
  });

  it('passes to the balancer that takes over', () => {
    const before = new Balancer(['http://a', 'http://b']);
    before.replace(['http://c', { url: 'http://b', weight: 2 }], 'dns');
    before.setWeight('http://c', 7);
    before.remove('http://b');
    const after = new Balancer(['http://a', 'http://b']);
    after.takeOver(before);
    expect(weightsOf(after)).toEqual([
      ['http://a', 1],
      ['http://c', 7],
    ]);
    after.replace(['http://b'], 'dns');
    expect(idsOf(after)).toEqual(['http://a']);
  });
});

describe('drain with a deadline', () => {
  it('tells how many leases are left when it comes, and goes on draining', async () => {
    const env = new TestEnv();
    const balancer = new Balancer(['http://a'], { env });
    const events = observed(balancer);
    const lease = balancer.acquire('x');
    const drained = balancer.drain('http://a', { deadlineMs: 1_000 });
    env.advance(999);
    await expect(Promise.race([drained, Promise.resolve('waiting')])).resolves.toBe('waiting');
    env.advance(1);
    await expect(drained).resolves.toBe(1);
    expect(balancer.stateOf('http://a')).toBe('draining');
    lease?.release();
    expect(events.map(({ type }) => type)).toEqual(['draining']);
  });

  it('is over when the last lease has ended, without a timer left', async () => {
    const env = new TestEnv();
    const balancer = new Balancer(['http://a'], { env });
    const lease = balancer.acquire('x');
    const drains = [balancer.drain('http://a', { deadlineMs: 1_000 }), balancer.drain('http://a')];
    lease?.release();
    await expect(Promise.all(drains)).resolves.toEqual([0, 0]);
    expect(env.pendingTimers).toBe(0);
  });

  it.each<[unknown, string]>([
    [1_000, 'the options of drain must be an object, got 1000'],
    [{ deadline: 1 }, 'drain.deadline is not an option; did you mean "deadlineMs"?'],
    [{ deadlineMs: 0 }, 'drain.deadlineMs must be a number of milliseconds above 0'],
    [
      { sessionsMs: Number.NaN },
      'drain.sessionsMs must be a finite number of milliseconds of at least 0, got NaN',
    ],
  ])('refuses %j', async (options, message) => {
    const balancer = new Balancer(['http://a']);
    await expect(balancer.drain('http://a', options as never)).rejects.toThrow(message);
    expect(balancer.stateOf('http://a')).toBe('up');
  });
});

it('makes JSON of a backend: what callers see of it', () => {
  const balancer = new Balancer([{ url: 'http://a', zone: 'z', weight: 2 }, 'http://b']);
  const lease = balancer.acquire('x', { session: { backend: 'http://a' } });
  balancer.report('http://a', { cpu: 0.5 });
  expect(JSON.parse(JSON.stringify(lease?.backend))).toEqual({
    id: 'http://a',
    url: 'http://a',
    zone: 'z',
    backup: false,
    weight: 2,
    nominalWeight: 2,
    inFlight: 1,
    keys: 0,
    workload: 0.5,
  });
  expect(JSON.parse(JSON.stringify(balancer.backends))).toHaveLength(2);
});
