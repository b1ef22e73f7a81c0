// Faults of discovery that users of other projects have reported: sixteen tests, named after the reports.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { KubernetesApi } from '../../examples/fleet/kubernetes/kubernetes-api.ts';
import { follow } from '../../src/discovery/index.ts';
import { dns } from '../../src/discovery/sources/dns.ts';
import { etcd } from '../../src/discovery/sources/etcd.ts';
import { kubernetes } from '../../src/discovery/sources/kubernetes.ts';
import { redis } from '../../src/discovery/sources/redis.ts';
import { Balancer } from '../../src/index.ts';
import { FakeSource, settled } from '../discovery/fake-source.ts';
import { fastEnv } from '../discovery/fast-env.ts';
import { closeWatches, watched } from '../discovery/watched.ts';
import { DNSMASQ, DnsServer } from '../servers/dnsmasq.ts';
import { ETCD, etcdServer } from '../servers/etcd.ts';
import { REDIS, redisServer } from '../servers/redis.ts';
import { isInstalled } from '../servers/server-process.ts';
import { TestEnv } from '../support.ts';

const env = fastEnv(50);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  closeWatches();
  for (const end of ends.splice(0).reverse()) await end();
});
const withDns = isInstalled(DNSMASQ) ? it : it.skip;
const withRedis = isInstalled(REDIS) ? it : it.skip;
const withEtcd = isInstalled(ETCD) ? it : it.skip;

/** A source on the injected clock. */
function faked(retireAfter: number) {
  const source = new FakeSource(retireAfter);
  const testEnv = new TestEnv();
  const gateway = watched(source, { env: testEnv });
  const pass = async (ms: number) => {
    testEnv.advance(ms);
    await settled();
  };
  return { source, pass, ...gateway };
}

async function dnsServer(hosts: Record<string, string[]>, records: string[] = []) {
  const server = await DnsServer.start(hosts, records);
  ends.push(() => server.close());
  return server;
}

