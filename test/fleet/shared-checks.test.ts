// Members of a fleet that check backends for each other, on a store in memory and a clock moved by hand.
import { afterEach, describe, expect, it } from 'vitest';
import type { HTTPService, Request } from '../../src/contracts.ts';
import {
  type FleetMember,
  type FleetStore,
  type JoinFleetOptions,
  joinFleet,
  memoryFleet,
  type SharedChecks,
  type SpaceListener,
  shareChecks,
} from '../../src/fleet/index.ts';
import { HealthChecker } from '../../src/health/health-checker.ts';
import type { HealthCheckOptions } from '../../src/health/health-options.ts';
import { type BackendPoolEntry, Balancer, outlierEjection } from '../../src/index.ts';
import { TestEnv } from '../support.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A store that can be away, lose all, or refuse what is written. */
class ShakyStore implements FleetStore {
  #store: FleetStore;
  readonly #listening = new Set<{ space: string; listener: SpaceListener; end: () => void }>();
  readonly #env: TestEnv;
  isAway = false;
  isReadOnly = false;
  puts = 0;

  constructor(env: TestEnv) {
    this.#env = env;
    this.#store = memoryFleet({ env });
  }

  claim: FleetStore['claim'] = (...args) =>
    this.#unless(this.isAway || this.isReadOnly, () => this.#store.claim(...args));
  load: FleetStore['load'] = (...args) => this.#unless(this.isAway, () => this.#store.load(...args));
  put: FleetStore['put'] = (...args) => {
    this.puts++;
    return this.#unless(this.isAway || this.isReadOnly, () => this.#store.put(...args));
  };

