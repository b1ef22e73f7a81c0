// The examples in examples/starters do what their first comments say.
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { BackendPool, LoggerService, type StrategyName } from 'evenkeel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMainServer } from '../../examples/starters/express-servers.ts';
import { CachingBackends, serve } from '../../examples/starters/injected.ts';
import {
  addressOf,
  createPictureServer,
  LoadBalancer as Pictures,
} from '../../examples/starters/picture-service.ts';
import { LoadBalancer } from '../../examples/starters/standalone.ts';
import {
  movedByScalingOut,
  simulate,
  simulateOutage,
  simulateWeighted,
} from '../../examples/starters/strategies.ts';
import { aCertificate } from '../../gateway/test/config/certificates.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('the injected load balancer', () => {
  const PATHS = Array.from({ length: 12 }, (_, i) => `/products/${i}`);

  it('keeps each path on one backend, spreads paths evenly, and logs each request', async () => {
    const backends = new CachingBackends();
    const logger = new LoggerService();
    const log = vi.spyOn(logger, 'log');
    const answers = await serve(backends, BackendPool, logger, PATHS, 5);
    expect(answers).toHaveLength(60);
    expect(answers[0]).toMatch(/^200 POST \/products\/0 body, from 192\.168\.1\.[2-5]:8080$/);
    expect(backends.hits).toBe(48);
    expect([...backends.requests.values()]).toEqual([15, 15, 15, 15]);
    expect(log).toHaveBeenCalledTimes(60);
  });

  it('answers with the error of a backend that fails', async () => {
    const backends = new CachingBackends();
    for (const { IPAddr, Port } of BackendPool) backends.broken.add(`${IPAddr}:${Port}`);
    const logger = new LoggerService({ sink: () => {} });
    expect(await serve(backends, BackendPool, logger, ['/a'], 1)).toEqual([
      expect.stringMatching(/^error: 192\.168\.1\.[2-5]:8080 is broken$/),
    ]);
  });
});

describe('Express before Express', () => {
  const CONFIG = ['server-1', 'server-2', 'server-3'].map((name) => ({ name, port: 0 }));

  it('goes round the servers, counts, and passes bodies on', async () => {
    const { url, close } = await createMainServer(0, CONFIG);
    cleanUps.push(close);
    const pongs: string[] = [];
    for (let i = 0; i < 6; i++) pongs.push(await (await fetch(`${url}/ping`)).text());
    expect(pongs.slice(0, 3).sort()).toEqual(CONFIG.map(({ name }) => `pong from ${name}`));
    expect(pongs.slice(3)).toEqual(pongs.slice(0, 3));
    const headers = { 'content-type': 'application/json' };
    const posted = await fetch(`${url}/ping`, { method: 'POST', headers, body: '{"hello":1}' });
    expect(await posted.json()).toMatchObject({ got: { hello: 1 } });
    expect((await fetch(`${url}/favicon.ico`)).status).toBe(204);
    expect(await (await fetch(`${url}/stats`)).json()).toMatchObject({
      totalRequests: 7,
      backends: CONFIG.map(({ name }) => ({ id: name, alive: true })),
    });
  });
});

