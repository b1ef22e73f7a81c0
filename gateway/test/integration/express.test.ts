import { once } from 'node:events';
import http from 'node:http';
import { Readable } from 'node:stream';
import express, { type ErrorRequestHandler } from 'express';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { aBackend, closeBackends, refusingUrl, until } from '../../../test/integration/adapters/backends.ts';
import { aFront, closeFronts } from '../../../test/integration/adapters/front.ts';
import { type ProxyMiddleware, proxyMiddleware } from '../../src/adapters/express/index.ts';
import { createProxy, type NodeProxyConfig } from '../../src/proxy.ts';

const middlewares: ProxyMiddleware[] = [];

afterEach(async () => {
  for (const middleware of middlewares.splice(0)) middleware.close();
  await closeFronts();
  await closeBackends();
});

function aMiddleware(urls: string[], options: Partial<NodeProxyConfig> = {}, keepMountPath = false) {
  const middleware = proxyMiddleware({ backends: urls, health: false, ...options }, { keepMountPath });
  middlewares.push(middleware);
  return middleware;
}

const textOf = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).text();
const inFlight = (middleware: ProxyMiddleware) => middleware.proxy.stats().pools[0]?.inFlight;

describe('the middleware', () => {
  it('passes on what is below the path where it is mounted, without it or with it', async () => {
    const backend = await aBackend();
    const app = express();
    app.use('/cut', aMiddleware([`${backend.url}/base`]));
    app.use('/kept', aMiddleware([backend.url], {}, true));
    app.get('/own', (_, response) => void response.send('own'));
    const router = express.Router();
    router.use('/deep', aMiddleware([backend.url]));
    app.use('/router', router);
    app.use(aMiddleware([backend.url]));
    const front = await aFront(app);
    const paths: [string, string][] = [
      ['/cut', '/base/'],
      ['/cut?a=b', '/base/?a=b'],
      ['/cut/a%2Fb/?c=%20', '/base/a%2Fb/?c=%20'],
      ['/kept/a?b=c', '/kept/a?b=c'],
      ['/router/deep/a', '/a'],
      ['/own', 'own'],
      ['/else', '/else'],
    ];
    for (const [path, seen] of paths) expect(await textOf(front + path)).toBe(seen);
  });

  it('leaves the URL of the request as it was for those who log it', async () => {
    const backend = await aBackend();
    const app = express();
    const seen: unknown[] = [];
    app.use((incoming, response, next) => {
      response.once('finish', () => seen.push(incoming.url, incoming.originalUrl));
      next();
    });
    app.use('/kept', aMiddleware([backend.url], {}, true));
    expect(await textOf(`${await aFront(app)}/kept/a`)).toBe('/kept/a');
    await until(() => seen.length > 0);
    expect(seen[1]).toBe('/kept/a');
  });

  it('passes trailers on', async () => {
    let seen: NodeJS.Dict<string> = {};
    const backend = await aBackend((incoming, response) => {
      incoming.resume().on('end', () => {
        seen = incoming.trailers;
        response.end();
      });
    });
    const { port, hostname } = new URL(await aFront(express().use(aMiddleware([backend.url]))));
    const outgoing = http.request({ port, hostname, method: 'PUT', headers: { trailer: 'x-sum' } });
    outgoing.write('hello');
    outgoing.addTrailers({ 'x-sum': '1' });
    const [response] = (await once(outgoing.end(), 'response')) as [http.IncomingMessage];
    await once(response.resume(), 'end');
    expect(seen).toEqual({ 'x-sum': '1' });
  });

  it('works without Express, as Connect has it', async () => {
    const backend = await aBackend();
    const middleware = aMiddleware([backend.url]);
    const front = await aFront((incoming, response) => {
      middleware(incoming, response, (error) => response.writeHead(500).end(String(error)));
    });
    expect(await textOf(`${front}/a`)).toBe('/a');
    expect(await textOf(`${front}/a`, { method: 'POST', body: 'payload' })).toBe('payload');
  });

  it('keeps headers that others have set, and all cookies', async () => {
    const backend = await aBackend((_, response) => {
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.setHeader('X-Both', 'backend');
      response.end();
    });
    const app = express();
    app.use((_, response, next) => {
      response.setHeader('X-Own', 'own');
      response.setHeader('X-Both', 'own');
      next();
    });
    app.use(aMiddleware([backend.url]));
    const { headers } = await fetch(await aFront(app));
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(headers.get('x-powered-by')).toBe('Express');
    expect(headers.get('x-own')).toBe('own');
    expect(headers.get('x-both')).toBe('backend');
  });

  it('lets middlewares that wait for the head see its headers, also those that know no flat list', async () => {
    const backend = await aBackend((_, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']).setHeader('x-own', 'yes').end('body');
    });
    const seen: unknown[] = [];
    const app = express().disable('x-powered-by');
    app.use((_, response, next) => {
      const { writeHead } = response;
      response.writeHead = ((status: number, ...more: unknown[]) => {
        seen.push(response.getHeader('x-own'), more.some(Array.isArray));
        return writeHead.call(response, status);
      }) as typeof writeHead;
      next();
    });
    app.use(aMiddleware([backend.url]));
    const answer = await fetch(await aFront(app));
    expect(seen).toEqual(['yes', false]);
    expect([answer.headers.getSetCookie(), answer.headers.get('x-own')]).toEqual([['a=1', 'b=2'], 'yes']);
    expect(await answer.text()).toBe('body');
  });

  it('streams bodies of any size both ways', async () => {
    const backend = await aBackend((incoming, response) => void incoming.pipe(response));
    const app = express().use(aMiddleware([backend.url]));
    const body = Readable.from(
      (function* () {
        for (let i = 0; i < 200; i++) yield Buffer.alloc(65_536, 'x');
      })(),
    );
    const answer = await request(await aFront(app), { method: 'POST', body });
    let received = 0;
    for await (const chunk of answer.body) received += (chunk as Buffer).length;
    expect(received).toBe(200 * 65_536);
  });

  it('says where requests come from', async () => {
    const backend = await aBackend();
    const front = await aFront(express().use(aMiddleware([backend.url])));
    await textOf(front, {
      headers: { 'x-forwarded-for': '6.6.6.6', connection: 'x-secret', 'x-secret': '1' },
    });
    expect(backend.received[0]?.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': new URL(front).host,
      'x-forwarded-proto': 'http',
    });
  });

  it('gives an error to `next` where the body was read before; requests without one pass', async () => {
    const backend = await aBackend();
    const app = express();
    app.use(express.json());
    app.use(aMiddleware([backend.url]));
    const errors: Error[] = [];
    const onError: ErrorRequestHandler = (error, _request, response, _next) => {
      errors.push(error);
      response.status(500).send('own error page');
    };
    app.use(onError);
    const front = await aFront(app);
    const headers = { 'content-type': 'application/json' };
    expect(await textOf(front, { method: 'POST', body: '{"a":1}', headers })).toBe('own error page');
    expect(errors[0]?.message).toContain('before body parsers');
    expect(await textOf(`${front}/a`)).toBe('/a');
    expect(await textOf(`${front}/b`, { method: 'POST', headers })).toBe('/b');
    expect(await textOf(`${front}/`, { method: 'POST', body: 'not parsed' })).toBe('not parsed');
    expect(backend.received.length).toBe(3);
    const empty = http.request(front, {
      method: 'POST',
      headers: { ...headers, 'transfer-encoding': 'chunked' },
    });
    const [{ statusCode }] = (await once(empty.end(), 'response')) as [http.IncomingMessage];
    expect(statusCode).toBe(500);
  });

  it('answers by itself where no backend does', async () => {
    const front = await aFront(
      express()
        .use('/none', aMiddleware([]))
        .use(aMiddleware([await refusingUrl()])),
    );
    const none = await fetch(`${front}/none`);
    expect([none.status, await none.json()]).toMatchObject([503, { code: 'ERR_LB_NO_BACKEND' }]);
    const refused = await fetch(front);
    expect([refused.status, await refused.json()]).toMatchObject([502, { code: 'ERR_LB_UPSTREAM' }]);
  });

  it('aborts what a client has left', async () => {
    const closed: boolean[] = [];
    const backend = await aBackend((_, response) => {
      response.write('half');
      response.once('close', () => closed.push(response.writableFinished));
    });
    const middleware = aMiddleware([backend.url]);
    const front = await aFront(express().use(middleware));
    const client = http.get(front).on('error', () => {});
    await until(() => inFlight(middleware) === 1);
    client.destroy();
    await until(() => closed.length === 1 && inFlight(middleware) === 0);
    expect(closed).toEqual([false]);
  });

  it('closes its own proxy, but not one that was given', async () => {
    const backend = await aBackend();
    const own = proxyMiddleware({ backends: [backend.url], health: { intervalMs: 10 } });
    await until(() => backend.received.length > 1);
    own.close();
    await until(() => backend.sockets.size === 0);
    const proxy = createProxy({ backends: [backend.url], health: { intervalMs: 10 } });
    const given = proxyMiddleware(proxy);
    expect(given.proxy).toBe(proxy);
    given.close();
    const before = backend.received.length;
    await until(() => backend.received.length > before + 1);
    expect(await textOf(`${await aFront(express().use(given))}/a`)).toBe('/a');
    proxy.close();
  });

  it('refuses a configuration that cannot be', () => {
    expect(() => proxyMiddleware({ backends: ['nonsense'] })).toThrow('nonsense');
  });
});
