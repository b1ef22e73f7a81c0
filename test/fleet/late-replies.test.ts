// Members of a fleet over a store that is slow, pauses, breaks connections and loses what it has: once it
// answers and all is quiet, they agree, in whatever order replies and messages came.
import { afterEach, expect, it } from 'vitest';
import { joinFleet, shareChecks, shareKeys } from '../../src/fleet/index.ts';
import { HealthChecker } from '../../src/health/health-checker.ts';
import { Balancer } from '../../src/index.ts';
import { nativePool, TestEnv } from '../support.ts';
import { disagreement, keysOf } from './agreement.ts';
import { type SlowClient, SlowStore } from './slow-store.ts';

const FIRST = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
/** `SEED=1 RUNS=2000` finds what is rarer. */
const RUNS = Number(process.env.RUNS ?? 20);

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
async function trouble(
  env: TestEnv,
  store: SlowStore,
  clients: SlowClient[],
  passed = (ms: number) => pass(env, ms),
): Promise<void> {
  const kind = Math.floor(env.random() * 5);
  const client = clients[Math.floor(env.random() * clients.length)];
  const ms = env.random() * 1_500;
  if (kind === 0) {
    store.pause();
    await passed(ms);
    store.goOn();
  } else if (kind === 1) {
    store.isAway = true;
    for (const one of clients) one.breakListening();
    await passed(ms);
    store.isAway = false;
  } else if (kind === 2) store.empty();
  else if (kind === 3) client?.breakListening();
  else await passed(ms / 3);
}

/** Balancers that share keys, while backends go down and up. @returns the share of keys that are apart */
async function keysAgree(seed: number): Promise<number> {
  const env = new TestEnv(seed);
  const store = new SlowStore(env, 5 + env.random() * 150);
  const clients = [store.client(), store.client(), store.client()];
  const balancers = clients.map((_, i) => new Balancer(nativePool(10), { env: new TestEnv(i) }));
  const shared = balancers.map((one, i) => shareKeys(one, clients[i] as SlowClient, { env }));
  const keys = keysOf(60);
  const someKey = () => keys[Math.floor(env.random() * keys.length)] as string;
  const send = (some: readonly string[]) => {
    for (const balancer of balancers) for (const key of some) balancer.acquire(key)?.release();
  };
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 20; j++) {
      const balancer = balancers[Math.floor(env.random() * 3)] as Balancer;
      balancer.acquire(someKey())?.release();
      const id = IDS[Math.floor(env.random() * 4)] as string;
      if (env.random() < 0.15) balancer.markDown(id);
      if (env.random() < 0.15) balancer.markUp(id);
      if (env.random() < 0.2) await pass(env, env.random() * 100);
    }
    await trouble(env, store, clients);
  }
  // The last of many changes meet the replies of those that join again.
  for (const id of IDS.slice(0, 4)) for (const balancer of balancers) balancer.markDown(id);
  for (const client of clients) if (env.random() < 0.5) client.breakListening();
  for (let i = 0; i < 40; i++) {
    const id = IDS[4 + Math.floor(env.random() * 5)] as string;
    const balancer = balancers[Math.floor(env.random() * 3)] as Balancer;
    balancer.markDown(id);
    balancer.acquire(someKey())?.release();
    send(keys.slice(0, 10));
    balancer.markUp(id);
    if (env.random() < 0.5) await pass(env, env.random() * 50);
  }
  for (let i = 0; i < 8; i++) {
    send(keys);
    await pass(env, 500);
  }
  const share = disagreement(balancers, keys);
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

/** Members that check ten backends together, while backends fail, members crash, and others come. */
async function checksAgree(seed: number): Promise<string[]> {
  const env = new TestEnv(seed);
  const store = new SlowStore(env, 5 + env.random() * 150);
  const failing = new Map<string, number>();
  const clients: SlowClient[] = [];
  const wrong: string[] = [];
  let joined = 0;
  const join = () => {
    const client = store.client();
    clients.push(client);
    const balancer = new Balancer(nativePool(10), { env: new TestEnv(++joined) });
    const member = joinFleet(client, { env, ttlMs: 900 });
    const service = {
      sendRequest: async (url: string) => ({
        status: failing.has(new URL(url).origin) ? 503 : 200,
        data: '',
      }),
    };
    const checker = new HealthChecker(balancer as Balancer<unknown>, service, { intervalMs: 200, env });
    const checks = shareChecks(checker, member);
    const close = () => {
      checks.close();
      checker.close();
      void member.close();
    };
    let wasDown: string[] = [];
    // What has failed for long is up nowhere. After a pause, beats that are late may make it so for a moment.
    const look = () => {
      for (const id of wasDown)
        if (balancer.stateOf(id) !== 'down' && env.nowMs - (failing.get(id) ?? env.nowMs) > 2_000)
          if (env.nowMs - store.wentOnAt > 1_000) wrong.push(`${id} is up at ${env.nowMs}`);
      wasDown = IDS.filter((id) => balancer.stateOf(id) === 'down');
    };
    return { balancer, checks, client, close, look };
  };
  const nodes = [join(), join(), join(), join()];
  ends.push(() => {
    for (const { close } of nodes) close();
  });
  const passed = async (ms: number) => {
    for (const until = env.nowMs + ms; env.nowMs < until; ) {
      await pass(env, 5);
      for (const { look } of nodes) look();
    }
  };
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 4; j++) {
      const id = IDS[Math.floor(env.random() * 4)] as string;
      if (env.random() < 0.5 && !failing.delete(id)) failing.set(id, env.nowMs);
      await passed(env.random() * 600);
    }
    if (env.random() < 0.3) {
      const [gone] = nodes.splice(Math.floor(env.random() * nodes.length), 1, join());
      if (env.random() < 0.5) gone?.client.crash();
      gone?.close();
    }
    await trouble(env, store, clients, passed);
  }
  await passed(3_000);
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
