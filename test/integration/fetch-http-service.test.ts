import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BadRequestError,
  circuitBreaker,
  FetchHTTPService,
  type FetchHTTPServiceOptions,
  Loadbalancer,
  LoggerService,
  outlierEjection,
  UpstreamError,
  UpstreamTimeoutError,
} from '../../src/index.ts';
import { aRequest, RecordingWriter, TestEnv } from '../support.ts';

const openServers: (() => void)[] = [];

afterEach(() => {
  for (const close of openServers.splice(0)) close();
});

async function listen(server: net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a backend was sent. */
interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** Resolves when the exchange is over; tells whether the whole answer went out. */
  closed: Promise<boolean>;
}

type Handler = (response: http.ServerResponse, received: Received) => void;

/** Starts a backend that notes what it is sent. */
async function aBackend(handle: Handler = (response) => response.end('ok')) {
  const received: Received[] = [];
  const arrivals: (() => void)[] = [];
  const server = http.createServer(async (incoming, response) => {
    const closed = new Promise<boolean>((resolve) => {
      response.once('close', () => resolve(response.writableFinished));
    });
    const body = await incoming.setEncoding('utf8').reduce((text: string, chunk: string) => text + chunk, '');
    const { method, url, headers } = incoming;
    const last = { method, url, headers, body, closed };
    received.push(last);
    handle(response, last);
    for (const arrive of arrivals.splice(0)) arrive();
  });
  const url = await listen(server);
  openServers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  /** Resolves when the next request was taken. */
  const arrival = () => new Promise<void>((resolve) => arrivals.push(resolve));
  return { url, received, arrival };
}

/** Starts a backend that answers every connection with the same bytes. */
async function aRawBackend(
  answer: string | Buffer,
  end: (socket: net.Socket) => void = (socket) => socket.end(),
) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => socket.write(answer, () => end(socket)));
  });
  const url = await listen(server);
  openServers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return url;
}

/** A URL on which nobody listens. */
async function nowhere(): Promise<string> {
  const server = net.createServer();
  const url = await listen(server);
  server.close();
  await once(server, 'close');
  return url;
}

const send = (
  url: string,
  extras?: Parameters<typeof aRequest>[1],
  options?: FetchHTTPServiceOptions,
  signal?: AbortSignal,
) => new FetchHTTPService(options).sendRequest(url, aRequest('/', extras), signal && { signal });

const errorOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    (value) => {
      throw new Error(`expected an error, got ${JSON.stringify(value)}`);
    },
    (error) => error,
  );

