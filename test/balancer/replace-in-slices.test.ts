// Large pools change in slices, between which requests are served.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BackendPoolEntry, Balancer, type Strategy, type StrategyFactory } from '../../src/index.ts';
import { TestEnv } from '../support.ts';

/** Time passes whenever it is read, so that a slice has few steps. */
class TickingEnv extends TestEnv {
  override readonly clock = { now: () => (this.nowMs += 0.5) };
}

const N = 600;
const entry = (i: number, weight = 1) => ({ id: `b${i}`, url: `http://b${i}`, weight });
const entries = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => entry(from + i));

/** Fires timers until a promise has settled. */
async function settled(env: TestEnv, promise: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = () => void (isOver = true);
  promise.then(over, over);
  for (let i = 0; i < 10_000 && !isOver; i++) {
    env.advance(1);
    await Promise.resolve();
  }
  expect(isOver).toBe(true);
}

/** How much a balancer's homes differ from those of one that is made with its members. */
function strayed(balancer: Balancer, strategy: 'consistent-hash' | 'maglev' = 'consistent-hash'): number {
  const pool = balancer.backends.map(({ id, url, nominalWeight }) => ({ id, url, weight: nominalWeight }));
  return balancer.movedSince(new Balancer(pool, { strategy }).homes()).moved;
}

function pickedOf(balancer: Balancer, keys = 200): Set<string | undefined> {
  const picked = new Set<string | undefined>();
  for (let i = 0; i < keys; i++) {
    const lease = balancer.acquire(`key ${i}`);
    picked.add(lease?.backend.id);
    lease?.release();
  }
  return picked;
}

