// How soon backends that come, leave and crash are known, and whether requests fail meanwhile: with real
// servers of Redis, etcd and DNS, and a gateway under load.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Discovery, type Registration, type Registry, steady } from 'evenkeel/discovery';
import { dns } from 'evenkeel/discovery/dns';
import { etcd } from 'evenkeel/discovery/etcd';
import { redis } from 'evenkeel/discovery/redis';
import { createGateway, type Gateway } from 'evenkeel-gateway';
import { Redis } from 'ioredis';
import { Agent, request } from 'undici';
import { DnsServer } from '../../test/servers/dnsmasq.ts';
import { etcdServer } from '../../test/servers/etcd.ts';
import { redisServer } from '../../test/servers/redis.ts';
import type { Check, Finding } from './check.ts';

const TTL_MS = 3_000;
const ROUNDS = 20;
/** As the name server of the check has it. */
const DNS_TTL_MS = 1_000;
const DNS_ROUNDS = 5;
const REQUESTS_A_SECOND = 300;
const OUTAGE_MS = 10_000;

export const discoveryCheck: Check = {
  name: 'discovery',
  about: 'backends that come, leave and crash, with Redis, etcd and DNS, under load',
  async run(show) {
    const redisStore = await redisServer();
    const etcdStore = await etcdServer();
    const client = () => {
      const one = new Redis({ port: redisStore.port, host: '127.0.0.1', retryStrategy: () => 50 });
      one.on('error', () => {});
      return one;
    };
    const [reader, writer] = [client(), client()];
    try {
      const url = `redis://127.0.0.1:${redisStore.port}`;
      await known('Redis', redis({ client: reader }), redis({ client: writer }), show);
      const store = { url: etcdStore.url };
      await known('etcd', etcd(store), etcd(store), show);
      const shop = redis({ client: writer, pool: 'shop' });
      await underLoad('rolling replacement of five backends', { redis: { url } }, shop, replaceAll, show);
      await underLoad(
        'Redis killed, and back empty after 2 s',
        { redis: { url } },
        shop,
        () => restarted(redisStore.process),
        show,
      );
      const etcdShop = etcd({ ...store, pool: 'shop' });
      await underLoad(
        'etcd restarted after 2 s',
        { etcd: store },
        etcdShop,
        () => restarted(etcdStore.process),
        show,
      );
    } finally {
      reader.disconnect();
      writer.disconnect();
      await redisStore.process.kill();
      await etcdStore.close();
    }
    await knownByDns(show);
    for (const trouble of ['nothing', 'half', 'errors'] as const) await dnsUnderLoad(trouble, show);
    return [];
  },
};

type Show = (finding: Finding) => void;

function target(what: string, ms: number, limitMs: number): Finding {
  const [figure, limit] = [`${ms.toFixed(1)} ms`, `at most ${limitMs} ms`];
  return { what, figure, target: limit, met: ms <= limitMs };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

/** How long it takes until a watcher knows. */
async function known(store: string, watching: Registry, writing: Registry, show: Show): Promise<void> {
  const watch = watchOf(watching);
  const { until } = watch;
  try {
    // Others stay, so that no loss is suspicious.
    const others = ['x', 'y', 'z'].map((id) => writing.register({ id, url: `http://${id}` }));
    for (const { ready } of others) await ready;
    const [joins, leaves]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      const id = `b${round}`;
      let beganAt = performance.now();
      const registration = writing.register({ id, url: `http://${id}` });
      joins.push(await until(id, true, beganAt));
      await registration.ready;
      beganAt = performance.now();
      const closed = registration.close();
      leaves.push(await until(id, false, beganAt));
      await closed;
      await sleep(20);
    }
    show(target(`${store}: join, median of ${ROUNDS}`, median(joins), 20));
    show(target(`${store}: leave, median of ${ROUNDS}`, median(leaves), 20));
    await writing.put({ id: 'dies', url: 'http://dies' }, TTL_MS);
    const beganAt = performance.now();
    await until('dies', true, beganAt);
    show(
      target(`${store}: crash at a TTL of ${TTL_MS} ms`, await until('dies', false, beganAt), TTL_MS + 1_000),
    );
    for (const other of others) await other.close();
  } finally {
    watch.close();
  }
}

/** The same with the addresses of a name: a watcher asks when the TTL of the last answer is over. */
async function knownByDns(show: Show): Promise<void> {
  const stays = ['127.0.0.21', '127.0.0.22', '127.0.0.23'];
  const names = await DnsServer.start({ 'known.test': stays });
  const watcher = watchOf(dns({ name: 'known.test', type: 'a', port: 80, server: names.address }));
  try {
    for (const host of stays) await watcher.until(`http://${host}`, true, 0);
    const [joins, leaves]: [number[], number[]] = [[], []];
    for (let round = 0; round < DNS_ROUNDS; round++) {
      const host = `127.0.0.${31 + round}`;
      let beganAt = performance.now();
      names.set('known.test', ...stays, host);
      joins.push(await watcher.until(`http://${host}`, true, beganAt));
      beganAt = performance.now();
      names.set('known.test', ...stays);
      leaves.push(await watcher.until(`http://${host}`, false, beganAt));
    }
    const limitMs = 2 * DNS_TTL_MS + 1_000;
    show(
      target(`DNS at a TTL of ${DNS_TTL_MS} ms: join, worst of ${DNS_ROUNDS}`, Math.max(...joins), limitMs),
    );
    show(target(`DNS: leave, worst of ${DNS_ROUNDS}`, Math.max(...leaves), limitMs));
  } finally {
    watcher.close();
    await names.close();
  }
}

