import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Agent, type RequestInit, fetch as undiciFetch } from 'undici';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ExampleBackend } from '../../examples/backends/backend.ts';
import type { Echo } from '../../examples/backends/endpoints/echo.ts';

// Keeps no connection, so that no request meets one that has just been closed.
const dispatcher = new Agent({ pipelining: 0 });
const fetch = (url: string, init: RequestInit = {}) => undiciFetch(url, { ...init, dispatcher });
afterAll(() => dispatcher.destroy());

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('an example backend', () => {
  let backend: ExampleBackend;
  beforeEach(async () => {
    backend = new ExampleBackend({ id: 'alpha' });
    await backend.open();
  });
  afterEach(() => backend.close());

  const get = (path: string, init: RequestInit = {}) => fetch(backend.entry.url + path, init);
  /** Whether a request gets no answer while others get theirs. */
  const hangs = (path: string) =>
    get(path, { signal: AbortSignal.timeout(300) }).then(
      () => false,
      ({ name }) => name === 'TimeoutError',
    );

  it('reports its workload', async () => {
    const response = await get('/health');
    expect(response.headers.get('x-backend')).toBe('alpha');
    const loads = { cpu: expect.any(Number), memory: expect.any(Number), network: expect.any(Number) };
    expect(await response.json()).toMatchObject({ status: 'ok', ...loads });
    expect((await get('/ping')).headers.get('endpoint-load-metrics')).toMatch(/^TEXT cpu_utilization=/);
  });

  it('answers a ping by GET and by POST, and no other', async () => {
    expect(await (await get('/ping')).json()).toEqual({ message: 'pong', backend: 'alpha' });
    const posted = await get('/ping', { method: 'POST', body: 'hello' });
    expect(await posted.json()).toEqual({ message: 'pong', backend: 'alpha', bytes: 5 });
    const deleted = await get('/ping', { method: 'DELETE' });
    expect([deleted.status, deleted.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  });

  it('tells what arrived, as it arrived', async () => {
    const { hostname, port } = new URL(backend.entry.url);
    const request = httpRequest({ hostname, port, method: 'PUT', path: '/echo?a=1&a=2' });
    const answered = once(request, 'response');
    request.setHeader('X-Twice', ['one', 'two']);
    request.setHeader('Trailer', 'X-Sum');
    const body = Buffer.alloc(300_000, 'x');
    request.write(body);
    request.addTrailers({ 'X-Sum': '7' });
    request.end();
    const [response] = await answered;
    const echo: Echo = JSON.parse(await text(response));
    expect(echo).toMatchObject({
      backend: 'alpha',
      method: 'PUT',
      path: '/echo?a=1&a=2',
      httpVersion: '1.1',
    });
    expect(echo.headers.slice(1, 3)).toEqual([
      ['X-Twice', 'one'],
      ['X-Twice', 'two'],
    ]);
    expect(echo.trailers).toEqual([['X-Sum', '7']]);
    expect(echo.body).toEqual({ bytes: 300_000, sha256: createHash('sha256').update(body).digest('hex') });
  });

  it('answers slowly, with any status and with as much as is wanted', async () => {
    expect(await (await get('/slow?ms=30')).text()).toBe('after 30 ms\n');
    for (const status of [204, 304, 404, 503]) expect((await get(`/status/${status}`)).status).toBe(status);
    expect((await (await get('/big?bytes=200001')).arrayBuffer()).byteLength).toBe(200_001);
    const chunked = await get('/big?bytes=70000&chunked=1');
    expect(chunked.headers.has('content-length')).toBe(false);
    expect((await chunked.arrayBuffer()).byteLength).toBe(70_000);
  });

  it.each([
    ['/slow?ms=-1', 'ms must be an integer from 0 to 600000, got "-1"\n'],
    ['/status/99', 'status must be from 200 to 599, got "99"\n'],
    ['/big?bytes=many', `bytes must be an integer from 0 to ${2 ** 40}, got "many"\n`],
  ])('says what is wrong with %s', async (path, problem) => {
    const response = await get(path);
    expect([response.status, await response.text()]).toEqual([400, problem]);
  });

  it('knows nothing else', async () => {
    expect((await get('/products')).status).toBe(404);
  });

  it('breaks off in mid-body, with a length and without one', async () => {
    for (const path of ['/abort', '/abort?chunked=1']) {
      const response = await get(path);
      expect(response.status).toBe(200);
      await expect(response.arrayBuffer()).rejects.toThrow();
    }
  });

  it('resets a connection', async () => {
    await expect(get('/reset')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  });

  it('hangs on demand, and closes all the same', async () => {
    expect(await hangs('/hang')).toBe(true);
    get('/hang').catch(() => {});
    await get('/ping');
    await backend.close();
  });

  it('streams events', async () => {
    const response = await get('/events?ms=1&count=3');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toBe(
      [1, 2, 3].map((id) => `id: ${id}\ndata: {"backend":"alpha","event":${id}}\n\n`).join(''),
    );
  });

  it('gives back what comes over a WebSocket, and ends it when it closes', async () => {
    const socket = new WebSocket(`${backend.entry.url.replace('http', 'ws')}/ws`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    for (const message of ['text', Buffer.from([0, 255])]) {
      socket.send(message);
      const [data, isBinary] = await once(socket, 'message');
      expect([data, isBinary]).toEqual([Buffer.from(message as string), typeof message !== 'string']);
    }
    await backend.close();
    expect((await closed)[0]).toBe(1006);
  });

  it('upgrades nothing but /ws', async () => {
    const { port } = new URL(backend.entry.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /ping HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('keeps pages in a small cache, which a restart empties', async () => {
    const small = new ExampleBackend({ id: 'beta', cachedPages: 1 });
    await small.open();
    const cacheOf = async (path: string) => (await fetch(small.entry.url + path)).headers.get('x-cache');
    try {
      expect(await cacheOf('/products/a')).toBe('miss');
      expect(await cacheOf('/products/a')).toBe('hit');
      expect(await cacheOf('/search?q=b')).toBe('miss');
      expect(await cacheOf('/products/a')).toBe('miss');
      const { url } = small.entry;
      await small.close();
      await small.open();
      expect(small.entry.url).toBe(url);
      expect(await cacheOf('/products/a')).toBe('miss');
      expect([small.shop.hits, small.shop.misses]).toEqual([1, 4]);
    } finally {
      await small.close();
    }
  });

  it('gets into trouble and out of it', async () => {
    backend.suffer('fails');
    expect([(await get('/products/a')).status, (await get('/health')).status]).toEqual([500, 200]);
    backend.suffer('hangs');
    expect(await hangs('/health')).toBe(true);
    backend.suffer(undefined);
    expect((await get('/products/a')).status).toBe(200);
    await backend.close();
    await expect(get('/health')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});

describe('the example backends as a program', () => {
  const children: ChildProcess[] = [];
  // One that a failed test has left.
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const start = (...args: string[]) => {
    const program = ['--import', 'tsx', 'examples/backends/main.ts', ...args];
    const child = spawn(process.execPath, program, { cwd: ROOT });
    children.push(child);
    return child;
  };

  it('serve until they are interrupted, and take words for troubles', async () => {
    const child = start('--port', '0', '--count', '2');
    const problems = text(child.stderr);
    const exited = once(child, 'exit');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const nextLine = async () => (await lines.next()).value as string;
    const urls = [await nextLine(), await nextLine()].map((line) => line.split(/\s+/)[1] as string);
    await nextLine();
    const names = urls.map(async (url) => (await fetch(`${url}/ping`)).headers.get('x-backend'));
    expect(await Promise.all(names)).toEqual(['alpha', 'beta']);
    const say = (line: string) => {
      child.stdin.write(`${line}\n`);
      return nextLine();
    };
    expect(await say('beta fail')).toBe('beta: it responds with 500 to all requests but health checks');
    expect((await fetch(`${urls[1]}/ping`)).status).toBe(500);
    expect(await say('beta refuse')).toBe('beta: it closes all connections and refuses new ones');
    await expect(fetch(`${urls[1]}/ping`)).rejects.toThrow();
    expect(await say('beta recover')).toBe('beta: it is healthy again');
    expect((await fetch(`${urls[1]}/ping`)).status).toBe(200);
    expect(await say('omega hang')).toBe('the backends are alpha, beta');
    expect(await say('beta explode')).toBe('the words are refuse, hang, fail, recover');
    child.kill('SIGINT');
    expect((await exited)[0]).toBe(130);
    expect(await problems).toBe('');
  });

  it('say in one line what is wrong, a port that is taken included', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const outcome = async (...args: string[]) => {
      const child = start(...args);
      const [[code], stdout, stderr] = await Promise.all([
        once(child, 'exit'),
        text(child.stdout),
        text(child.stderr),
      ]);
      return { code, stdout, stderr };
    };
    try {
      const [busy, wrong] = await Promise.all([
        outcome('--port', String(port), '--count', '1'),
        outcome('--count', '0'),
      ]);
      expect(busy).toEqual({
        code: 2,
        stdout: '',
        stderr: `listen EADDRINUSE: address already in use 127.0.0.1:${port} (--help lists the options)\n`,
      });
      expect(wrong.stderr).toBe(
        '--count must be an integer from 1 to 100, got "0" (--help lists the options)\n',
      );
      expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    } finally {
      taken.close();
    }
  });
});
