import { once } from 'node:events';
import http from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { aBackend, closeBackends, refusingUrl, until } from '../../../test/integration/adapters/backends.ts';
import { type FastifyProxyOptions, fastifyProxy } from '../../src/adapters/fastify/index.ts';
import { createProxy } from '../../src/proxy.ts';

const apps: FastifyInstance[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await closeBackends();
});

function anApp(): FastifyInstance {
  const app = fastify({ forceCloseConnections: true });
  apps.push(app);
  return app;
}

const poolOf = (...urls: string[]): FastifyProxyOptions => ({ proxy: { backends: urls, health: false } });
const listen = (app: FastifyInstance) => app.listen({ port: 0, host: '127.0.0.1' });
const textOf = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).text();

describe('the plugin', () => {
  it('passes on what is below its prefix, without it or with it', async () => {
    const backend = await aBackend();
    const app = anApp();
    app.register(fastifyProxy, { ...poolOf(`${backend.url}/base`), prefix: '/cut' });
    app.register(fastifyProxy, { ...poolOf(backend.url), prefix: '/kept', keepPrefix: true });
    app.register(async (inner) => inner.register(fastifyProxy, { ...poolOf(backend.url), prefix: '/deep' }), {
      prefix: '/inner',
    });
    app.get('/own', () => 'own');
    const front = await listen(app);
    const paths: [string, string][] = [
      ['/cut', '/base/'],
      ['/cut?a=b', '/base/?a=b'],
      ['/cut/a%2Fb/?c=%20', '/base/a%2Fb/?c=%20'],
      ['/kept/a?b=c', '/kept/a?b=c'],
      ['/inner/deep/a', '/a'],
      ['/own', 'own'],
    ];
    for (const [path, seen] of paths) expect(await textOf(front + path)).toBe(seen);
  });

  it('takes its prefix off however a target writes it', async () => {
    const backend = await aBackend();
    const app = fastify({
      forceCloseConnections: true,
      routerOptions: { caseSensitive: false, ignoreDuplicateSlashes: true },
    });
    apps.push(app);
    app.register(fastifyProxy, { ...poolOf(backend.url), prefix: '/shop' });
    app.register(fastifyProxy, { ...poolOf(backend.url), prefix: '/of/:tenant/api' });
    const port = Number(new URL(await listen(app)).port);
    const paths: [string, string][] = [
      ['/%73hop/a', '/a'],
      ['/SHOP/A?b', '/A?b'],
      ['//shop//a', '//a'],
      ['http://shop.test/shop/a?b', '/a?b'],
      ['http://shop.test/shop', '/'],
      ['/of/me/api', '/'],
      ['/of/me/api?/of/you/api', '/?/of/you/api'],
      ['/of/m%20e/api/of/me/api', '/of/me/api'],
    ];
    for (const [path, seen] of paths) {
      const [answer] = (await once(http.get({ port, path }), 'response')) as [http.IncomingMessage];
      expect((await answer.toArray()).join('')).toBe(seen);
    }
  });

  it('takes everything where it has no prefix', async () => {
    const backend = await aBackend();
    const app = anApp();
    app.register(fastifyProxy, poolOf(backend.url));
    const front = await listen(app);
    expect(await textOf(`${front}/a/b?c`)).toBe('/a/b?c');
    expect(await textOf(`${front}/`)).toBe('/');
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('passes on %s', async (method) => {
    const backend = await aBackend();
    const app = anApp();
    app.register(fastifyProxy, poolOf(backend.url));
    const { status } = await fetch(`${await listen(app)}/a`, { method });
    expect([status, backend.received[0]?.method]).toEqual([200, method]);
  });

  it('leaves bodies alone, whatever they are, beside routes that parse theirs', async () => {
    const backend = await aBackend((incoming, response) => void incoming.pipe(response));
    const app = anApp();
    app.register(fastifyProxy, { ...poolOf(backend.url), prefix: '/proxy' });
    app.post('/own', (incoming) => ({ parsed: incoming.body }));
    const front = await listen(app);
    const post = { method: 'POST', body: '{"a":' };
    for (const type of ['application/json', 'text/plain', 'application/x-unknown']) {
      const answer = await textOf(`${front}/proxy`, { ...post, headers: { 'content-type': type } });
      expect([type, answer]).toEqual([type, '{"a":']);
    }
    const untyped = await request(`${front}/proxy`, { method: 'POST', body: '{"a":' });
    expect(await untyped.body.text()).toBe('{"a":');
    const large = await request(`${front}/proxy`, { method: 'PUT', body: Buffer.alloc(5_000_000, 'x') });
    expect((await large.body.text()).length).toBe(5_000_000);
    const own = await fetch(`${front}/own`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await own.json()).toEqual({ parsed: { a: 1 } });
  });

  it('runs hooks, sends the headers that they set, and keeps all cookies', async () => {
    const backend = await aBackend((_, response) => {
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.end();
    });
    const app = anApp();
    const seen: string[] = [];
    app.addHook('onRequest', async (_, reply) => void reply.header('X-Own', 'own'));
    app.addHook('preHandler', async (incoming, reply) => {
      if (incoming.headers['x-bad']) return reply.code(403).send('no');
    });
    app.addHook(
      'onResponse',
      async (incoming, reply) => void seen.push(`${incoming.url} ${reply.raw.statusCode}`),
    );
    app.register(fastifyProxy, { ...poolOf(backend.url), prefix: '/p' });
    const front = await listen(app);
    const { headers } = await fetch(`${front}/p/a`);
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(headers.get('x-own')).toBe('own');
    expect((await fetch(`${front}/p/b`, { headers: { 'x-bad': '1' } })).status).toBe(403);
    await until(() => seen.length === 2);
    expect(seen).toEqual(['/p/a 200', '/p/b 403']);
    expect(backend.received.length).toBe(1);
  });

  it('lets the error handler of the application answer where a hook has read the body', async () => {
    const app = anApp();
    app.addHook('preParsing', async (incoming, _reply, payload) => {
      incoming.raw.resume();
      await once(incoming.raw, 'end');
      return payload;
    });
    app.setErrorHandler((error: Error, _, reply) => reply.code(500).send(`own: ${error.message}`));
    app.register(fastifyProxy, poolOf((await aBackend()).url));
    const front = await listen(app);
    expect(await textOf(front, { method: 'POST', body: 'x' })).toContain('own: the body was read before');
  });

  it('answers by itself where no backend does', async () => {
    const app = anApp();
    app.register(fastifyProxy, { ...poolOf(), prefix: '/none' });
    app.register(fastifyProxy, { ...poolOf(await refusingUrl()), prefix: '/refused' });
    const front = await listen(app);
    const none = await fetch(`${front}/none`);
    expect([none.status, await none.json()]).toMatchObject([503, { code: 'ERR_LB_NO_BACKEND' }]);
    const refused = await fetch(`${front}/refused`);
    expect([refused.status, await refused.json()]).toMatchObject([502, { code: 'ERR_LB_UPSTREAM' }]);
  });

  it('aborts what a client has left', async () => {
    let closed = 0;
    const backend = await aBackend((_, response) => {
      response.write('half');
      response.once('close', () => closed++);
    });
    const app = anApp();
    const proxy = createProxy({ backends: [backend.url], health: false });
    app.register(fastifyProxy, { proxy });
    const client = http.get(await listen(app)).on('error', () => {});
    await until(() => backend.received.length === 1);
    client.destroy();
    await until(() => closed === 1 && proxy.stats().pools[0]?.inFlight === 0);
    proxy.close();
  });

  it('closes its own proxy with the application, but not one that was given', async () => {
    const backend = await aBackend();
    const app = anApp();
    const proxy = createProxy({ backends: [backend.url], health: false });
    app.register(fastifyProxy, {
      proxy: { backends: [backend.url], health: { intervalMs: 10 } },
      prefix: '/own',
    });
    app.register(fastifyProxy, { proxy, prefix: '/given' });
    const front = await listen(app);
    expect(await textOf(`${front}/given/a`)).toBe('/a');
    await until(() => backend.received.length > 2);
    await app.close();
    const other = anApp();
    other.register(fastifyProxy, { proxy });
    expect(await textOf(`${await listen(other)}/b`)).toBe('/b');
    const before = backend.received.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(backend.received.length).toBe(before);
    proxy.close();
    await until(() => backend.sockets.size === 0);
  });

  it('says at the start what cannot be', async () => {
    const wrong = anApp();
    wrong.register(fastifyProxy, { proxy: { backends: ['nonsense'] } });
    await expect(wrong.ready()).rejects.toThrow('nonsense');
  });
});