describe('what is sent', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    '%s goes out with its payload',
    async (method) => {
      const { url, received } = await aBackend();
      await send(`${url}/a/b?c=d%20e`, { method, payload: '{"a":1}' });
      expect(received).toMatchObject([{ method, url: '/a/b?c=d%20e', body: '{"a":1}' }]);
    },
  );

  it.each(['GET', 'HEAD', 'POST', 'DELETE'])('%s goes out without a payload', async (method) => {
    const { url, received } = await aBackend();
    await send(url, { method });
    expect(received).toMatchObject([{ method, body: '' }]);
    expect(Number(received[0]?.headers['content-length'] ?? 0)).toBe(0);
    expect(received[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  it('is a payload of any text, with its length in bytes', async () => {
    const { url, received } = await aBackend();
    const payload = `Grüße 🚣 \u0000 ${'x'.repeat(1_000_000)}`;
    await send(url, { method: 'POST', payload });
    expect(received[0]?.body).toBe(payload);
    expect(received[0]?.headers['content-length']).toBe(String(Buffer.byteLength(payload)));
  });

  it('are the headers, in any case, and each value of several', async () => {
    const { url, received } = await aBackend();
    await send(url, {
      method: 'POST',
      payload: '{}',
      headers: {
        'Content-Type': 'application/json',
        'X-Many': ['a', 'b'],
        'x-none': [],
        'x-undefined': undefined,
        'x-empty': '',
        'x-latin': 'ü',
        cookie: ['a=1', 'b=2'],
        'user-agent': 'host/1.0',
        authorization: 'Bearer x',
      },
    });
    const [{ headers } = { headers: {} as http.IncomingHttpHeaders }] = received;
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-many': 'a, b',
      'x-empty': '',
      'x-latin': 'ü',
      cookie: 'a=1; b=2',
      'user-agent': 'host/1.0',
      authorization: 'Bearer x',
    });
    expect(headers).not.toHaveProperty('x-none');
    expect(headers).not.toHaveProperty('x-undefined');
  });

  it('are no headers that speak of one connection, and none that the connection header lists', async () => {
    const { url, received } = await aBackend();
    await send(url, {
      method: 'POST',
      payload: 'abc',
      headers: {
        Connection: ['close, X-Listed', ' x-LISTED-too '],
        'x-listed': '1',
        'X-Listed-Too': '1',
        'x-kept': '1',
        'Keep-Alive': 'timeout=77',
        'proxy-connection': 'keep-alive',
        'proxy-authorization': 'Basic eA==',
        TE: 'trailers',
        trailer: 'x-sum',
        'transfer-encoding': 'chunked',
        upgrade: 'websocket',
        expect: '100-continue',
        host: 'evil.example',
        'content-length': '999',
      },
    });
    const [{ headers, body } = { headers: {} as http.IncomingHttpHeaders, body: '' }] = received;
    expect(body).toBe('abc');
    expect(headers).toMatchObject({ 'x-kept': '1', host: new URL(url).host, 'content-length': '3' });
    for (const name of [
      ...['x-listed', 'x-listed-too', 'keep-alive', 'proxy-connection'],
      ...['proxy-authorization', 'te', 'trailer'],
    ])
      expect(headers).not.toHaveProperty(name);
    for (const name of ['transfer-encoding', 'upgrade', 'expect']) expect(headers).not.toHaveProperty(name);
    expect(headers.connection).toBe('keep-alive');
  });

  it('offers the codings that fetch decodes, not those that the client decodes', async () => {
    const { url, received } = await aBackend();
    await send(url, { headers: { 'accept-encoding': 'zstd, dcb' } });
    expect(received[0]?.headers['accept-encoding']).toContain('gzip');
    expect(received[0]?.headers['accept-encoding']).not.toMatch(/zstd|dcb/);
  });

  it('leaves the request as it is', async () => {
    const { url } = await aBackend();
    const headers = Object.freeze({ connection: 'x-a', 'x-a': '1' });
    const request = Object.freeze(aRequest('/', { headers }));
    await new FetchHTTPService().sendRequest(url, request);
    expect(request).toEqual(aRequest('/', { headers: { connection: 'x-a', 'x-a': '1' } }));
  });
});

