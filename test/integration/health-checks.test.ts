import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { HealthChecker } from '../../src/health/health-checker.ts';
import { FetchHTTPService, Loadbalancer } from '../../src/index.ts';
import { startAtTheFirst } from '../first-backend.ts';
import { aRequest, RecordingLogger, RecordingWriter } from '../support.ts';

startAtTheFirst();

const cleanUps: (() => void)[] = [];

afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

type Handler = (response: http.ServerResponse) => void;
const well: Handler = (response) => response.end('ok');

/** Starts a backend whose health the test decides. */
async function aBackend() {
  const state = { handle: well, port: 0, sockets: 0, most: 0, requests: 0 };
  let server = http.createServer();
  const start = async () => {
    server = http.createServer((request, response) => {
      if (request.url === '/health') return state.handle(response);
      state.requests++;
      response.end('ok');
    });
    server.on('connection', (socket) => {
      state.most = Math.max(state.most, ++state.sockets);
      socket.once('close', () => state.sockets--);
    });
    server.listen(state.port, '127.0.0.1');
    await once(server, 'listening');
    state.port = (server.address() as AddressInfo).port;
  };
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  await start();
  cleanUps.push(stop);
  return Object.assign(state, { url: `http://127.0.0.1:${state.port}`, start, stop });
}

/** Waits until something holds, for ten seconds at the most. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds(); ) {
    if (performance.now() > end) throw new Error(`still not so: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** @param timeoutMs - longer than a busy machine takes for an answer that does come */
async function setUp(timeoutMs = 1_000) {
  const [a, b] = [await aBackend(), await aBackend()];
  const service = new FetchHTTPService();
  const loadbalancer = new Loadbalancer(service, [a.url, b.url], new RecordingLogger(), {
    strategy: 'round-robin',
  });
  const turns: string[] = [];
  loadbalancer.balancer.subscribe(({ type }) => turns.push(type));
  const checker = new HealthChecker(loadbalancer.balancer, service, {
    intervalMs: 60,
    fastIntervalMs: 20,
    request: { timeoutMs },
  });
  cleanUps.push(() => checker.close());
  await until(() => checker.stats().checks >= 2);
  return {
    a,
    b,
    checker,
    turns,
    failure: () => checker.stats().backends[0]?.failure,
    /** Sends some requests; gives how many each backend got, and how many failed. */
    async send(count: number) {
      const before = [a.requests, b.requests];
      const writer = new RecordingWriter();
      for (let i = 0; i < count; i++) await loadbalancer.onRequest(aRequest(), writer);
      return [a.requests - before[0]!, b.requests - before[1]!, writer.errors.length];
    },
  };
}

describe('health checks over real connections', () => {
  it('let all work where all is well', async () => {
    const { send, turns } = await setUp();
    expect(await send(20)).toEqual([10, 10, 0]);
    expect(turns).toEqual([]);
  });

  it('take a backend out that refuses connections, and bring it back', async () => {
    const { a, send, turns, failure } = await setUp();
    a.stop();
    await until(() => turns.includes('down'));
    expect(failure()).toMatch(/ECONNREFUSED|ECONNRESET|other side closed/);
    expect(await send(20)).toEqual([0, 20, 0]);
    await a.start();
    await until(() => turns.includes('up'));
    expect(await send(20)).toEqual([10, 10, 0]);
    expect(turns).toEqual(['down', 'up']);
  });

  it.each<[string, Handler, RegExp]>([
    ['answers 500', (response) => response.writeHead(500).end(), /^status 500$/],
    ['hangs', () => {}, /^no response within 1000 ms$/],
    ['hangs in the middle of its answer', (response) => response.write('o'), /^no response within 1000 ms$/],
    ['resets connections', (response) => response.destroy(), /./],
    [
      'breaks off in its answer',
      (response) => response.writeHead(200, { 'content-length': 9 }).write('o', () => response.destroy()),
      /./,
    ],
    ['redirects nowhere that is well', (response) => response.writeHead(404).end(), /^status 404$/],
  ])('take a backend out that %s, and bring it back', async (_, handle, reason) => {
    const { a, send, turns, failure } = await setUp();
    a.handle = handle;
    await until(() => turns.includes('down'));
    expect(failure()).toMatch(reason);
    expect(await send(20)).toEqual([0, 20, 0]);
    a.handle = well;
    await until(() => turns.includes('up'));
    expect(await send(20)).toEqual([10, 10, 0]);
    expect(turns).toEqual(['down', 'up']);
  });

  it('do not gather connections on a backend that hangs', async () => {
    const { a, checker } = await setUp(100);
    a.handle = () => {};
    const { checks } = checker.stats();
    await until(() => checker.stats().checks >= checks + 20);
    // One that is kept alive, the one of the check, and one that is just being closed.
    expect(a.most).toBeLessThanOrEqual(4);
    checker.close();
    await until(() => a.sockets <= 1);
  });

  it('ignore a huge answer, a slow one within the time, and one in another language', async () => {
    const { a, checker, turns } = await setUp();
    const bodies = [`{"cpu":1}${' '.repeat(1_000_000)}`, '{"cpu":', '\u0000\uffff', '[]'];
    let sent = 0;
    a.handle = (response) => setTimeout(() => response.end(bodies[sent++ % bodies.length]), 30);
    await until(() => sent >= 8);
    await until(() => checker.stats().ignored.malformed >= 2);
    expect(turns).toEqual([]);
    expect(checker.stats()).toMatchObject({ failures: 0, ignored: { invalid: 0 } });
    expect(checker.stats().ignored.oversized).toBeGreaterThanOrEqual(2);
  });
});

describe('a process with nothing left to do', () => {
  it('ends, although a health checker is at work', async () => {
    const backend = net.createServer().listen(0, '127.0.0.1');
    await once(backend, 'listening');
    cleanUps.push(() => backend.close());
    const { port } = backend.address() as AddressInfo;
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const script = `
      import { HealthChecker } from './src/health/health-checker.ts';
      import { Balancer } from './src/index.ts';
      const service = { sendRequest: () => Promise.resolve({ status: 200, data: '' }) };
      const checker = new HealthChecker(new Balancer(['http://127.0.0.1:${port}']), service, { intervalMs: 20 });
      setTimeout(() => console.log(checker.stats().checks > 2), 500);
    `;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      cwd: root,
    });
    cleanUps.push(() => child.kill());
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const [code] = await once(child, 'close');
    expect({ code, output }).toEqual({ code: 0, output: 'true\n' });
  }, 20_000);
});