/** What a source tells of backends that take requests. */
function watchOf(source: Discovery) {
  let ids: ReadonlySet<string> = new Set();
  let wake = () => {};
  const watch = steady(source, { coalesceMs: 0 }).start({
    changed({ backends }) {
      ids = new Set(backends.filter(({ draining }) => draining !== true).map(({ id = '' }) => id));
      wake();
    },
  });
  return {
    async until(id: string, isThere: boolean, beganAt: number): Promise<number> {
      while (ids.has(id) !== isThere) await new Promise<void>((resolve) => (wake = resolve));
      return performance.now() - beganAt;
    },
    close: () => watch.close(),
  };
}

interface Backend {
  readonly url: string;
  readonly registration: Registration | undefined;
  stop(): Promise<void>;
}

async function aServer(host = '127.0.0.1', port = 0): Promise<{ server: Server; url: string }> {
  const server = createServer((_, response) => setTimeout(() => response.end('ok'), 2)).listen(port, host);
  await once(server, 'listening');
  return { server, url: `http://${host}:${(server.address() as AddressInfo).port}` };
}

async function launch(registry: Registry): Promise<Backend> {
  const { server, url } = await aServer();
  const registration = registry.register({ url }, { ttlMs: TTL_MS });
  await registration.ready;
  return {
    url,
    registration,
    async stop() {
      await registration.drain();
      await sleep(200);
      await registration.close();
      server.close();
      server.closeIdleConnections();
    },
  };
}

type Trouble = (backends: Backend[], registry: Registry) => Promise<void>;

async function replaceAll(backends: Backend[], registry: Registry): Promise<void> {
  for (const old of backends.splice(0)) {
    backends.push(await launch(registry));
    await old.stop();
  }
}

async function restarted(server: { kill(): Promise<void>; start(): Promise<void> }): Promise<void> {
  await server.kill();
  await sleep(2_000);
  await server.start();
  await sleep(TTL_MS + 2_000);
}

/** Sends requests until the trouble is over, and counts those that fail. */
async function load(
  gateway: Gateway,
  trouble: () => Promise<void>,
): Promise<{ sent: number; failed: number }> {
  const [address] = await gateway.listen();
  const dispatcher = new Agent();
  const running: Promise<void>[] = [];
  let [sent, failed, isOver] = [0, 0, false];
  const one = async () => {
    try {
      const { statusCode, body } = await request(`http://127.0.0.1:${address?.port}/${sent++}`, {
        dispatcher,
      });
      await body.dump();
      if (statusCode !== 200) failed++;
    } catch {
      failed++;
    }
  };
  const sending = (async () => {
    const beganAt = performance.now();
    while (!isOver) {
      const due = ((performance.now() - beganAt) / 1_000) * REQUESTS_A_SECOND;
      while (sent < due) running.push(one());
      await sleep(5);
    }
  })();
  await trouble();
  isOver = true;
  await sending;
  await Promise.all(running);
  await dispatcher.close();
  return { sent, failed };
}

function noneFailed(what: string, { sent, failed }: { sent: number; failed: number }): Finding {
  return { what, figure: `${failed} of ${sent} requests failed`, target: 'none', met: failed === 0 };
}

async function underLoad(
  what: string,
  discovery: object,
  registry: Registry,
  trouble: Trouble,
  show: Show,
): Promise<void> {
  const backends = await Promise.all(Array.from({ length: 5 }, () => launch(registry)));
  const gateway = createGateway({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    pools: { shop: { backends: [], discovery: discovery as { file: string } } },
  });
  try {
    await gateway.listen();
    while ((gateway.stats().pools[0]?.backends.length ?? 0) < 5) await sleep(10);
    show(noneFailed(what, await load(gateway, () => trouble(backends, registry))));
  } finally {
    await gateway.close(0);
    for (const backend of backends) await backend.stop();
  }
}

/** The answers of a DNS server that are empty, half or errors for 10 s. */
async function dnsUnderLoad(trouble: 'nothing' | 'half' | 'errors', show: Show): Promise<void> {
  const hosts = ['127.0.0.11', '127.0.0.12', '127.0.0.13', '127.0.0.14'];
  const { server, url } = await aServer(hosts[0]);
  const { port } = new URL(url);
  const others = await Promise.all(hosts.slice(1).map((host) => aServer(host, Number(port))));
  const names = await DnsServer.start({ 'shop.test': hosts });
  const gateway = createGateway({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    pools: { shop: { backends: [`http://shop.test:${port}`], dns: { server: names.address } } },
  });
  try {
    await gateway.listen();
    while ((gateway.stats().pools[0]?.backends.length ?? 0) < hosts.length) await sleep(10);
    const result = await load(gateway, async () => {
      if (trouble === 'nothing') names.set('shop.test');
      else if (trouble === 'half') names.set('shop.test', ...hosts.slice(0, 2));
      else await names.kill();
      await sleep(OUTAGE_MS);
      names.set('shop.test', ...hosts);
      if (trouble === 'errors') await names.restart();
      await sleep(2_000);
    });
    show(noneFailed(`DNS with ${trouble} for ${OUTAGE_MS / 1_000} s`, result));
  } finally {
    await gateway.close(0);
    for (const one of [server, ...others.map((other) => other.server)]) {
      one.close();
      one.closeAllConnections();
    }
    await names.close();
  }
}