  listen(space: string, listener: SpaceListener): () => void {
    const entry = { space, listener, end: this.#store.listen(space, listener) };
    this.#listening.add(entry);
    return () => {
      entry.end();
      this.#listening.delete(entry);
    };
  }

  /** All connections break. */
  leave(): void {
    this.isAway = true;
    for (const { end, listener } of this.#listening) {
      end();
      listener.lost(new Error('gone'));
    }
  }

  /** It is back, and has lost all. */
  return(): void {
    this.isAway = false;
    this.#store = memoryFleet({ env: this.#env });
    for (const entry of this.#listening) entry.end = this.#store.listen(entry.space, entry.listener);
  }

  async #unless<T>(fails: boolean, call: () => Promise<T>): Promise<T> {
    if (fails) throw new Error(this.isAway ? 'away' : 'READONLY');
    return call();
  }
}

interface Node {
  readonly member: FleetMember;
  readonly balancer: Balancer;
  readonly shared: SharedChecks;
  readonly env: TestEnv;
  readonly pool: BackendPoolEntry[];
  /** Backends that this one alone cannot reach. */
  readonly unreachable: Set<string>;
  isDown(id: string): boolean;
  crash(): void;
}

const CHECKS: HealthCheckOptions = { intervalMs: 500, request: { timeoutMs: 500 } };
const urls = (count: number) => Array.from({ length: count }, (_, i) => `http://10.0.${i >> 8}.${i & 255}`);

function aFleet() {
  const env = new TestEnv(11);
  const store = new ShakyStore(env);
  const failing = new Set<string>();
  /** Checks by backend and by node. */
  const checks: { at: number; backend: string; node: number }[] = [];
  const lines: string[] = [];
  const nodes: Node[] = [];
  /** What backends say of their load. */
  const bodies = new Map<string, string>();

  function join(
    backends: readonly string[],
    {
      health = CHECKS,
      member: more = {},
      pool: name = 'shop',
      definition,
    }: {
      health?: HealthCheckOptions;
      member?: JoinFleetOptions;
      pool?: string;
      definition?: string;
    } = {},
  ): Node {
    const number = nodes.length;
    const pool: BackendPoolEntry[] = [...backends];
    const balancer = new Balancer<string>(pool, {
      env,
      strategy: 'least-workload',
      guards: [outlierEjection()],
    });
    const unreachable = new Set<string>();
    let isCrashed = false;
    const service: HTTPService = {
      async sendRequest(url: string, _request: Request) {
        const { origin } = new URL(url);
        if (isCrashed) return new Promise(() => {});
        checks.push({ at: env.nowMs, backend: origin, node: number });
        if (unreachable.has(origin)) throw new Error('no route');
        return { status: failing.has(origin) ? 503 : 200, data: bodies.get(origin) ?? '' };
      },
    };
    const own: FleetStore = store;
    const member = joinFleet(
      {
        claim: (...args) => own.claim(...args),
        put: (...args) => (isCrashed ? new Promise(() => {}) : own.put(...args)),
        load: (...args) => own.load(...args),
        listen: (space, listener) =>
          own.listen(space, {
            changed: (held) => isCrashed || listener.changed(held),
            joined: () => isCrashed || listener.joined(),
            lost: (error) => isCrashed || listener.lost(error),
          }),
      },
      { env, report: (line) => lines.push(line), ...more },
    );
    const checker = new HealthChecker(balancer as Balancer<unknown>, service, { ...health, env });
    const shared = shareChecks(checker, member, {
      pool: name,
      ...(definition && { definition }),
    });
    const crash = () => {
      isCrashed = true;
      checker.close();
    };
    ends.push(() => {
      shared.close();
      checker.close();
      void member.close();
    });
    const node = {
      member,
      balancer: balancer as Balancer,
      shared,
      env,
      pool,
      unreachable,
      isDown: (id: string) => balancer.stateOf(id) === 'down',
      crash,
    };
    nodes.push(node);
    return node;
  }

  async function pass(ms: number, stepMs = 10): Promise<void> {
    for (const until = env.nowMs + ms; env.nowMs < until; ) {
      env.advance(Math.min(stepMs, until - env.nowMs));
      for (let i = 0; i < 12; i++) await null;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Checks a second, over a while. */
  async function rate(ms = 5_000): Promise<number> {
    const before = checks.length;
    await pass(ms);
    return ((checks.length - before) * 1_000) / ms;
  }

  /** Passes time until all nodes say so. @returns when the first and the last did */
  async function until(
    holds: (node: Node) => boolean,
    limitMs = 20_000,
    which = nodes,
  ): Promise<[number, number]> {
    const beganAt = env.nowMs;
    const at = new Map<Node, number>();
    while (at.size < which.length) {
      if (env.nowMs - beganAt > limitMs) throw new Error(`after ${limitMs} ms ${at.size} of ${which.length}`);
      await pass(10);
      for (const node of which) if (!at.has(node) && holds(node)) at.set(node, env.nowMs - beganAt);
    }
    return [Math.min(...at.values()), Math.max(...at.values())];
  }
  const checkersOf = async (backend: string, ms = 2_000) => {
    const from = checks.length;
    await pass(ms);
    return [
      ...new Set(
        checks
          .slice(from)
          .filter((one) => one.backend === backend)
          .map(({ node }) => node),
      ),
    ].sort();
  };
  return { env, store, failing, checks, lines, nodes, bodies, join, pass, rate, until, checkersOf };
}

const [A, B, C] = urls(3) as [string, string, string];

describe('members of a fleet', () => {
  it('check each backend by two, whoever they are', async () => {
    const { join, pass, rate, nodes, checkersOf } = aFleet();
    for (let i = 0; i < 8; i++) join(urls(20));
    await pass(5_000);
    expect(await rate()).toBeLessThan(90);
    expect(await rate()).toBeGreaterThan(70);
    for (const backend of urls(20)) expect(await checkersOf(backend)).toHaveLength(2);
    const own = nodes.map(({ shared }) => shared.stats().own);
    expect(own.reduce((sum, count) => sum + count)).toBe(40);
    // None has much more than its part, which is 5.
    expect(Math.max(...own)).toBeLessThan(11);
    expect(nodes[0]?.shared.stats()).toMatchObject({ connected: true, members: 8, strangers: 0, alone: 0 });
    expect(nodes[0]?.shared.stats().ageMs).toBeLessThan(3_000);
  });

  it('know of a failure and of a recovery at the same time', async () => {
    const { join, pass, until, failing } = aFleet();
    for (let i = 0; i < 8; i++) join(urls(20));
    await pass(5_000);
    failing.add(A);
    const [first, last] = await until(({ isDown }) => isDown(A));
    expect(last - first).toBeLessThanOrEqual(20);
    expect(last).toBeLessThan(3_000);
    failing.delete(A);
    const [firstUp, lastUp] = await until(({ isDown }) => !isDown(A));
    expect(lastUp - firstUp).toBeLessThanOrEqual(20);
  });

  it('tell why a backend is down', async () => {
    const { join, pass, until, failing, nodes } = aFleet();
    const events: string[] = [];
    for (let i = 0; i < 4; i++) join([A, B]);
    for (const { balancer } of nodes)
      balancer.subscribe((event) => event.type === 'down' && events.push(String(event.reason)));
    await pass(3_000);
    failing.add(A);
    await until(({ isDown }) => isDown(A));
    expect(events).toEqual(Array(4).fill('status 503'));
  });

  it('know at once what those before have found', async () => {
    const { join, pass, until, failing, nodes } = aFleet();
    for (let i = 0; i < 4; i++) join(urls(6));
    failing.add(A);
    await until(({ isDown }) => isDown(A));
    await pass(2_000);
    const late = join(urls(6));
    await pass(100);
    expect(late.isDown(A)).toBe(true);
    expect(nodes.some((node) => node !== late && node.shared.stats().own === 6)).toBe(false);
  });

  it('check for those that crash, and at once for one that leaves', async () => {
    const { join, pass, until, failing, nodes, checkersOf } = aFleet();
    for (let i = 0; i < 6; i++) join([A, B, C]);
    await pass(5_000);
    const before = await checkersOf(A);
    for (const i of before) nodes[i]?.crash();
    failing.add(A);
    const rest = nodes.filter((_, i) => !before.includes(i));
    // Its time, the next beat, and the checks.
    const [, last] = await until(({ isDown }) => isDown(A), 10_000, rest);
    expect(last).toBeLessThan(3_000 + 1_100 + 3_000);
    failing.delete(A);
    await until(({ isDown }) => !isDown(A), 10_000, rest);
    const [next] = (await checkersOf(A)) as [number];
    nodes[next]?.shared.close();
    void nodes[next]?.member.close();
    nodes[next]?.crash();
    await pass(1_600);
    const after = await checkersOf(A);
    expect(after).toHaveLength(2);
    expect(after).not.toContain(next);
  });

  it('check all by themselves while the store is away, not all at once, and share again when it is back and empty', async () => {
    const { join, pass, rate, until, failing, lines, store, checks, nodes } = aFleet();
    for (let i = 0; i < 4; i++) join(urls(10));
    await pass(5_000);
    expect(await rate()).toBeLessThan(46);
    store.leave();
    const from = checks.length;
    await pass(5_000);
    // 40 targets at 500 ms: none in herds.
    const perStep = new Map<number, number>();
    for (const { at } of checks.slice(from)) perStep.set(at, (perStep.get(at) ?? 0) + 1);
    expect(Math.max(...perStep.values())).toBeLessThan(12);
    expect(await rate()).toBeGreaterThan(70);
    failing.add(A);
    await until(({ isDown }) => isDown(A), 3_000);
    expect(lines.filter((line) => line.endsWith('each checks backends for itself: away'))).toHaveLength(4);
    expect(nodes[0]?.shared.stats()).toMatchObject({ connected: false, own: 10, alone: 10, members: 1 });
    store.return();
    await pass(5_000);
    expect(await rate()).toBeLessThan(46);
    expect(nodes.every(({ isDown }) => isDown(A))).toBe(true);
    expect(lines.filter((line) => line.includes('is back'))).toHaveLength(4);
    failing.delete(A);
    await until(({ isDown }) => !isDown(A), 3_000);
  });

  it('check all by themselves where the store takes nothing, and share again', async () => {
    const { join, pass, rate, lines, store } = aFleet();
    for (let i = 0; i < 4; i++) join(urls(10));
    await pass(5_000);
    store.isReadOnly = true;
    await pass(6_000);
    expect(await rate()).toBeGreaterThan(70);
    expect(lines.filter((line) => line.includes('READONLY'))).toHaveLength(4);
    store.isReadOnly = false;
    await pass(6_000);
    expect(await rate()).toBeLessThan(46);
    expect(lines).toHaveLength(8);
  });

  it('take a backend as up that one of two reaches, and look for themselves when that lasts', async () => {
    const { join, pass, until, nodes, checkersOf, lines } = aFleet();
    for (let i = 0; i < 5; i++) join([A, B, C]);
    await pass(5_000);
    const [one] = (await checkersOf(A)) as [number];
    nodes[one]?.unreachable.add(A);
    await pass(3_000);
    expect(nodes.map(({ isDown }) => isDown(A))).toEqual(Array(5).fill(false));
    expect(nodes[0]?.shared.stats().disputed).toBe(1);
    await until(({ shared }) => shared.stats().alone === 1);
    await pass(3_000);
    // The one that cannot reach it has no use for it.
    expect(nodes.map(({ isDown }) => isDown(A))).toEqual(nodes.map((_, i) => i === one));
    expect(await checkersOf(A)).toHaveLength(5);
    expect(lines.filter((line) => line.includes(`${A} of pool "shop" disagree`))).toHaveLength(5);
    nodes[one]?.unreachable.delete(A);
    await until(({ shared }) => shared.stats().alone === 0);
    expect(nodes.map(({ isDown }) => isDown(A))).toEqual(Array(5).fill(false));
    expect(await checkersOf(A)).toHaveLength(2);
  });

  it('look for themselves where those who should check do not know a backend', async () => {
    const { join, pass, until, failing, checkersOf, nodes } = aFleet();
    for (let i = 0; i < 4; i++) join([A]);
    for (let i = 0; i < 2; i++) join([A, B]);
    await pass(8_000);
    const knowing = nodes.slice(4);
    expect((await checkersOf(B)).length).toBeGreaterThan(0);
    failing.add(B);
    await until(({ isDown }) => isDown(B), 5_000, knowing);
  });

  it('check a backend that one of them has ejected there, too', async () => {
    const { join, pass, nodes, checkersOf, until } = aFleet();
    for (let i = 0; i < 5; i++) join([A, B, C]);
    await pass(5_000);
    const before = await checkersOf(A);
    const other = nodes.findIndex((_, i) => !before.includes(i));
    const node = nodes[other] as Node;
    node.unreachable.add(A);
    for (let i = 0; i < 400; i++) {
      const lease = node.balancer.acquire(`/${i}`);
      if (lease?.backend.id === A) lease.release('failure', { cause: 'connection' });
      else lease?.release();
    }
    await pass(3_000);
    expect(await checkersOf(A)).toContain(other);
    expect(nodes.map(({ isDown }) => isDown(A))).toEqual(nodes.map((_, i) => i === other));
    node.unreachable.delete(A);
    await until(({ isDown }) => !isDown(A));
    await pass(60_000, 50);
    expect(await checkersOf(A)).toEqual(before);
  });

  it('do not mix checks that are not the same, and say so', async () => {
    const { join, pass, until, failing, lines, nodes } = aFleet();
    for (let i = 0; i < 2; i++) join([A, B], { health: { ...CHECKS, request: { path: '/a' } } });
    for (let i = 0; i < 2; i++) join([A, B], { health: { ...CHECKS, request: { path: '/b' } } });
    join([A, B], { definition: 'mine', health: { ...CHECKS, request: { path: '/b' } } });
    await pass(3_000);
    expect(nodes.map(({ shared }) => shared.stats().members)).toEqual([2, 2, 2, 2, 1]);
    expect(nodes.map(({ shared }) => shared.stats().strangers)).toEqual([3, 3, 3, 3, 4]);
    expect(lines.filter((line) => line.includes('pool "shop" has other health checks'))).toHaveLength(5);
    failing.add(A);
    await until(({ isDown }) => isDown(A));
  });

  it('keep pools apart', async () => {
    const { join, pass, until, failing, nodes, lines } = aFleet();
    for (let i = 0; i < 3; i++) join([A], { pool: 'one' });
    for (let i = 0; i < 3; i++) join([A], { pool: 'two' });
    await pass(3_000);
    expect(nodes.map(({ shared }) => shared.stats().members)).toEqual(Array(6).fill(3));
    expect(lines).toEqual([]);
    failing.add(A);
    await until(({ isDown }) => isDown(A));
  });

  it('are of different places, where that can be', async () => {
    const { join, pass, checkersOf } = aFleet();
    const places = ['x', 'x', 'x', 'y', 'y', 'x'];
    for (const place of places) join(urls(10), { member: { place } });
    await pass(5_000);
    for (const backend of urls(10))
      expect((await checkersOf(backend)).map((i) => places[i]).sort()).toEqual(['x', 'y']);
  });

  it('tell the load that a backend has reported', async () => {
    const { join, pass, bodies, nodes } = aFleet();
    bodies.set(A, '{"cpu":0.7}');
    for (let i = 0; i < 5; i++) join([A, B]);
    await pass(5_000);
    bodies.set(A, '{"cpu":0.4}');
    await pass(2_000);
    expect(nodes.map(({ balancer }) => balancer.backends[0]?.workload)).toEqual(Array(5).fill(0.4));
  });

  it('follow a backend that comes, and one that has another URL under its id', async () => {
    const { join, pass, until, nodes, failing } = aFleet();
    for (let i = 0; i < 4; i++) join([A]);
    await pass(3_000);
    failing.add(C);
    for (const { pool, balancer } of nodes) {
      pool.push({ url: C, id: 'c' });
      balancer.refresh();
    }
    await until(({ isDown }) => isDown('c'), 2_000);
    for (const { pool, balancer } of nodes) {
      pool[1] = { url: B, id: 'c' };
      balancer.refresh();
    }
    await until(({ isDown }) => !isDown('c'), 5_000);
  });

  it('take nothing from fields that another program wrote', async () => {
    const { join, pass, store, nodes } = aFleet();
    for (let i = 0; i < 2; i++) join([A]);
    await pass(1_000);
    const fields = [
      '',
      '{}',
      '["a"]',
      '["a","shop"]',
      '["a","shop","http://10.0.0.0"]',
      '[1]',
      'null',
      '["b"]',
    ];
    const values = [
      '',
      'x',
      '{}',
      '[1,{"shop":[1,2]}]',
      '[0,{"shop":["x","y"]}]',
      'd.{',
      'd.[]',
      'd.{}',
      '[0,null]',
    ];
    for (const value of values)
      await store.put(
        'members',
        fields.map((field) => [field, value] as const),
        1_000,
      );
    await pass(1_000);
    expect(nodes.map(({ isDown }) => isDown(A))).toEqual([false, false]);
    expect(nodes.map(({ shared }) => shared.stats().members)).toEqual([2, 2]);
  });

  it('go through a large pool in slices', async () => {
    const { join, pass, nodes } = aFleet();
    for (let i = 0; i < 2; i++) join(urls(1_200), { health: { intervalMs: 60_000 } });
    await pass(3_000);
    expect(nodes.map(({ shared }) => shared.stats().own)).toEqual([1_200, 1_200]);
    join(urls(1_200), { health: { intervalMs: 60_000 } });
    await pass(3_000);
    expect(nodes.reduce((sum, { shared }) => sum + shared.stats().own, 0)).toBe(2_400);
  });

  it('cost the store one call for each beat', async () => {
    const { join, pass, store } = aFleet();
    for (let i = 0; i < 4; i++) join(urls(20));
    await pass(5_000);
    const before = store.puts;
    await pass(10_000);
    expect(store.puts - before).toBeLessThan(4 * 12);
  });

  it('go on for themselves when they leave', async () => {
    const { join, pass, nodes, failing, until, rate } = aFleet();
    for (let i = 0; i < 3; i++) join([A, B]);
    await pass(3_000);
    for (const { shared } of nodes) shared.close();
    await pass(1_000);
    expect(await rate()).toBeGreaterThan(10);
    failing.add(A);
    await until(({ isDown }) => isDown(A), 3_000);
  });

  it('are told of wrong arguments', () => {
    const { store } = aFleet();
    expect(() => joinFleet({} as FleetStore)).toThrow('store must be');
    expect(() => joinFleet(store, { ttlMs: 0 })).toThrow('joinFleet');
    const member = joinFleet(store);
    ends.push(() => member.close());
    expect(() => shareChecks({} as HealthChecker, member)).toThrow('checker must be');
    const checker = new HealthChecker(new Balancer([A]) as Balancer<unknown>, {
      sendRequest: () => new Promise(() => {}),
    });
    ends.push(() => checker.close());
    expect(() => shareChecks(checker, {} as FleetMember)).toThrow('member must be a member of joinFleet');
    expect(() => shareChecks(checker, member, { checkers: 0 })).toThrow(
      'checkers must be an integer of at least 1',
    );
    shareChecks(checker, member);
    expect(() => shareChecks(checker, member)).toThrow('one guide');
  });
});
