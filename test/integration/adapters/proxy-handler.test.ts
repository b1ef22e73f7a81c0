import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { proxyHandler } from '../../../src/adapters/fetch/index.ts';
import { Balancer, byClientAddress, maxInFlight, outlierEjection, type Request } from '../../../src/index.ts';
import { startAtTheFirst } from '../../first-backend.ts';
import { aBackend, closeBackends, leases, refusingUrl, until } from './backends.ts';

startAtTheFirst();

afterEach(closeBackends);

const WebRequest = globalThis.Request;
const ask = (path = '/', init: RequestInit = {}) => new WebRequest(`https://front.example${path}`, init);
const inTurns = { strategy: 'round-robin', failover: { minDelayMs: 0, maxDelayMs: 0 } } as const;
const streaming = { duplex: 'half' } as object;

describe('the handler', () => {
  it('passes requests on, below the base path, without a prefix', async () => {
    const backend = await aBackend();
    const handler = proxyHandler([`${backend.url}/base`], { prefix: '/api' });
    const paths: [string, string][] = [
      ['/api', '/base/'],
      ['/api?a=b', '/base/?a=b'],
      ['/api/a%2Fb?c', '/base/a%2Fb?c'],
      ['/apis/a', '/base/apis/a'],
      ['/a', '/base/a'],
    ];
    for (const [path, seen] of paths) expect(await (await handler(ask(path))).text()).toBe(seen);
    const posted = await handler(ask('/a', { method: 'POST', body: 'payload' }));
    expect(await posted.text()).toBe('payload');
    for (const prefix of ['api', '/api/', '/'])
      expect(() => proxyHandler([], { prefix })).toThrow(`got ${prefix}`);
  });

  it('says where requests come from, and does not believe what they say themselves', async () => {
    const backend = await aBackend();
    const handler = proxyHandler<[{ peer: string }]>([backend.url], {
      clientAddress: (_, { peer }) => peer,
    });
    const said = {
      forwarded: 'for=6.6.6.6',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'gopher',
      'x-forwarded-host': 'evil.example',
      'x-real-ip': '6.6.6.6',
    };
    await (await handler(ask('/', { headers: said }), { peer: '2001:db8::1' })).text();
    const seen = backend.received[0]?.headers;
    expect(seen).toMatchObject({
      forwarded: 'for="[2001:db8::1]";host=front.example;proto=https',
      'x-forwarded-for': '2001:db8::1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'front.example',
      via: '1.1 evenkeel',
    });
    expect(seen).not.toHaveProperty('x-real-ip');
    const unknown = proxyHandler([backend.url]);
    await (await unknown(ask('/', { headers: said }))).text();
    expect(backend.received[1]?.headers).not.toHaveProperty('x-forwarded-for');
    expect(backend.received[1]?.headers.forwarded).toBe('for=unknown;host=front.example;proto=https');
  });

  it('believes proxies that it is told to trust', async () => {
    const backend = await aBackend();
    const handler = proxyHandler([backend.url], { trustProxy: true, clientAddress: () => '10.0.0.9' });
    const headers = {
      forwarded: 'for=1.2.3.4',
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example',
      via: '1.1 edge',
    };
    await (await handler(ask('/', { headers }))).text();
    expect(backend.received[0]?.headers).toMatchObject({
      forwarded: 'for=1.2.3.4, for=10.0.0.9;host=front.example;proto=https',
      'x-forwarded-for': '1.2.3.4, 10.0.0.9',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example',
      via: '1.1 edge, 1.1 evenkeel',
    });
  });

  it('leaves behind what speaks of one connection, both ways', async () => {
    const backend = await aBackend((_, response) => {
      response.writeHead(200, {
        connection: 'x-inner',
        'x-inner': '1',
        'x-outer': '2',
        'keep-alive': 'timeout=5',
      });
      response.end();
    });
    const handler = proxyHandler([backend.url]);
    const headers = {
      connection: 'x-hop, authorization',
      'x-hop': '1',
      authorization: 'kept',
      te: 'trailers',
      'proxy-authorization': 'secret',
      x_forwarded_for: '6.6.6.6',
      cookie: 'a=b',
    };
    const answer = await handler(ask('/', { headers }));
    const seen = backend.received[0]?.headers;
    for (const name of ['x-hop', 'te', 'proxy-authorization', 'x_forwarded_for'])
      expect(seen).not.toHaveProperty(name);
    expect(seen).toMatchObject({ authorization: 'kept', cookie: 'a=b' });
    expect(Object.fromEntries(answer.headers)).toMatchObject({ 'x-outer': '2' });
    for (const name of ['connection', 'keep-alive', 'x-inner']) expect(answer.headers.has(name)).toBe(false);
  });

  it('passes answers on as they are: redirects, statuses, cookies, ranges, empty ones', async () => {
    const backend = await aBackend((incoming, response) => {
      if (incoming.url === '/302') response.writeHead(302, { location: '/x' }).end();
      else if (incoming.url === '/304') response.writeHead(304, { etag: '"a"' }).end();
      else if (incoming.url === '/206')
        response.writeHead(206, { 'content-range': 'bytes 0-1/9', 'content-length': 2 }).end('ab');
      else if (incoming.url === '/503') response.writeHead(503, 'Busy', { 'retry-after': '7' }).end('busy');
      else response.writeHead(200, ['set-cookie', 'a=1', 'set-cookie', 'b=2', 'content-length', '9']).end();
    });
    const handler = proxyHandler([backend.url]);
    const moved = await handler(ask('/302'));
    expect([moved.status, moved.headers.get('location')]).toEqual([302, '/x']);
    const same = await handler(ask('/304', { headers: { 'if-none-match': '"a"' } }));
    expect([same.status, same.headers.get('etag'), await same.text()]).toEqual([304, '"a"', '']);
    const part = await handler(ask('/206', { headers: { range: 'bytes=0-1' } }));
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 0-1/9',
      'ab',
    ]);
    const busy = await handler(ask('/503'));
    expect([busy.status, busy.statusText, busy.headers.get('retry-after'), await busy.text()]).toEqual([
      503,
      'Busy',
      '7',
      'busy',
    ]);
    const head = await handler(ask('/', { method: 'HEAD' }));
    expect(head.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(head.headers.get('content-length')).toBe('9');
    expect(leases(handler.balancer)).toEqual({ held: 0, begun: 5, failures: 1, cancelled: 0 });
  });

  it('asks for bodies without a coding, undoes those that come all the same, and refuses unknown ones', async () => {
    const backend = await aBackend((incoming, response) => {
      const coding = incoming.url?.slice(1) ?? '';
      const body = coding === 'gzip' ? gzipSync('text') : Buffer.from('????');
      response.writeHead(200, { 'content-encoding': coding, 'content-length': body.length }).end(body);
    });
    const handler = proxyHandler([backend.url]);
    const answer = await handler(ask('/gzip', { headers: { 'accept-encoding': 'br' } }));
    expect(backend.received[0]?.headers['accept-encoding']).toBe('identity');
    expect([answer.headers.has('content-encoding'), await answer.text()]).toEqual([false, 'text']);
    expect(answer.headers.has('content-length')).toBe(false);
    const unknown = await handler(ask('/dcz'));
    expect([unknown.status, await unknown.json()]).toMatchObject([502, { code: 'ERR_LB_UPSTREAM' }]);
    const plain = await handler(ask('/identity'));
    expect([plain.headers.get('content-length'), await plain.text()]).toEqual(['4', '????']);
    await until(() => leases(handler.balancer).held === 0);
  });

  it('answers 400 to a request that `fetch` cannot send, and no backend is to blame', async () => {
    const backend = await aBackend();
    const handler = proxyHandler([backend.url], { guards: [outlierEjection({ consecutiveFailures: 1 })] });
    // Servers make requests that the constructor of `Request` forbids.
    const trace = Object.defineProperty(ask('/'), 'method', { value: 'TRACE' });
    const answer = await handler(trace);
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'ERR_LB_BAD_REQUEST' }]);
    expect(handler.stats().backends[0]).toMatchObject({ failures: 0, state: 'up' });
  });

  it('streams both ways, and holds its lease until the last byte', async () => {
    const backend = await aBackend((incoming, response) => void incoming.pipe(response));
    const handler = proxyHandler([backend.url]);
    const pipe = new TransformStream<Uint8Array, Uint8Array>();
    const writer = pipe.writable.getWriter();
    const send = (text: string) => void writer.write(new TextEncoder().encode(text));
    send('one');
    const answer = await handler(ask('/', { method: 'POST', body: pipe.readable, ...streaming }));
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('one');
    send('two');
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('two');
    expect(leases(handler.balancer).held).toBe(1);
    void writer.close();
    expect((await reader.read()).done).toBe(true);
    expect(leases(handler.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
  });

  it('ends its lease as cancelled where the client leaves, before the head or in the body', async () => {
    const backend = await aBackend((incoming, response) => {
      if (incoming.url !== '/hang') response.write('half');
    });
    const handler = proxyHandler([backend.url]);
    const before = new AbortController();
    const pending = handler(ask('/hang', { signal: before.signal }));
    await until(() => backend.received.length === 1);
    before.abort();
    expect((await pending).status).toBe(499);
    const during = new AbortController();
    const answer = await handler(ask('/', { signal: during.signal }));
    during.abort();
    await expect(answer.text()).rejects.toThrow();
    await (await handler(ask('/'))).body?.cancel();
    expect(leases(handler.balancer)).toEqual({ held: 0, begun: 3, failures: 0, cancelled: 3 });
  });

  it('answers errors by itself, without a word of what lies behind, or as it is told', async () => {
    const url = await refusingUrl();
    const handler = proxyHandler([url]);
    const refused = await handler(ask('/', { headers: { 'x-request-id': 'r-1' } }));
    const text = await refused.text();
    expect([refused.status, JSON.parse(text)]).toEqual([
      502,
      { code: 'ERR_LB_UPSTREAM', message: 'the backend failed', requestId: 'r-1' },
    ]);
    expect(text).not.toContain(new URL(url).port);
    const none = await proxyHandler([])(ask('/', { headers: { 'x-request-id': 'bad id <script>' } }));
    expect([none.status, none.headers.get('retry-after')]).toEqual([503, '1']);
    expect(none.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
    const hanging = await aBackend(() => {});
    const slow = await proxyHandler([hanging.url], { timeoutMs: 50 })(ask());
    expect([slow.status, await slow.json()]).toMatchObject([504, { code: 'ERR_LB_TIMEOUT' }]);
    const full = { guards: [maxInFlight(1)], queue: { limit: 0 } };
    const busy = proxyHandler([hanging.url], full);
    const first = busy(ask('/', { signal: AbortSignal.timeout(200) }));
    expect(await (await busy(ask())).json()).toMatchObject({ code: 'ERR_LB_OVERLOADED' });
    expect((await first).status).toBe(499);
    const own = proxyHandler([], {
      onError: (error, request) =>
        new Response(`${(error as Error).name} for ${request.url}`, { status: 500 }),
    });
    expect(await (await own(ask('/a'))).text()).toBe('NoBackendError for https://front.example/a');
  });

  it('sends small bodies to the next backend where it may, large ones and streams once', async () => {
    const good = await aBackend();
    const handler = proxyHandler([await refusingUrl(), good.url], inTurns);
    const post = (body: BodyInit, length?: number) =>
      handler(
        ask('/', {
          method: 'POST',
          body,
          headers: length === undefined ? {} : { 'content-length': String(length) },
          ...streaming,
        }),
      );
    expect(await (await post('small', 5)).text()).toBe('small');
    expect((await post(new Blob(['streamed']).stream())).status).toBe(502);
    expect((await post('x'.repeat(70_000), 70_000)).status).toBe(200);
    expect((await post('x'.repeat(70_000), 70_000)).status).toBe(502);
    expect(good.received.length).toBe(2);
  });

  it('knows the client by its address, and takes a balancer that others use, too', async () => {
    const balancer = new Balancer<Request>([(await aBackend()).url, (await aBackend()).url], {
      key: byClientAddress,
    });
    const handler = proxyHandler(balancer, {
      clientAddress: (request) => request.headers.get('x-peer') ?? undefined,
    });
    for (const path of ['/a', '/b', '/c'])
      await (await handler(ask(path, { headers: { 'x-peer': 'c1' } }))).text();
    expect(handler.balancer).toBe(balancer);
    expect(balancer.stats().keys).toBe(1);
    expect(handler.stats().inFlight).toBe(0);
  });
});
