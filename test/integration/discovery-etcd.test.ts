// Registration and discovery in a real etcd.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdOptions, etcd } from '../../src/discovery/sources/etcd.ts';
import { fastEnv } from '../discovery/fast-env.ts';
import { closeWatches, watched } from '../discovery/watched.ts';
import { ETCD, etcdServer } from '../servers/etcd.ts';
import { isInstalled } from '../servers/server-process.ts';

const hasEtcd = isInstalled(ETCD);

describe(`a registry in etcd${hasEtcd ? '' : ' (SKIPPED: etcd is not installed)'}`, () => {
  const test = hasEtcd ? it : it.skip;
  let server: Awaited<ReturnType<typeof etcdServer>>;
  let pools = 0;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    if (hasEtcd) server = await etcdServer();
  });
  afterEach(async () => {
    closeWatches();
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(() => server?.close());

  const registryOf = (pool: string, more: Partial<EtcdOptions> = {}) =>
    etcd({ url: server.url, pool, ...more });
  const register = (registry: ReturnType<typeof etcd>, id: string, more: object = {}) => {
    const registration = registry.register({ id, url: `http://${id}.test:8080` }, { ttlMs: 1_000, ...more });
    ends.push(() => registration.close());
    return registration;
  };

  test('tells of those that come, drain, leave and crash', async () => {
    const pool = `p${++pools}`;
    const gateway = watched(registryOf(pool));
    await gateway.state('current');
    const servers = registryOf(pool);
    const [a, b] = [register(servers, 'a'), register(servers, 'b')];
    await Promise.all([a.ready, b.ready, gateway.until('a', 'b')]);
    await a.drain();
    await expect.poll(() => gateway.backends().find(({ id }) => id === 'a')?.draining).toBe(true);
    await Promise.all([a.close(), gateway.until('b')]);
    const dies = registryOf(pool, { env: { timers: { schedule: () => () => {} } } });
    await dies.register({ id: 'c', url: 'http://c' }, { ttlMs: 1_000 }).ready;
    await gateway.until('b', 'c');
    await gateway.until('b');
    expect(gateway.lines).toEqual([]);
    const later = watched(registryOf(pool));
    await later.until('b');
  });

  test('that is started again goes on; servers register again where a lease was lost', async () => {
    const pool = `p${++pools}`;
    const gateway = watched(registryOf(pool), { env: fastEnv(5) });
    const servers = registryOf(pool);
    const registrations = ['a', 'b'].map((id) => register(servers, id));
    await Promise.all(registrations.map(({ ready }) => ready));
    await gateway.until('a', 'b');
    await server.process.kill();
    await gateway.state('failing');
    expect(gateway.ids()).toEqual(['a', 'b']);
    await server.process.start();
    register(servers, 'c');
    await gateway.until('a', 'b', 'c');
    await server.process.kill();
    server.wipe();
    await server.process.start();
    await gateway.state('failing').catch(() => {});
    register(servers, 'd');
    await gateway.until('a', 'b', 'c', 'd');
    expect(gateway.lines.some((line) => line.includes('a new epoch began'))).toBe(true);
    const later = watched(registryOf(pool));
    await later.until('a', 'b', 'c', 'd');
  });

  test('is read anew when its watch is dead without an error', async () => {
    const pool = `p${++pools}`;
    // A connection in between that swallows what the watch tells.
    const deaf: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      if (!String(url).endsWith('/watch')) return response;
      void response.body?.cancel();
      return new Response(new ReadableStream());
    };
    const gateway = watched(registryOf(pool, { fetch: deaf, env: fastEnv(50) }));
    await gateway.state('current');
    const a = register(registryOf(pool), 'a', { ttlMs: 10_000 });
    await Promise.all([a.ready, gateway.until('a')]);
    expect(gateway.lines).toContain(`etcd ${pool}: the watch is dead`);
  });

  test('lets the younger of two with one id count', async () => {
    const pool = `p${++pools}`;
    const lines: string[] = [];
    const old = registryOf(pool).register(
      { id: 'a', url: 'http://old' },
      { ttlMs: 300, report: (line) => lines.push(line) },
    );
    ends.push(() => old.close());
    await old.ready;
    await new Promise((resolve) => setTimeout(resolve, 2));
    const young = registryOf(pool).register({ id: 'a', url: 'http://young' });
    ends.push(() => young.close());
    await young.ready;
    await expect
      .poll(() => lines)
      .toEqual(['registration failed: id "a" is in use by http://young, which registered later']);
    await old.close();
    await watched(registryOf(pool)).until('a');
  });

  test('logs in, and again when its token is over while it watches', async () => {
    const own = await etcdServer('--auth-token-ttl', '1');
    ends.unshift(() => own.close());
    const post = async (path: string, body: object) =>
      expect(
        (await fetch(`${own.url}/v3/auth/${path}`, { method: 'POST', body: JSON.stringify(body) })).ok,
      ).toBe(true);
    await post('user/add', { name: 'root', password: 'p@ss/1' });
    await post('role/add', { name: 'root' });
    await post('user/grant', { user: 'root', role: 'root' });
    await post('enable', {});
    const as = (user: string) => own.url.replace('://', `://${user}@`);
    const [user, wrong] = [as('root:p%40ss%2F1'), as('root:no')];
    const gateway = watched(etcd({ url: user, env: fastEnv(20) }));
    await gateway.state('current');
    const a = register(etcd({ url: user }), 'a', { ttlMs: 10_000 });
    await Promise.all([a.ready, gateway.until('a')]);
    const refused = watched(etcd({ url: wrong }));
    await refused.state('failing');
    expect(refused.lines).toEqual([
      expect.stringMatching(/log-in failed with status 400: .*authentication failed/),
    ]);
    // Tokens do not outlive the process, and are over after a second without use.
    await own.process.kill();
    await own.process.start();
    const b = register(etcd({ url: user }), 'b', { ttlMs: 10_000 });
    await Promise.all([b.ready, gateway.until('a', 'b')]);
    await a.drain();
    await expect.poll(() => gateway.backends().find(({ id }) => id === 'a')?.draining).toBe(true);
    expect(gateway.lines.some((line) => line.includes('token'))).toBe(false);
    expect(gateway.changes.every((ids) => ids === '' || ids.includes('a'))).toBe(true);
  });

  it('refuses what it needs', () => {
    expect(() => etcd({} as never)).toThrow(
      'etcd.url must be a string with at least one character, got undefined',
    );
  });
});