describe('what comes back', () => {
  it.each([200, 201, 404, 418, 500, 503])('is the status %d with its body', async (status) => {
    const { url } = await aBackend((response) => response.writeHead(status).end(`body ${status}`));
    expect(await send(url)).toMatchObject({ status, data: `body ${status}` });
  });

  it.each([204, 304])('is the status %d without a body', async (status) => {
    const { url } = await aBackend((response) => response.writeHead(status, { etag: '"a"' }).end());
    expect(await send(url)).toMatchObject({ status, data: '', headers: { etag: '"a"' } });
  });

  it('is the answer to HEAD, which has headers alone', async () => {
    const { url } = await aBackend((response) =>
      response.writeHead(200, { 'x-a': '1', 'content-length': 5 }).end(),
    );
    expect(await send(url, { method: 'HEAD' })).toMatchObject({
      status: 200,
      data: '',
      headers: { 'x-a': '1' },
    });
  });

  it.each([301, 302, 303, 307, 308])('is a redirect of status %d, which is not followed', async (status) => {
    const { url, received } = await aBackend((response) =>
      response.writeHead(status, { location: '/next' }).end('moved'),
    );
    expect(await send(url)).toMatchObject({ status, data: 'moved', headers: { location: '/next' } });
    expect(received).toHaveLength(1);
  });

  it('keeps several Set-Cookie apart', async () => {
    const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2; Path=/', 'a=3'];
    const { url } = await aBackend((response) => response.setHeader('Set-Cookie', cookies).end());
    expect((await send(url)).headers?.['set-cookie']).toEqual(cookies);
  });

  it('is text in UTF-8, also where a character comes in two pieces', async () => {
    const text = 'Grüße, 世界 🚣‍♀️';
    const bytes = Buffer.from(text);
    const { url } = await aBackend(async (response) => {
      for (const byte of bytes) await new Promise((done) => response.write(Buffer.of(byte), done));
      response.end();
    });
    expect((await send(url)).data).toBe(text);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('is a %s body decoded, without the headers of its coding', async (coding, compress) => {
    const { url } = await aBackend((response) => {
      const body = compress('plain '.repeat(1_000));
      response
        .writeHead(200, { 'content-encoding': coding, 'content-length': body.length, 'x-a': '1' })
        .end(body);
    });
    const answer = await send(url);
    expect(answer.data).toBe('plain '.repeat(1_000));
    expect(answer.headers).toMatchObject({ 'x-a': '1' });
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  it('is an UpstreamError where a body cannot be decoded', async () => {
    const { url } = await aBackend((response) =>
      response.setHeader('content-encoding', 'gzip').end('not gzip'),
    );
    expect(await errorOf(send(url))).toBeInstanceOf(UpstreamError);
  });

  it('does not pass a body in a coding that fetch does not know off as plain text', async () => {
    const { url } = await aBackend((response) =>
      response.setHeader('content-encoding', 'x-secret').end('abc'),
    );
    const outcome = await send(url).then(
      ({ headers }) => headers?.['content-encoding'],
      (error) => error.code,
    );
    expect(['x-secret', 'ERR_LB_UPSTREAM']).toContain(outcome);
  });

  it('has no headers that speak of one connection', async () => {
    const { url } = await aBackend((response) => {
      response
        .writeHead(200, { connection: 'keep-alive, x-listed', 'x-listed': '1', 'x-kept': '1' })
        .end('ok');
    });
    const { headers } = await send(url);
    expect(headers).toMatchObject({ 'x-kept': '1' });
    for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'x-listed'])
      expect(headers).not.toHaveProperty(name);
  });

  it('may have a header of the name __proto__', async () => {
    const url = await aRawBackend('HTTP/1.1 200 OK\r\n__proto__: x\r\ncontent-length: 2\r\n\r\nok');
    const { headers } = await send(url);
    expect(Object.entries(headers ?? {})).toContainEqual(['__proto__', 'x']);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  });
});

describe('a backend that takes too long', () => {
  const noAnswer: Handler = () => {};
  const halfAnswer: Handler = (response) => response.writeHead(200, { 'content-length': 10 }).write('half');

  it.each([
    ['to answer', noAnswer],
    ['with the body', halfAnswer],
  ])('%s ends in an UpstreamTimeoutError, and sees its connection closed', async (_, handle) => {
    const env = new TestEnv();
    const { url, received, arrival } = await aBackend(handle);
    const arrived = arrival();
    const error = errorOf(send(url, {}, { timeoutMs: 100, timers: env.timers }));
    await arrived;
    env.advance(100);
    expect(await error).toBeInstanceOf(UpstreamTimeoutError);
    expect(await error).toMatchObject({ code: 'ERR_LB_TIMEOUT', status: 504 });
    expect(await received[0]?.closed).toBe(false);
    expect(env.pendingTimers).toBe(0);
  });

  it('ends by the timers of the platform unless told otherwise', async () => {
    const { url, received } = await aBackend(noAnswer);
    const startedAt = performance.now();
    expect(await errorOf(send(url, {}, { timeoutMs: 60 }))).toMatchObject({ code: 'ERR_LB_TIMEOUT' });
    expect(performance.now() - startedAt).toBeGreaterThan(50);
    expect(await received[0]?.closed).toBe(false);
  });

  it('gets 30 seconds unless told otherwise', async () => {
    const env = new TestEnv();
    const { url, arrival } = await aBackend(noAnswer);
    const arrived = arrival();
    const error = errorOf(send(url, {}, { timers: env.timers }));
    await arrived;
    env.advance(29_999);
    expect(env.pendingTimers).toBe(1);
    env.advance(1);
    expect((await error).message).toBe('no response within 30000 ms');
  });

  it('leaves no timer behind where it makes it in time', async () => {
    const env = new TestEnv();
    const { url } = await aBackend();
    await send(url, {}, { timers: env.timers });
    expect(env.pendingTimers).toBe(0);
  });

  it.each([0, -1, Number.NaN, 2 ** 31])('cannot be given %d ms', (timeoutMs) => {
    expect(() => new FetchHTTPService({ timeoutMs })).toThrow(RangeError);
  });
});

describe('a client that leaves', () => {
  it.each<[string, Handler]>([
    ['before the answer', () => {}],
    ['within the body', (response) => response.writeHead(200).write('half')],
  ])('%s: the backend sees its connection closed, the caller the reason', async (_, handle) => {
    const controller = new AbortController();
    const { url, received, arrival } = await aBackend(handle);
    const arrived = arrival();
    const error = errorOf(send(url, {}, {}, controller.signal));
    await arrived;
    const reason = new Error('the client left');
    controller.abort(reason);
    expect(await error).toBe(reason);
    expect(await received[0]?.closed).toBe(false);
  });

  it('before the start: nothing is sent', async () => {
    const { url, received } = await aBackend();
    const reason = new Error('the client left');
    expect(await errorOf(send(url, {}, {}, AbortSignal.abort(reason)))).toBe(reason);
    await send(url);
    expect(received).toHaveLength(1);
  });

  it('with a reason that is no Error: the caller gets one that carries it', async () => {
    const error = await errorOf(send(await nowhere(), {}, {}, AbortSignal.abort('gone')));
    expect(error).toMatchObject({ code: 'ERR_LB_CANCELLED', status: 499, cause: 'gone' });
  });
});

describe('a backend that fails', () => {
  it('to listen ends in an UpstreamError that names the url and the reason, with its cause', async () => {
    const url = await nowhere();
    const error = await errorOf(send(`${url}/a`, { method: 'POST', payload: 'x' }));
    expect(error).toBeInstanceOf(UpstreamError);
    expect(error).toMatchObject({ code: 'ERR_LB_UPSTREAM', status: 502 });
    expect(error.message).toContain(`POST ${url}/a failed`);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it('on every address of its name tells why, too', async () => {
    const reasons = ['::1', '127.0.0.1'].map((ip) => new Error(`connect ECONNREFUSED ${ip}:8080`));
    // What a dual-stack connect rejects with: the error around the reasons has no message.
    const cause = Object.assign(new AggregateError(reasons), { code: 'ECONNREFUSED' });
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }));
    expect((await errorOf(send('http://localhost:8080/', {}, { fetch }))).message).toContain('ECONNREFUSED');
  });

  it.each<[string, string]>([
    ['a body shorter than its length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
    ['a chunked body without an end', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['nothing', ''],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ])('with %s, then closes: that is an error, not an answer', async (_, answer) => {
    const url = await aRawBackend(answer);
    const error = await errorOf(send(url));
    expect(error).toBeInstanceOf(UpstreamError);
    expect(error.message).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+ failed: ./);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('by a reset in the middle of a body: that is an error, not a truncated body', async () => {
    const url = await aRawBackend('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', (socket) =>
      socket.resetAndDestroy(),
    );
    const error = await errorOf(send(url));
    expect(error).toBeInstanceOf(UpstreamError);
    expect(error).toMatchObject({ code: 'ERR_LB_UPSTREAM', status: 502 });
  });
});

describe('a request that cannot be sent', () => {
  const unused: typeof fetch = () => {
    throw new Error('must not be called');
  };
  const U = 'http://127.0.0.1:9';

  it.each<[string, string, Parameters<typeof aRequest>[1], string]>([
    ['an empty URL', '', {}, '""'],
    ['a path for a URL', '/a', {}, '"/a"'],
    ['a URL without a host', 'http://', {}, '"http://"'],
    ['no URL', undefined as unknown as string, {}, 'undefined'],
    ['a URL of another scheme', 'ftp://a.example/', {}, 'ftp://a.example/'],
    ['a URL that is the answer itself', 'data:text/plain,a', {}, 'data:text/plain,a'],
    ['a URL with a user', 'http://ann@127.0.0.1/', {}, 'http://ann@127.0.0.1/'],
    ['an empty method', U, { method: '' }, '""'],
    ['a method with a space', U, { method: 'GE T' }, 'GE T'],
    ['a method with a line break', U, { method: 'GET\r\nX: y' }, 'GET\\r\\nX: y'],
    ['a method that fetch forbids', U, { method: 'TRACE' }, 'TRACE'],
    ['no method', U, { method: undefined as unknown as string }, 'undefined'],
    ['GET with a payload', U, { method: 'GET', payload: 'abc' }, 'GET'],
    ['head with a payload', U, { method: 'head', payload: 'abc' }, 'head'],
    ['a header name with a space', U, { headers: { 'x a': '1' } }, '"x a"'],
    ['an empty header name', U, { headers: { '': '1' } }, '""'],
    ['a header name with a line break', U, { headers: { 'x\r\ny': '1' } }, '"x\\r\\ny"'],
    ['a header value with a line break', U, { headers: { 'x-a': '1\r\nx-b: 2' } }, '"1\\r\\nx-b: 2"'],
    ['a header value with a zero', U, { headers: { 'x-a': '1\u00002' } }, '"1\\u00002"'],
    ['one bad value of several', U, { headers: { 'x-a': ['1', 'a\nb'] } }, '"a\\nb"'],
    ['a header value beyond Latin-1', U, { headers: { 'x-a': '世' } }, 'x-a'],
    ['a header value that is no text', U, { headers: { 'x-a': 5 as unknown as string } }, 'x-a'],
  ])('for %s is a BadRequestError that names it, on one line', async (_, url, extras, named) => {
    const error = await errorOf(send(url, extras, { fetch: unused }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, requestRejected: true });
    expect(error.message).toContain(named);
    expect(error.message).not.toMatch(/[\r\n\0]/);
  });
});

describe('through a Loadbalancer', () => {
  const logger = new LoggerService();

  it('each path stays on its backend, both take part, and nothing stays in flight', async () => {
    const backends = await Promise.all([aBackend(), aBackend()]);
    const pool = backends.map(({ url }) => ({ IPAddr: '127.0.0.1', Port: Number(new URL(url).port) }));
    const loadbalancer = new Loadbalancer(new FetchHTTPService(), pool, logger);
    const writer = new RecordingWriter();
    const paths = Array.from({ length: 40 }, (_, i) => `/items/${i % 20}?lang=en`);
    for (const path of paths)
      await loadbalancer.onRequest(aRequest(path, { method: 'POST', payload: path }), writer);
    expect(writer.errors).toEqual([]);
    expect(writer.responses).toHaveLength(40);
    for (const { url, body } of backends.flatMap(({ received }) => received)) expect(body).toBe(url);
    const places = backends.map(({ received }) => new Set(received.map(({ url }) => url)).size);
    // Every path has one place: 20 in all. The bound on keys leaves at most floor(1.25 * 20 / 2) to either.
    expect(places[0]! + places[1]!).toBe(20);
    expect(Math.max(...places)).toBeLessThanOrEqual(12);
    expect(loadbalancer.balancer.stats()).toMatchObject({ inFlight: 0 });
  });

  it('a base URL keeps its prefix', async () => {
    const { url, received } = await aBackend();
    const loadbalancer = new Loadbalancer(new FetchHTTPService(), [`${url}/base/`], logger);
    await loadbalancer.onRequest(aRequest('/a?b=1'), new RecordingWriter());
    expect(received[0]?.url).toBe('/base/a?b=1');
  });

  it('a backend that does not listen gives the writer its error, once, and counts as a failure', async () => {
    const loadbalancer = new Loadbalancer(new FetchHTTPService(), [await nowhere()], logger);
    const writer = new RecordingWriter();
    await loadbalancer.onRequest(aRequest('/a'), writer);
    expect(writer).toMatchObject({ responses: [], errors: [{ code: 'ERR_LB_UPSTREAM', status: 502 }] });
    expect(loadbalancer.balancer.stats().backends).toMatchObject([{ inFlight: 0, requests: 1, failures: 1 }]);
  });

  // sglang#25811, vllm router#60: a request that cannot be sent took every backend out.
  it('requests that cannot be sent are answered 400, and count against no backend', async () => {
    const { url, received } = await aBackend();
    const guards = [outlierEjection({ consecutiveFailures: 1 }), circuitBreaker({ minRequests: 1 })];
    const loadbalancer = new Loadbalancer(new FetchHTTPService(), [url, `${url}/other`], logger, {
      guards,
      failover: true,
    });
    const writer = new RecordingWriter();
    for (let i = 0; i < 20; i++) {
      await loadbalancer.onRequest(aRequest(`/${i}`, { payload: 'body of a GET' }), writer);
      await loadbalancer.onRequest(aRequest(`/${i}`, { headers: { 'x-a': '世' } }), writer);
    }
    expect(writer.errors.map((error) => (error as BadRequestError).code)).toEqual(
      Array(40).fill('ERR_LB_BAD_REQUEST'),
    );
    const { backends, failover } = loadbalancer.stats();
    expect(backends.map(({ state, failures }) => [state, failures])).toEqual(Array(2).fill(['up', 0]));
    expect(backends.reduce((sum, { rejected }) => sum + rejected, 0)).toBe(40);
    expect(failover?.retries).toMatchObject({ status: 0, error: 0, unsent: 0 });
    await loadbalancer.onRequest(aRequest('/well'), writer);
    expect([writer.responses.length, received.length]).toEqual([1, 1]);
  });

  // RFC 9110 section 15.2: a client must accept 1xx responses that it has not asked for.
  it.each([
    ['one 103', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 200],
    ['fifty of 102', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(50), 200],
    ['status 600', '', 600],
    ['status 999', '', 999],
  ])('%s: the response is passed on', async (_, interim, status) => {
    const response = `HTTP/1.1 ${status} X\r\ncontent-length: 2\r\n\r\nok`;
    const server = net.createServer((socket) => socket.once('data', () => socket.end(interim + response)));
    openServers.push(() => server.close());
    const loadbalancer = new Loadbalancer(new FetchHTTPService(), [await listen(server)], logger, {
      failover: true,
    });
    const writer = new RecordingWriter();
    await loadbalancer.onRequest(aRequest('/'), writer);
    expect(writer).toMatchObject({ errors: [], responses: [{ status, data: 'ok' }] });
    expect(loadbalancer.stats().backends).toMatchObject([{ requests: 1, failures: 0 }]);
  });

  // undici, also inside `fetch`, breaks off at a 100; some versions at a 101, too.
  it.each(['100 Continue', '101 Switching Protocols'])(
    'an unasked %s counts against no backend, and is not retried',
    async (interim) => {
      const response = `HTTP/1.1 ${interim}\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok`;
      const server = net.createServer((socket) => socket.once('data', () => socket.end(response)));
      openServers.push(() => server.close());
      const url = await listen(server);
      const guards = [outlierEjection({ consecutiveFailures: 1 })];
      const options = { failover: true, guards } as const;
      const loadbalancer = new Loadbalancer(new FetchHTTPService(), [url, `${url}/b`], logger, options);
      const writer = new RecordingWriter();
      await loadbalancer.onRequest(aRequest('/'), writer);
      expect(writer.responses.length + writer.errors.length).toBe(1);
      const { backends } = loadbalancer.stats();
      expect(backends.reduce((sum, { requests }) => sum + requests, 0)).toBe(1);
      expect(backends.map(({ state, failures }) => [state, failures])).toEqual(Array(2).fill(['up', 0]));
    },
  );

  it('a timeout of the balancer closes the connection to the backend', async () => {
    const env = new TestEnv();
    const { url, received, arrival } = await aBackend(() => {});
    const loadbalancer = new Loadbalancer(new FetchHTTPService(), [url], logger, { timeoutMs: 100, env });
    const writer = new RecordingWriter();
    const arrived = arrival();
    const pending = loadbalancer.onRequest(aRequest('/a'), writer);
    await arrived;
    env.advance(100);
    await pending;
    expect(writer).toMatchObject({ responses: [], errors: [{ code: 'ERR_LB_TIMEOUT', status: 504 }] });
    expect(await received[0]?.closed).toBe(false);
    expect(loadbalancer.balancer.stats().backends).toMatchObject([
      { inFlight: 0, failures: 1, cancelled: 0 },
    ]);
  });

  it('a client that leaves closes the connection to the backend, and nobody is blamed', async () => {
    const controller = new AbortController();
    const { url, received, arrival } = await aBackend(() => {});
    const loadbalancer = new Loadbalancer(new FetchHTTPService(), [url], logger);
    const writer = new RecordingWriter();
    const arrived = arrival();
    const pending = loadbalancer.onRequest(aRequest('/a'), writer, { signal: controller.signal });
    await arrived;
    const reason = new Error('the client left');
    controller.abort(reason);
    await pending;
    expect(writer).toMatchObject({ responses: [], errors: [reason] });
    expect(await received[0]?.closed).toBe(false);
    expect(loadbalancer.balancer.stats().backends).toMatchObject([
      { inFlight: 0, failures: 0, cancelled: 1 },
    ]);
  });
});