describe('replaceInSlices', () => {
  it.each(['consistent-hash', 'maglev'] as const)(
    'serves by the old table until the new one is done: %s',
    async (strategy) => {
      const env = new TickingEnv();
      const balancer = new Balancer([], { env, strategy });
      balancer.replace(entries(0, N), 'source');
      const homes = new Map(entries(0, N).map((_, i) => [`key ${i}`, balancer.explain(`key ${i}`).picked]));
      const done = balancer.replaceInSlices([...entries(100, N), ...entries(1_000, 1_100)], 'source');
      let isOver = false;
      void done.then(() => (isOver = true));
      let during = 0;
      while (!isOver) {
        const isRead = balancer.has('b1000');
        for (const [key, home] of homes) {
          const { picked } = balancer.explain(key);
          if (!isRead || Number(home?.slice(1)) < 100) continue;
          // While the old table serves, keys whose backends stay are where they were.
          if (!isOver && picked === home) during++;
        }
        for (const id of pickedOf(balancer, 50)) {
          expect(id).toBeDefined();
          if (isRead) expect(Number(id?.slice(1))).toBeGreaterThanOrEqual(100);
        }
        env.advance(1);
        await Promise.resolve();
        await Promise.resolve();
      }
      expect(during).toBeGreaterThan(0);
      expect(strayed(balancer, strategy)).toBe(0);
      expect(balancer.backends.map(({ id }) => id)).toEqual(
        [...entries(100, N), ...entries(1_000, 1_100)].map(({ id }) => id),
      );
      expect([...pickedOf(balancer, 2_000)].some((id) => Number(id?.slice(1)) >= 1_000)).toBe(true);
    },
  );

  it('needs no slice for a small pool', async () => {
    const balancer = new Balancer([], { env: new TickingEnv() });
    const done = balancer.replaceInSlices(entries(0, 50));
    expect(balancer.backends).toHaveLength(50);
    expect(strayed(balancer)).toBe(0);
    await done;
  });

  it('never lacks a backend, also if all are replaced', async () => {
    const env = new TickingEnv();
    const balancer = new Balancer([], { env });
    balancer.replace(entries(0, N));
    const done = balancer.replaceInSlices(entries(N, 2 * N));
    let isOver = false;
    void done.then(() => (isOver = true));
    while (!isOver) {
      const isRead = !balancer.has('b0');
      for (const id of pickedOf(balancer, 30)) {
        expect(id).toBeDefined();
        if (isRead) expect(Number(id?.slice(1))).toBeGreaterThanOrEqual(N);
      }
      env.advance(1);
      await Promise.resolve();
    }
    expect(strayed(balancer)).toBe(0);
  });

  it('of several lists lets the last one count, however they are given', async () => {
    const env = new TickingEnv();
    const balancer = new Balancer([], { env });
    const first = balancer.replaceInSlices(entries(0, N), 'source');
    const second = balancer.replaceInSlices(entries(100, N + 100), 'source');
    await settled(env, Promise.all([first, second]));
    expect(balancer.backends.map(({ id }) => id)).toEqual(entries(100, N + 100).map(({ id }) => id));
    const late = balancer.replaceInSlices(entries(0, N), 'source');
    balancer.replace(entries(5, N + 5), 'source');
    await settled(env, late);
    expect(balancer.backends[0]?.id).toBe('b5');
    expect(balancer.backends).toHaveLength(N);
    expect(strayed(balancer)).toBe(0);
  });

  it('rejects a list as replace throws, and changes nothing', async () => {
    const env = new TickingEnv();
    const balancer = new Balancer([], { env });
    balancer.replace(entries(0, N));
    const bad = [...entries(0, N), { url: 'ftp://x' }] as BackendPoolEntry[];
    const failing = expect(balancer.replaceInSlices(bad)).rejects.toThrow(/^entries\[600\]\.url must be/);
    env.advance(1_000);
    await failing;
    expect(balancer.backends).toHaveLength(N);
    await expect(balancer.replaceInSlices('x' as never)).rejects.toThrow('entries must be an array');
    const followed = new Balancer(['http://a'], { env });
    await expect(followed.replaceInSlices(['http://b'])).rejects.toThrow(
      'replace must have an origin where the pool follows an array',
    );
  });

  it('rejects with what a strategy throws', async () => {
    const env = new TickingEnv();
    const strategy: StrategyFactory = (): Strategy => ({
      name: 'failing',
      update: () => {},
      // biome-ignore lint/correctness/useYield: it fails before
      *prepare() {
        throw new Error('no table');
      },
      pick: () => undefined,
    });
    const balancer = new Balancer([], { env, strategy });
    const failing = expect(balancer.replaceInSlices(entries(0, N))).rejects.toThrow('no table');
    for (let i = 0; i < 100; i++) {
      env.advance(1);
      await Promise.resolve();
    }
    await failing;
  });

  it('agrees with a fresh balancer, whatever other calls come in between', { timeout: 60_000 }, async () => {
    const call = fc.record({
      call: fc.constantFrom('add', 'remove', 'setWeight', 'replace', 'slices', 'array', 'picks', 'wait'),
      at: fc.nat({ max: N }),
      ms: fc.nat({ max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 3, maxLength: 14 }), async (calls) => {
        const env = new TickingEnv();
        const pool: BackendPoolEntry[] = ['http://x'];
        const balancer = new Balancer(pool, { env, bounds: { rememberedKeys: 2 ** 17 } });
        balancer.replace(entries(0, N), 'source');
        const promises: Promise<void>[] = [];
        const leases = Array.from({ length: 40 }, (_, i) => balancer.acquire(`held ${i}`));
        let count = 0;
        for (const { call: name, at, ms } of calls) {
          count++;
          const some = balancer.backends[at % balancer.backends.length]?.id;
          if (some === undefined) continue;
          if (name === 'add') balancer.add(`http://new${count}`);
          else if (name === 'remove') balancer.remove(some);
          else if (name === 'setWeight') balancer.setWeight(some, (at % 5) / 2);
          else if (name === 'replace') balancer.replace(entries(at % 90, N + (at % 70)), 'source');
          else if (name === 'slices')
            promises.push(balancer.replaceInSlices(entries(at, N + (at % 200)), 'source'));
          else if (name === 'array') pool.push(`http://array${count}`);
          else if (name === 'picks')
            for (const id of pickedOf(balancer, at)) expect(id !== undefined && balancer.has(id)).toBe(true);
          for (let i = 0; i < ms; i++) {
            env.advance(1);
            await Promise.resolve();
          }
        }
        await settled(env, Promise.all(promises));
        for (const lease of leases) lease?.release();
        balancer.refresh();
        expect(strayed(balancer)).toBe(0);
        pickedOf(balancer, 300);
        const { backends, keys, inFlight } = balancer.stats();
        expect(backends.reduce((sum, backend) => sum + backend.keys, 0)).toBe(keys);
        expect(backends.every((backend) => backend.keys >= 0)).toBe(true);
        expect([inFlight, balancer.explain('any').candidates.length]).toEqual([0, backends.length]);
      }),
      { numRuns: 12, verbose: 1 },
    );
  });
});
