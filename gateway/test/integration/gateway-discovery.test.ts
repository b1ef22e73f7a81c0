// Pools whose backends come and go: by a file, by registration at the admin listener, and by registries.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ETCD, etcdServer } from '../../../test/servers/etcd.ts';
import { REDIS, redisServer } from '../../../test/servers/redis.ts';
import { freePort, isInstalled } from '../../../test/servers/server-process.ts';
import { createGateway } from '../../src/gateway.ts';
import { atTheEnd, configOf, endAll, type PoolInput } from './gateway/lab.ts';

afterEach(endAll);
const ROOT = join(import.meta.dirname, '../../..');

async function aBackend(name: string) {
  const server = createServer((_, response) => response.end(name)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTheEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function aFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-gateway-'));
  atTheEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function aGateway(pool: PoolInput) {
  const gateway = createGateway(configOf(pool, { admin: { port: 0 } }));
  atTheEnd(() => gateway.close(0));
  const [http, admin] = await gateway.listen();
  const adminUrl = `http://127.0.0.1:${admin?.port}`;
  const call = (method: string, path: string, body?: object) =>
    fetch(adminUrl + path, {
      method,
      headers: { 'content-type': 'application/json', 'x-evenkeel-admin': '1' },
      ...(body && { body: JSON.stringify(body) }),
    });
  return {
    gateway,
    adminUrl,
    call,
    idsOf: () => (gateway.stats().pools[0]?.backends ?? []).map(({ id }) => id).sort(),
    stateOf: (id: string) => gateway.stats().pools[0]?.backends.find((one) => one.id === id)?.state,
    sourceOf: () => gateway.stats().pools[0]?.discovery[0],
    get: async (path = '/') => (await fetch(`http://127.0.0.1:${http?.port}${path}`)).text(),
    status: async (path: string) => (await fetch(adminUrl + path)).status,
  };
}

describe('a source in the file', () => {
  it('of a pool is followed, told in figures and explanations, and waited for', async () => {
    const path = join(aFolder(), 'backends.yaml');
    const remember = `${path}.last`;
    const url = await aBackend('a');
    const discovery = { file: path, remember };
    const first = await aGateway({ backends: [], discovery });
    expect(await first.status('/readyz')).toBe(503);
    writeFileSync(path, `- ${url}\n- { id: b, url: 'http://127.0.0.1:1', weight: 0 }\n`);
    await expect.poll(() => first.status('/readyz'), { timeout: 5_000 }).toBe(200);
    expect(first.idsOf()).toEqual(['b', url]);
    expect(await first.get()).toBe('a');
    expect(first.sourceOf()).toMatchObject({ source: 'file backends.yaml', state: 'current', backends: 2 });
    const explained = (await (await first.call('GET', '/explain?path=/')).json()) as { discovery: object[] };
    expect(explained.discovery).toMatchObject([{ source: 'file backends.yaml', version: '1' }]);
    const metrics = await (await first.call('GET', '/metrics')).text();
    expect(metrics).toContain('evenkeel_discovery_backends{pool="shop",source="file backends.yaml"} 2');
    expect(JSON.parse(readFileSync(remember, 'utf8'))).toHaveLength(2);
    // The next run serves at once with what the last one knew.
    rmSync(path);
    const second = await aGateway({ backends: [], discovery });
    expect(await second.status('/readyz')).toBe(200);
    expect(second.idsOf()).toEqual(['b', url]);
    await expect.poll(() => second.sourceOf()?.trouble).toContain('ENOENT');
  });
});

describe('PUT /backends/{id}', () => {
  const path = (url: string, more = '') => `/backends/${encodeURIComponent(url)}${more}`;

  it('registers a backend, which may do so again, until its time is over or it is removed', async () => {
    const url = await aBackend('a');
    const { call, idsOf, get, stateOf } = await aGateway({ backends: [] });
    const first = await call('PUT', path(url, '?ttl=1'), { url, weight: 2 });
    expect([first.status, await first.json()]).toMatchObject([
      201,
      { type: 'put', pool: 'shop', backend: { id: url } },
    ]);
    const beganAt = Date.now();
    expect((await call('PUT', path(url, '?ttl=1'), { pool: 'shop', url, weight: 2 })).status).toBe(200);
    expect(await get()).toBe('a');
    await call('PUT', path('x'), { url: 'http://127.0.0.1:1', draining: true });
    expect([idsOf(), stateOf('x')]).toEqual([[url, 'x'], 'draining']);
    await call('PUT', path('x'), { url: 'http://127.0.0.1:2' });
    expect(stateOf('x')).toBe('up');
    await expect.poll(idsOf, { timeout: 5_000 }).toEqual(['x']);
    expect(Date.now() - beganAt).toBeGreaterThan(900);
    expect((await call('DELETE', path('x'))).status).toBe(200);
    expect(idsOf()).toEqual([]);
    expect((await call('PUT', path('x'), { url: 'http://127.0.0.1:2' })).status).toBe(201);
  });

  it('stays through a reload, and counts before the file', async () => {
    const [old, url] = [await aBackend('file'), await aBackend('registered')];
    const { call, gateway, get } = await aGateway({ backends: [{ id: 'a', url: old }] });
    expect(await get()).toBe('file');
    await call('PUT', '/backends/a?ttl=60', { url });
    expect(await get()).toBe('registered');
    await gateway.reload(configOf({ backends: [{ id: 'a', url: old }], seed: 7 }, { admin: { port: 0 } }));
    expect(await get()).toBe('registered');
    await call('DELETE', '/backends/a');
    expect(await get()).toBe('file');
  });

  it.each<[string, object, string]>([
    ['/backends/a?ttl=0', { url: 'http://a' }, 'ttl must be seconds from 1 to 99999999, got "0"'],
    ['/backends/a', {}, 'url is missing'],
    ['/backends/%FF', { url: 'http://a' }, 'the id in the path must be percent-encoded UTF-8'],
    ['/backends/a', { url: 'http://a', wieght: 2 }, 'wieght is not known; did you mean weight?'],
  ])('refuses %s with %j', async (where, body, message) => {
    const { call } = await aGateway({ backends: [] });
    const answer = await call('PUT', where, body);
    expect([answer.status, ((await answer.json()) as { message: string }).message]).toEqual([
      400,
      expect.stringContaining(message),
    ]);
  });
});

/** A server that is started by `evenkeel register`, as operators do. */
function launch(args: readonly string[]) {
  const code = `require('http').createServer((q, s) => s.end('' + process.pid)).listen(process.env.PORT, '127.0.0.1');
    process.on('SIGTERM', () => process.exit(7))`;
  return async (port: number) => {
    const url = `http://127.0.0.1:${port}`;
    const command = [
      ...args,
      '--url',
      url,
      '--ttl',
      '1',
      '--drain-ms',
      '200',
      '--',
      process.execPath,
      '-e',
      code,
    ];
    const main = join(ROOT, 'gateway/src/cli/main.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', main, 'register', ...command], {
      env: { ...process.env, PORT: String(port), TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') },
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
    atTheEnd(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    });
    return { url, child, ended, said: () => said };
  };
}

describe('evenkeel register', () => {
  const cases: [string, () => Promise<{ pool: PoolInput; args: (admin: string) => string[] }>][] = [
    ['--gateway', async () => ({ pool: { backends: [] }, args: (admin) => ['--gateway', admin] })],
  ];
  if (isInstalled(REDIS))
    cases.push([
      '--redis',
      async () => {
        const { port, process: server } = await redisServer();
        atTheEnd(() => server.kill());
        const url = `redis://127.0.0.1:${port}`;
        return {
          pool: { backends: [], discovery: { redis: { url } } },
          args: () => ['--redis', url, '--pool', 'shop'],
        };
      },
    ]);
  if (isInstalled(ETCD))
    cases.push([
      '--etcd',
      async () => {
        const server = await etcdServer();
        atTheEnd(() => server.close());
        const { url } = server;
        return {
          pool: { backends: [], discovery: { etcd: { url } } },
          args: () => ['--etcd', url, '--pool', 'shop'],
        };
      },
    ]);

  it.each(cases)('%s registers the server of a command, and drains it before it ends', async (_, setUp) => {
    const { pool, args } = await setUp();
    const { adminUrl, idsOf, get, stateOf, call } = await aGateway(pool);
    const { url, child, ended, said } = await launch(args(adminUrl))(await freePort());
    await expect.poll(idsOf, { timeout: 20_000 }).toEqual([url]);
    expect(Number(await get())).toBeGreaterThan(0);
    child.kill('SIGTERM');
    await expect.poll(() => stateOf(url), { timeout: 5_000, interval: 5 }).toBe('draining');
    expect((await ended)[0]).toBe(7);
    await expect.poll(idsOf).toEqual([]);
    expect(said()).toContain(`evenkeel: ${url} is registered`);
    // With a registry behind the pool, the admin listener writes there.
    expect((await call('PUT', '/backends/x?ttl=60', { url: 'http://127.0.0.1:1' })).status).toBe(201);
    await expect.poll(idsOf).toEqual(['x']);
    await call('DELETE', '/backends/x');
    await expect.poll(idsOf).toEqual([]);
  });

  (isInstalled(REDIS) ? it : it.skip)('registers again when Redis comes back empty', async () => {
    const { port, process: server } = await redisServer();
    atTheEnd(() => server.kill());
    const redis = { url: `redis://127.0.0.1:${port}` };
    const { idsOf, get } = await aGateway({ backends: [], discovery: { redis } });
    const { url, said } = await launch(['--redis', redis.url, '--pool', 'shop'])(await freePort());
    await expect.poll(idsOf, { timeout: 20_000 }).toEqual([url]);
    await server.kill();
    await server.start();
    // Only what is there now can be told to a gateway that starts now.
    const late = await aGateway({ backends: [], discovery: { redis } });
    await expect.poll(late.idsOf, { timeout: 10_000 }).toEqual([url]);
    expect([await get(), await late.get()]).toEqual([expect.any(String), expect.any(String)]);
    expect(said()).toContain(`evenkeel: ${url} is registered`);
  });
});
