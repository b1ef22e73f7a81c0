// Members of a fleet over a store that is slow, pauses, breaks connections and loses what it has: once it
// answers and all is quiet, they agree, in whatever order replies and messages came.
import { afterEach, expect, it } from 'vitest';
import { joinFleet, shareChecks, shareKeys } from '../../src/fleet/index.ts';
import { HealthChecker } from '../../src/health/health-checker.ts';
import { Balancer } from '../../src/index.ts';
import { nativePool, TestEnv } from '../support.ts';
import { disagreement, keysOf } from './agreement.ts';
import { SlowStore } from './slow-store.ts';

const FIRST = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
/** More find what is rarer: `SEED=1 RUNS=2000`. */
const RUNS = Number(process.env.RUNS ?? 25);

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function pass(env: TestEnv, ms: number): Promise<void> {
  for (const until = env.nowMs + ms; env.nowMs < until; ) {
    env.advance(5);
    for (let i = 0; i < 12; i++) await null;
  }
}

const idOf = ({ IPAddr, Port }: { IPAddr: string; Port: number }) => `http://${IPAddr}:${Port}`;
const IDS = nativePool(10).map(idOf);

/** Troubles of a store, one after the other. */
async function trouble(env: TestEnv, store: SlowStore, clients: { breakListening(): void }[]): Promise<void> {
  const kind = Math.floor(env.random() * 5);
  const client = clients[Math.floor(env.random() * clients.length)];
  const ms = env.random() * 1_500;
  if (kind === 0) {
    store.pause();
    await pass(env, ms);
    store.goOn();
  } else if (kind === 1) {
    store.isAway = true;
    for (const one of clients) one.breakListening();
    await pass(env, ms);
    store.isAway = false;
  } else if (kind === 2) store.empty();
  else if (kind === 3) client?.breakListening();
  else await pass(env, ms / 3);
}

async function keysAgree(seed: number): Promise<number> {
  const env = new TestEnv(seed);
  const store = new SlowStore(env, 5 + env.random() * 150);
  const clients = [store.client(), store.client(), store.client()];
  const balancers = clients.map((_, i) => new Balancer(nativePool(10), { env: new TestEnv(i) }));
  const shared = balancers.map((one, i) => shareKeys(one, clients[i] as never, { env }));
  const keys = keysOf(60);
  const send = (some: readonly string[]) => {
    for (const balancer of balancers) for (const key of some) balancer.acquire(key)?.release();
  };
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 20; j++) {
      const balancer = balancers[Math.floor(env.random() * 3)] as Balancer;
      balancer.acquire(keys[Math.floor(env.random() * keys.length)] as string)?.release();
      const id = IDS[Math.floor(env.random() * 4)] as string;
      if (env.random() < 0.15) balancer.markDown(id);
      if (env.random() < 0.15) balancer.markUp(id);
      if (env.random() < 0.2) await pass(env, env.random() * 100);
    }
    await trouble(env, store, clients);
  }
  for (const balancer of balancers) {
    balancer.markDown(IDS[0] as string);
    for (const id of IDS.slice(1, 4)) balancer.markUp(id);
  }
  for (let i = 0; i < 8; i++) {
    send(keys);
    await pass(env, 500);
  }
  const share = disagreement(balancers as Balancer[], keys);
  for (const one of shared) one.close();
  return share;
}

it(`agree where keys are (seed ${FIRST})`, async () => {
  const bad: unknown[] = [];
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    const share = await keysAgree(seed);
    if (share > 0) bad.push([seed, share]);
  }
  expect(bad).toEqual([]);
}, 60_000);

async function checksAgree(seed: number): Promise<string[]> {
  const env = new TestEnv(seed);
  const store = new SlowStore(env, 5 + env.random() * 150);
  const failing = new Set<string>();
  const clients = [store.client(), store.client(), store.client(), store.client()];
  const nodes = clients.map((client, i) => {
    const balancer = new Balancer(nativePool(10), { env: new TestEnv(i) });
    const member = joinFleet(client, { env, ttlMs: 900 });
    const service = {
      sendRequest: async (url: string) => ({
        status: failing.has(new URL(url).origin) ? 503 : 200,
        data: '',
      }),
    };
    const checker = new HealthChecker(balancer as Balancer<unknown>, service, { intervalMs: 200, env });
    const checks = shareChecks(checker, member);
    ends.push(() => {
      checks.close();
      checker.close();
      void member.close();
    });
    return { balancer, member, checks };
  });
  const flip = () => {
    const id = IDS[Math.floor(env.random() * 4)] as string;
    if (!failing.delete(id)) failing.add(id);
  };
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 4; j++) {
      if (env.random() < 0.5) flip();
      await pass(env, env.random() * 600);
    }
    await trouble(env, store, clients);
  }
  await pass(env, 3_000);
  const wrong: string[] = [];
  for (const [i, { balancer, checks }] of nodes.entries()) {
    for (const id of IDS)
      if ((balancer.stateOf(id) === 'down') !== failing.has(id))
        wrong.push(`${i} ${id} ${balancer.stateOf(id)}`);
    const { connected, members, disputed, alone } = checks.stats();
    if (!connected || members !== 4 || disputed > 0 || alone > 0)
      wrong.push(`${i} ${JSON.stringify(checks.stats())}`);
  }
  for (const end of ends.splice(0)) end();
  return wrong;
}

it(`agree which backends are up (seed ${FIRST})`, async () => {
  const bad: unknown[] = [];
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    const wrong = await checksAgree(seed);
    if (wrong.length > 0) bad.push([seed, wrong]);
  }
  expect(bad).toEqual([]);
}, 60_000);