/** A name server that takes questions and gives the answer that a test makes. */
async function nameServer(answer: (question: Buffer) => Buffer | undefined) {
  const socket = createSocket('udp4');
  socket.on('message', (question, { port, address }) => {
    const bytes = answer(question);
    if (bytes !== undefined) socket.send(bytes, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  ends.push(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

/** An answer with a code, without records. */
function withCode(question: Buffer, code: number): Buffer {
  const bytes = Buffer.from(question);
  bytes.writeUInt16BE(0x8180 | code, 2);
  return bytes;
}

for (const [report, what, fail] of [
  ['Envoy #2691', 'a look-up that times out', () => undefined],
  ['Envoy #9927', 'a name server that fails', (question: Buffer) => withCode(question, 2)],
  ['Envoy #11527', 'a name server that refuses', (question: Buffer) => withCode(question, 5)],
] as const)
  it(`${report}: ${what} does not empty the pool`, async () => {
    let isFailing = false;
    const server = await nameServer((question) => {
      if (isFailing) return fail(question);
      const head = withCode(question, 0);
      const end = question.indexOf(0, 12) + 5;
      if (question.readUInt16BE(end - 4) !== 1) return head;
      head.writeUInt16BE(1, 6);
      head.writeUInt16BE(0, 10);
      const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 10, 0, 0, 1]);
      return Buffer.concat([head.subarray(0, end), record]);
    });
    const source = dns({ name: 'shop.test', type: 'a', port: 80, server, env });
    const { until, state, ids } = watched(source, { env: fastEnv(10) });
    await until('http://10.0.0.1');
    isFailing = true;
    await state('failing');
    expect(ids()).toEqual(['http://10.0.0.1']);
    isFailing = false;
    await state('current');
  }, 40_000);

it('Envoy #20890: what is gone for good leaves', async () => {
  const { source, pass, changes } = faked(2);
  await source.tell('a', 'b');
  await source.tell();
  await pass(30_000);
  expect(changes).toEqual(['a,b', '']);
});

it('Envoy #35641: not all ask again at the same moment', async () => {
  const times = new Set<number>();
  for (let seed = 1; seed <= 20; seed++) {
    const testEnv = new TestEnv(seed);
    const source = new FakeSource();
    watched(source, { env: testEnv });
    await source.tell('a');
    while (source.watches < 2) {
      testEnv.advance(1_000);
      await settled();
    }
    times.add(testEnv.nowMs);
    expect(testEnv.nowMs).toBeGreaterThanOrEqual(255_000);
    expect(testEnv.nowMs).toBeLessThanOrEqual(300_000);
  }
  expect(times.size).toBeGreaterThan(10);
});

withDns('HAProxy #341: an answer that is truncated kills no backend', async () => {
  const all = Array.from({ length: 200 }, (_, i) => `10.1.0.${i + 1}`);
  const server = await dnsServer({ 'big.test': all });
  const { until, changes } = watched(dns({ name: 'big.test', port: 80, server: server.address, env }), {
    env,
  });
  await until(...all.map((address) => `http://${address}`));
  expect(new Set(changes).size).toBe(1);
});

it('HAProxy #1160: an answer without some SRV records takes none of them out', async () => {
  const { source, pass, changes } = faked(2);
  await source.tell('a', 'b', 'c', 'd');
  await source.tell('a', 'c');
  await pass(1_000);
  await source.tell('a', 'b', 'd');
  await pass(1_000);
  await source.tell('a', 'b', 'c', 'd');
  await pass(60_000);
  expect(changes).toEqual(['a,b,c,d']);
});

withDns('HAProxy #3400: all SRV records may be gone for a moment, and come back', async () => {
  const records = [1, 2].map((number) => `srv-host=_http._tcp.shop.test,b${number}.test,808${number},10,10`);
  const server = await dnsServer({}, records);
  const source = dns({ name: '_http._tcp.shop.test', type: 'srv', server: server.address, env });
  const { until, state, ids, changes } = watched(source, { env: fastEnv(5) });
  const both = ['http://b1.test:8081', 'http://b2.test:8082'];
  await until(...both);
  await server.restart();
  await state('holding');
  expect(ids()).toEqual(both);
  await server.restart(records);
  await state('current');
  expect(changes).toEqual([both.join()]);
});

/** A connection in between that can be cut without a word: what a partition is for its ends. */
async function partition(port: number) {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isCut = false;
  const server = createServer((inner) => {
    const outer = new Socket().connect(port, '127.0.0.1');
    pairs.add([inner, outer]);
    for (const [from, to] of [[inner, outer] as const, [outer, inner] as const]) {
      from.on('data', (bytes) => {
        if (!isCut) to.write(bytes);
      });
      from.on('error', () => {}).on('close', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as { port: number }).port,
    cut: (now: boolean) => {
      isCut = now;
      // After a partition the old connections stay dead.
      if (!now)
        for (const pair of pairs) for (const socket of pair) socket.removeAllListeners('data').resume();
    },
  };
}

withEtcd('traefik #515: a watch over etcd is alive after a partition', async () => {
  const server = await etcdServer();
  ends.push(() => server.close());
  const between = await partition(Number(new URL(server.url).port));
  const registry = etcd({ url: `http://127.0.0.1:${between.port}`, env: fastEnv(20) });
  const { until, state } = watched(registry, { env: fastEnv(20) });
  await state('current');
  between.cut(true);
  await state('failing');
  between.cut(false);
  const servers = etcd({ url: server.url });
  const registration = servers.register({ id: 'a', url: 'http://a' });
  ends.push(() => registration.close());
  await until('a');
});

withRedis('traefik #11688: a watch over Redis is alive after a partition', async () => {
  const { port, process: server } = await redisServer();
  ends.push(() => server.kill());
  const between = await partition(port);
  const aClient = (at: number) => {
    const client = new Redis({ port: at, host: '127.0.0.1', retryStrategy: () => 20, commandTimeout: 500 });
    client.on('error', () => {});
    ends.push(() => client.disconnect());
    return client;
  };
  const client = aClient(between.port);
  const { until, state } = watched(redis({ client, timeoutMs: 300, env: fastEnv(5) }), { env: fastEnv(5) });
  await state('current');
  between.cut(true);
  await state('failing');
  between.cut(false);
  client.disconnect(true);
  const registration = redis({ client: aClient(port) }).register({ id: 'a', url: 'http://a' });
  ends.push(() => registration.close());
  await until('a');
});

async function kubernetesApi() {
  const api = await new KubernetesApi().start();
  ends.push(() => api.close());
  api.set([{ name: 'a', address: '10.0.0.1' }]);
  const source = kubernetes({
    service: 'shop',
    namespace: 'default',
    server: api.url,
    credentials: '/none',
    env,
  });
  const gateway = watched(source, { env });
  await gateway.until('a');
  return { api, ...gateway };
}

it('kubernetes-client #596: a watch goes on after its connection broke off', async () => {
  const { api, until } = await kubernetesApi();
  for (let number = 2; number < 6; number++) {
    api.drop();
    const pods = Array.from({ length: number }, (_, i) => ({ name: `p${i}`, address: `10.0.0.${i + 1}` }));
    api.set(pods);
    await until(...pods.map(({ name }) => name));
  }
});

it('kubernetes-client #958: a watch whose version has expired begins anew', async () => {
  const { api, until } = await kubernetesApi();
  api.drop();
  api.set([
    { name: 'a', address: '10.0.0.1' },
    { name: 'b', address: '10.0.0.2' },
  ]);
  api.compact();
  await until('a', 'b');
});

it('grpc-node #2847: new addresses are seen while requests and connections live', async () => {
  const testEnv = new TestEnv();
  const source = new FakeSource();
  const balancer = new Balancer([], { env: testEnv, strategy: 'round-robin' });
  const following = follow(balancer, source, { env: testEnv });
  await source.tell('a');
  const leases = Array.from({ length: 10 }, () => balancer.acquire('x'));
  testEnv.advance(50);
  await source.tell('a', 'b');
  const picked = Array.from({ length: 10 }, () => balancer.acquire('x')?.backend.id);
  expect(new Set(picked)).toEqual(new Set(['a', 'b']));
  for (const lease of leases) lease?.release();
  following.close();
});

for (const [report, what] of [
  ['ioredis #240', 'that hangs'],
  ['ioredis #1451', 'that is half open'],
] as const)
  withRedis(`${report}: a subscriber ${what} is noticed without a change`, async () => {
    const { port, process: server } = await redisServer();
    ends.push(() => server.kill());
    const between = await partition(port);
    const client = new Redis({ port: between.port, host: '127.0.0.1', retryStrategy: () => 20 });
    client.on('error', () => {});
    ends.push(() => client.disconnect());
    const { state, ids } = watched(redis({ client, timeoutMs: 300, env: fastEnv(5) }), { env: fastEnv(5) });
    await state('current');
    if (report === 'ioredis #240') server.freeze(true);
    else between.cut(true);
    await state('failing');
    expect(ids()).toEqual([]);
    server.freeze(false);
  });

withEtcd('moleculer #918: a server whose lease was lost registers again, and not only renews', async () => {
  const server = await etcdServer();
  ends.push(() => server.close());
  const { until } = watched(etcd({ url: server.url }));
  const registration = etcd({ url: server.url }).register({ id: 'a', url: 'http://a' }, { ttlMs: 1_000 });
  ends.push(() => registration.close());
  await until('a');
  const post = async (path: string, body: object) =>
    (await fetch(`${server.url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
  const { leases } = (await post('lease/leases', {})) as { leases: { ID: string }[] };
  for (const { ID } of leases) await post('lease/revoke', { ID });
  const range = async () => {
    const key = Buffer.from('evenkeel/default/a').toString('base64');
    return ((await post('kv/range', { key })) as { kvs?: unknown[] }).kvs?.length ?? 0;
  };
  expect(await range()).toBe(0);
  await expect.poll(range, { timeout: 5_000 }).toBe(1);
});