describe('the picture service', () => {
  const SECRET = 's'.repeat(32);
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tokenOf = (user: string) => {
    const signed = `${encoded({ alg: 'HS256' })}.${encoded({ sub: user, exp: 4_000_000_000 })}`;
    return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
  };

  async function setUp(cpus: readonly number[]) {
    const load = [...cpus];
    const servers = await Promise.all(cpus.map((_, i) => createPictureServer(`s${i}`, () => load[i] ?? 0)));
    const { cert, key } = await aCertificate({ dns: ['localhost'] });
    const addresses = servers.map(addressOf);
    const balancer = new Pictures(addresses, { cert, key, secret: SECRET, intervalMs: 50 });
    const url = await balancer.start();
    cleanUps.push(() => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    });
    cleanUps.push(() => balancer.stop());
    const ask = async (path: string, user?: string) => {
      const headers = user === undefined ? {} : { authorization: `Bearer ${tokenOf(user)}` };
      const sent = request(`${url}${path}`, { ca: cert, headers }).end();
      const [response] = await once(sent, 'response');
      return `${response.statusCode} ${await text(response)}`;
    };
    return { balancer, ask, addresses, load, servers };
  }

  it('keeps each user on one server, and sends the rest where the workload is least', async () => {
    const { ask, balancer } = await setUp([0.8, 0.8, 0.05]);
    await vi.waitFor(() => expect(balancer.healthyServers()).toHaveLength(3), 10_000);
    await vi.waitFor(async () => {
      const names = await Promise.all(Array.from({ length: 30 }, () => ask('/pictures/cat.jpg')));
      const least = names.filter((answer) => answer === '200 s2: GET /pictures/cat.jpg').length;
      expect(least).toBeGreaterThan(15);
    }, 10_000);
    for (const user of ['ada', 'bob', 'eve']) {
      const answers = new Set<string>();
      for (let i = 0; i < 10; i++) answers.add(await ask('/cart', user));
      expect(answers.size, user).toBe(1);
    }
  });

  it('takes servers in and out while it runs, and an unhealthy one out', async () => {
    const { balancer, addresses, load, ask } = await setUp([0.1, 0.1]);
    const [first = '', second = ''] = addresses;
    const urls = (...all: string[]) => all.map((address) => `http://${address}`);
    await vi.waitFor(() => expect(balancer.healthyServers()).toEqual(urls(first, second)), 10_000);
    const third = await createPictureServer('s2', () => 0.1);
    cleanUps.push(() => third.close());
    await balancer.addServer(addressOf(third));
    expect(balancer.healthyServers()).toEqual(urls(first, second, addressOf(third)));
    await balancer.removeServer(addressOf(third));
    expect(balancer.healthyServers()).toEqual(urls(first, second));
    load[0] = 0.99;
    await vi.waitFor(() => expect(balancer.healthyServers()).toEqual(urls(second)), 10_000);
    expect(await ask('/pictures/dog.jpg')).toBe('200 s1: GET /pictures/dog.jpg');
    load[0] = 0.1;
    await vi.waitFor(() => expect(balancer.healthyServers()).toEqual(urls(first, second)), 10_000);
  });

  it('sends the request to the next server if one has died, and says so if all have', async () => {
    const { ask, servers } = await setUp([0.1, 0.1]);
    servers[0]?.closeAllConnections();
    servers[0]?.close();
    for (let i = 0; i < 6; i++) expect(await ask(`/pictures/${i}`)).toBe(`200 s1: GET /pictures/${i}`);
    servers[1]?.closeAllConnections();
    servers[1]?.close();
    expect(await ask('/pictures/x')).toMatch(/^50[23] \{"code":"ERR_/);
  });
});

describe('the simulation', () => {
  const evenly = { min: 180, max: 420 };

  it.each<StrategyName>(['round-robin', 'random', 'least-connections', 'ip-hash', 'consistent-hash'])(
    '%s spreads the requests',
    (strategy) => {
      const served = Object.values(simulate(strategy));
      expect(served).toHaveLength(4);
      expect(served.reduce((sum, count) => sum + count)).toBe(1_200);
      expect(Math.min(...served)).toBeGreaterThan(evenly.min);
      expect(Math.max(...served)).toBeLessThan(evenly.max);
    },
  );

  it('gives round robin its weights', () => {
    expect(simulateWeighted()).toEqual({
      'http://10.0.0.1:8080': 600,
      'http://10.0.0.2:8080': 400,
      'http://10.0.0.3:8080': 200,
    });
  });

  it.each<StrategyName>(['ip-hash', 'consistent-hash'])(
    '%s moves the clients of an offline backend alone, and brings them home',
    (strategy) => {
      const { before, during, after } = simulateOutage(strategy);
      expect(after).toEqual(before);
      expect(during).not.toContain('http://10.0.0.2:8080');
      for (const [i, backend] of before.entries())
        if (backend !== 'http://10.0.0.2:8080') expect(during[i]).toBe(backend);
    },
  );

  it('moves about a fifth of the keys to a fifth backend', () => {
    expect(movedByScalingOut()).toBeGreaterThan(0.15);
    expect(movedByScalingOut()).toBeLessThan(0.25);
  });
});

describe('the load balancer with an address of its own', () => {
  async function aBackend(name: string) {
    let status = 200;
    const server = createServer((_request, response) => {
      response.statusCode = status;
      response.end(name);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUps.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, fail: (as: number) => (status = as) };
  }

  it.each(['round-robin', 'least-connections'] as const)(
    'balances by %s and shows its backends',
    async (strategy) => {
      const backends = await Promise.all(['a', 'b', 'c'].map(aBackend));
      const balancer = new LoadBalancer('127.0.0.1:0', strategy, { intervalMs: 50 });
      for (const { url } of backends) balancer.addBackend(url);
      const url = (await balancer.start()).replace('localhost', '127.0.0.1');
      cleanUps.push(() => balancer.stop());
      const answers = [];
      for (let i = 0; i < 6; i++) answers.push(await (await fetch(url)).text());
      expect(answers.sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
      const shown = (...alive: boolean[]) =>
        backends.map((backend, i) => ({ url: backend.url, alive: alive[i], connections: 0 }));
      await vi.waitFor(() => expect(balancer.getBackendStats()).toEqual(shown(true, true, true)), 10_000);
      backends[1]?.fail(500);
      await vi.waitFor(() => expect(balancer.getBackendStats()).toEqual(shown(true, false, true)), 10_000);
      backends[1]?.fail(404);
      await vi.waitFor(() => expect(balancer.getBackendStats()).toEqual(shown(true, true, true)), 10_000);
    },
  );
});

describe('the command that plays them', () => {
  it('plays the one that is named, and names all where there is none of the name', async () => {
    const play = (...args: string[]) =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/starters/main.ts', ...args]).catch(
        (error: { code: number; stdout: string; stderr: string }) => error,
      );
    const [injected, wrong] = await Promise.all([play('injected'), play('injekted')]);
    expect(injected.stdout).toContain('12 paths, 5 times each: 48 cache hits');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('picture-service') });
  });
});
