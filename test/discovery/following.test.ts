// Every shell follows a source in the same way.
import { describe, expect, it } from 'vitest';
import { balancedFetch, proxyHandler } from '../../src/adapters/fetch/index.ts';
import { BalancedDispatcher } from '../../src/adapters/undici/index.ts';
import { follow, steady } from '../../src/discovery/index.ts';
import { Balancer, Loadbalancer } from '../../src/index.ts';
import { aRequest, RecordingLogger, RecordingService, RecordingWriter, TestEnv } from '../support.ts';
import { FakeSource, settled } from './fake-source.ts';

const idsOf = ({ backends }: Balancer<never>) => backends.map(({ id }) => id);

describe('follow', () => {
  it('makes discovered backends members beside those of array and calls', async () => {
    const env = new TestEnv();
    const source = new FakeSource();
    const balancer = new Balancer([{ id: 'a', url: 'http://array' }, 'http://own'], { env });
    const following = follow(balancer, source, { env });
    await source.tell('a', { id: 'b', url: 'http://b', weight: 3, zone: 'z' });
    await following.ready;
    expect(balancer.stats().backends).toMatchObject([
      { id: 'a', url: 'http://a' },
      { id: 'http://own' },
      { id: 'b', weight: 3, zone: 'z' },
    ]);
    balancer.add('http://x');
    await source.tell('b');
    env.advance(50);
    expect(idsOf(balancer).sort()).toEqual(['a', 'b', 'http://own', 'http://x']);
    expect(balancer.stats().backends[0]?.url).toBe('http://array');
    following.close();
    await source.tell('c');
    expect(idsOf(balancer)).not.toContain('c');
  });

  it('keeps the leases and keys of a backend that moves', async () => {
    const env = new TestEnv();
    const source = new FakeSource();
    const balancer = new Balancer([], { env });
    const following = follow(balancer, source, { env });
    await source.tell('a', 'b', 'c');
    const homes = new Map(
      Array.from({ length: 50 }, (_, i) => [`k${i}`, balancer.acquire(`k${i}`)?.backend.id]),
    );
    env.advance(50);
    await source.tell('a', { id: 'b', url: 'http://elsewhere' }, 'c');
    expect(balancer.backends.find(({ id }) => id === 'b')?.url).toBe('http://elsewhere');
    for (const [key, home] of homes)
      expect(balancer.explain(key).candidates.some(({ id }) => id === home)).toBe(true);
    following.close();
  });

  it('drains what the source says is draining, and ends the drains that it began', async () => {
    const env = new TestEnv();
    const source = new FakeSource();
    const balancer = new Balancer([], { env });
    const following = follow(balancer, source, { env });
    await source.tell('a', 'b', { id: 'c', url: 'http://c', draining: true });
    expect(['a', 'b', 'c'].map((id) => balancer.stateOf(id))).toEqual(['up', 'up', 'draining']);
    void balancer.drain('b');
    env.advance(50);
    await source.tell('a', 'b', 'c');
    expect(['a', 'b', 'c'].map((id) => balancer.stateOf(id))).toEqual(['up', 'draining', 'up']);
    following.close();
  });

  it('believes a loss that health checks confirm', async () => {
    const env = new TestEnv();
    const source = new FakeSource();
    const balancer = new Balancer([], { env });
    const following = follow(balancer, source, { env });
    await source.tell('a', 'b', 'c');
    env.advance(50);
    await source.tell();
    expect(following.stats()).toMatchObject({ state: 'holding', held: 3 });
    balancer.markDown('b');
    env.advance(0);
    expect(idsOf(balancer)).toEqual(['a', 'c']);
    following.close();
  });

  it.each<[unknown, unknown, string]>([
    [{}, {}, 'discovery must be an object with a method watch, got {}'],
    [new FakeSource(), { origin: '' }, 'follow.origin must be a string with at least one character, got ""'],
    [new FakeSource(), { remembered: {} }, 'follow.remembered must be an array, got {}'],
  ])('refuses a mistake', (source, options, message) => {
    expect(() => follow(new Balancer([]), source as never, options as never)).toThrow(message);
  });
});

describe('the option discovery', () => {
  it('of a Loadbalancer fills its pool, logs trouble, and stands in its figures', async () => {
    const env = new TestEnv();
    const source = new FakeSource();
    const logger = new RecordingLogger();
    const service = new RecordingService();
    const loadbalancer = new Loadbalancer(service, [], logger, { discovery: source, env });
    const early = new RecordingWriter();
    await loadbalancer.onRequest(aRequest('/'), early);
    expect(early.errors).toHaveLength(1);
    await source.tell('a', { id: 'b', url: 'http://b', weight: -1 });
    await loadbalancer.onRequest(aRequest('/x'), new RecordingWriter());
    expect(service.calls.map(({ url }) => url)).toEqual(['http://a/x']);
    expect(loadbalancer.stats().discovery).toMatchObject({ source: 'fake', backends: 1, refused: 1 });
    expect(logger.lines.filter(([level]) => level === 'warn')).toEqual([
      [
        'warn',
        'backend discovery',
        { detail: 'fake: backends[1].weight must be a number from 0 to 1000, got -1' },
      ],
    ]);
    loadbalancer.close();
    await source.tell('c');
    expect(idsOf(loadbalancer.balancer as never)).toEqual(['a']);
  });

  it('may have settings of its own', async () => {
    const env = new TestEnv();
    const source = new FakeSource();
    const discovery = steady(source, { holdMs: 0, env });
    const loadbalancer = new Loadbalancer(new RecordingService(), [], new RecordingLogger(), { discovery });
    await source.tell('a', 'b');
    env.advance(50);
    await source.tell();
    expect(idsOf(loadbalancer.balancer as never)).toEqual([]);
    loadbalancer.close();
  });

  it.each([
    ['balancedFetch', (options: object) => balancedFetch([], options)],
    ['proxyHandler', (options: object) => proxyHandler([], options)],
    ['BalancedDispatcher', (options: object) => new BalancedDispatcher([], options)],
    ['a shared balancer', (options: object) => balancedFetch(new Balancer([]), options)],
  ])('of %s fills its pool until it is closed', async (_, make) => {
    const env = new TestEnv();
    const source = new FakeSource();
    const client = make({ discovery: source, env });
    await source.tell('a', 'b');
    expect(idsOf(client.balancer as never)).toEqual(['a', 'b']);
    expect(client.stats().discovery).toMatchObject({ source: 'fake', backends: 2 });
    void client.close();
    await source.tell('c');
    await settled();
    expect(idsOf(client.balancer as never)).toEqual(['a', 'b']);
  });

  it.each([
    [
      'Loadbalancer',
      (options: object) => new Loadbalancer(new RecordingService(), [], new RecordingLogger(), options),
    ],
    ['balancedFetch', (options: object) => balancedFetch([], options)],
  ])('of %s is checked', (_, make) => {
    expect(() => make({ discovery: 'dns' })).toThrow(
      'discovery must be an object with a method watch, got "dns"',
    );
  });
});
