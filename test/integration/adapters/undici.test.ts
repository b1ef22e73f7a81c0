import { once } from 'node:events';
import type http from 'node:http';
import { Readable, Writable } from 'node:stream';
import { pipeline as pump } from 'node:stream/promises';
import { interceptors, MockAgent, request, fetch as undiciFetch, WebSocket } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { BalancedDispatcher, type BalancedDispatcherOptions } from '../../../src/adapters/undici/index.ts';
import {
  Balancer,
  type BalancerOptions,
  byHeader,
  maxInFlight,
  NoBackendError,
  OverloadedError,
  type Request,
} from '../../../src/index.ts';
import { startAtTheFirst } from '../../first-backend.ts';
import { TestEnv } from '../../support.ts';
import { aBackend, closeBackends, leases, refusingUrl, until } from './backends.ts';

startAtTheFirst();

const dispatchers: BalancedDispatcher[] = [];

afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.destroy()));
  await closeBackends();
});

function balanced(urls: string[], options: BalancedDispatcherOptions & BalancerOptions<Request> = {}) {
  const dispatcher = new BalancedDispatcher(urls, options);
  dispatchers.push(dispatcher);
  return dispatcher;
}

/** The first backend of the list comes first. */
const inTurns = { strategy: 'round-robin', failover: { minDelayMs: 0, maxDelayMs: 0 } } as const;
const hang = () => {};
const answer = (text: string) => (_: http.IncomingMessage, response: http.ServerResponse) => {
  response.end(text);
};
const cut = ({ socket }: http.IncomingMessage) => void socket.destroy();
const fail =
  (status: number, text = '') =>
  (_: http.IncomingMessage, response: http.ServerResponse) => {
    response.writeHead(status).end(text);
  };
/** Sends half of an answer. */
const half = (_: http.IncomingMessage, response: http.ServerResponse) => {
  response.writeHead(200, { 'content-length': 1_000 });
  response.write('half');
};
const globalFetch = fetch as unknown as typeof undiciFetch;

describe('a balanced dispatcher', () => {
  it('sends what is for a virtual origin to a backend, below its base path, by every way that undici has', async () => {
    const backend = await aBackend();
    const dispatcher = balanced([`${backend.url}/shop`]);
    const viaRequest = await request('http://catalogue/a?b=c', { dispatcher });
    expect(await viaRequest.body.text()).toBe('/shop/a?b=c');
    expect(await (await undiciFetch('https://catalogue/d', { dispatcher })).text()).toBe('/shop/d');
    expect(await (await globalFetch('http://catalogue/e', { dispatcher })).text()).toBe('/shop/e');
    const viaMethod = await dispatcher.request({ path: '/f', method: 'GET', query: { g: 'h' } });
    expect(await viaMethod.body.text()).toBe('/shop/f?g=h');
    let streamed = '';
    const sink = () =>
      new Writable({
        write(chunk, _, done) {
          streamed += chunk;
          done();
        },
      });
    await dispatcher.stream({ origin: 'http://catalogue', path: '/i', method: 'GET' }, sink);
    expect(streamed).toBe('/shop/i');
    const piped = dispatcher.pipeline(
      { origin: 'http://x', path: '/j', method: 'PUT' },
      ({ body }) => body as Readable,
    );
    piped.end('payload');
    expect(String(await piped.toArray())).toBe('payload');
    expect(backend.received.every(({ headers }) => headers.host === new URL(backend.url).host)).toBe(true);
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 6, failures: 0, cancelled: 0 });
  });

  it('keeps equal paths on one backend, or what another key says', async () => {
    const [one, two] = [await aBackend(answer('1')), await aBackend(answer('2'))];
    const ask = async (dispatcher: BalancedDispatcher, path: string, headers: Record<string, string> = {}) =>
      (await request(`http://x${path}`, { dispatcher, headers })).body.text();
    const byPath = balanced([one.url, two.url]);
    const first = await ask(byPath, '/a');
    for (let i = 0; i < 5; i++) expect(await ask(byPath, '/a')).toBe(first);
    expect(await ask(byPath, '/b')).not.toBe(first);
    const byUser = balanced([one.url, two.url], { key: byHeader('X-User') });
    const users = [await ask(byUser, '/a', { 'x-user': 'u1' }), await ask(byUser, '/b', { 'X-USER': 'u1' })];
    expect(new Set(users).size).toBe(1);
    expect(byUser.balancer.stats().keys).toBe(1);
  });

  it('reads headers for keys in every form that undici takes', async () => {
    const backend = await aBackend();
    const seen: unknown[] = [];
    const dispatcher = balanced([backend.url], { key: ({ headers }) => void seen.push({ ...headers }) });
    const forms = [
      { 'X-A': 'b', C: ['d', 'e'] },
      ['X-A', 'b', 'C', 'd', 'C', 'e'],
      new Map<string, string | string[]>([
        ['X-A', 'b'],
        ['C', ['d', 'e']],
      ]),
    ];
    for (const headers of forms) await (await request('http://x/', { dispatcher, headers })).body.dump();
    await (await undiciFetch('http://x/', { dispatcher, headers: { 'X-A': 'b', C: 'd, e' } })).text();
    expect(seen.slice(0, 3)).toEqual(Array(3).fill({ 'x-a': 'b', c: ['d', 'e'] }));
    expect(seen[3]).toMatchObject({ 'x-a': 'b', c: 'd, e' });
  });

  it('passes on headers as they came, several cookies too, to handlers of both forms', async () => {
    const backend = await aBackend((_, response) => {
      response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Mixed', 'c', 'Trailer', 'X-End']);
      response.write('body');
      response.addTrailers({ 'X-End': 'last' });
      response.end();
    });
    const dispatcher = balanced([backend.url]);
    for (const get of [undiciFetch, globalFetch]) {
      const response = await get('http://x/', { dispatcher });
      expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      expect(await response.text()).toBe('body');
    }
    const raw = await request('http://x/', { dispatcher, responseHeaders: 'raw' });
    expect(raw.headers).toEqual(expect.arrayContaining(['X-Mixed', 'c']));
    expect(await raw.body.text()).toBe('body');
    expect(raw.trailers).toEqual({ 'x-end': 'last' });
    const newer = dispatcher.compose(interceptors.dump());
    const composed = await request('http://x/', { dispatcher: newer });
    expect(composed.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    await composed.body.dump();
    expect(leases(dispatcher.balancer).held).toBe(0);
  });

  it('passes on interim answers', async () => {
    const backend = await aBackend((_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('final');
    });
    const hints: number[] = [];
    const dispatcher = balanced([backend.url]);
    const { statusCode, body } = await request('http://x/', {
      dispatcher,
      onInfo: ({ statusCode }) => void hints.push(statusCode),
    });
    expect([statusCode, await body.text(), hints]).toEqual([200, 'final', [103]]);
  });

  it('works under interceptors', async () => {
    const backend = await aBackend((incoming, response) => {
      if (incoming.url === '/old') response.writeHead(302, { location: '/new' }).end();
      else response.end(incoming.url);
    });
    const dispatcher = balanced([backend.url]);
    const redirecting = dispatcher.compose(interceptors.redirect({ maxRedirections: 2 }));
    const { body } = await request('http://x/old', { dispatcher: redirecting });
    expect(await body.text()).toBe('/new');
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 2, failures: 0, cancelled: 0 });
  });

  it('sends other origins where they say, if it is told its own', async () => {
    const [pooled, other] = [await aBackend(answer('pooled')), await aBackend(answer('other'))];
    const dispatcher = balanced([pooled.url], { origin: 'http://catalogue/' });
    expect(await (await undiciFetch('http://catalogue/', { dispatcher })).text()).toBe('pooled');
    expect(await (await undiciFetch(other.url, { dispatcher })).text()).toBe('other');
    expect(leases(dispatcher.balancer).begun).toBe(1);
    expect(() => new BalancedDispatcher([], { origin: 'catalogue' })).toThrow(TypeError);
  });

  it('takes a balancer that others use, too, and a dispatcher that is not its own', async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    agent.get('http://10.0.0.1:8080').intercept({ path: '/base/a' }).reply(200, 'mocked');
    const balancer = new Balancer<Request>(['http://10.0.0.1:8080/base']);
    const dispatcher = new BalancedDispatcher(balancer, { dispatcher: agent });
    expect(dispatcher.balancer).toBe(balancer);
    expect(await (await request('http://x/a', { dispatcher })).body.text()).toBe('mocked');
    await expect(request('http://x/unknown', { dispatcher })).rejects.toThrow('Mock dispatch not matched');
    expect(leases(balancer)).toMatchObject({ held: 0, begun: 2 });
    await dispatcher.close();
    expect((agent as unknown as { closed?: boolean }).closed).not.toBe(true);
    await agent.close();
  });

  it('says that nobody is there', async () => {
    const dispatcher = balanced([]);
    await expect(request('http://x/', { dispatcher })).rejects.toBeInstanceOf(NoBackendError);
    await expect(undiciFetch('http://x/', { dispatcher })).rejects.toMatchObject({
      cause: { code: 'ERR_LB_NO_BACKEND' },
    });
  });
});

describe('the lease of a balanced dispatcher', () => {
  it('is held until the last byte', async () => {
    let finish = hang as () => void;
    const backend = await aBackend((_, response) => {
      response.write('first');
      finish = () => response.end('last');
    });
    const dispatcher = balanced([backend.url]);
    const { body } = await request('http://x/', { dispatcher });
    expect(leases(dispatcher.balancer).held).toBe(1);
    finish();
    expect(await body.text()).toBe('firstlast');
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
  });

  it.each([
    [200, 0],
    [404, 0],
    [500, 0],
    [502, 1],
    [503, 1],
    [504, 1],
  ])('ends after %i with %i failures', async (status, failures) => {
    const dispatcher = balanced([(await aBackend(fail(status))).url]);
    const { statusCode, body } = await request('http://x/', { dispatcher });
    await body.dump();
    expect(statusCode).toBe(status);
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 1, failures, cancelled: 0 });
  });

  it('ends as somebody else thinks a failure is', async () => {
    const dispatcher = balanced([(await aBackend(fail(418))).url], { isFailure: (status) => status === 418 });
    await (await request('http://x/', { dispatcher })).body.dump();
    expect(leases(dispatcher.balancer).failures).toBe(1);
  });

  it.each<[string, typeof undiciFetch]>([
    ['undici', undiciFetch],
    ['Node', globalFetch],
  ])(
    'ends as cancelled where the fetch of %s is aborted, before the head and in the body',
    async (_, get) => {
      const backend = await aBackend((incoming, response) => {
        if (incoming.url === '/half') half(incoming, response);
      });
      const dispatcher = balanced([backend.url]);
      const before = new AbortController();
      const pending = get('http://x/hang', { dispatcher, signal: before.signal });
      await until(() => backend.received.length === 1);
      before.abort(new Error('left'));
      await expect(pending).rejects.toThrow('left');
      const during = new AbortController();
      const response = await get('http://x/half', { dispatcher, signal: during.signal });
      expect(leases(dispatcher.balancer)).toEqual({ held: 1, begun: 2, failures: 0, cancelled: 1 });
      during.abort(new Error('left'));
      await expect(response.text()).rejects.toThrow();
      const cancelled = await get('http://x/half', { dispatcher });
      await cancelled.body?.cancel();
      await until(() => leases(dispatcher.balancer).held === 0);
      expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 3, failures: 0, cancelled: 3 });
    },
  );

  it('ends as cancelled where a request is aborted, or its body destroyed', async () => {
    const backend = await aBackend(half);
    const dispatcher = balanced([backend.url]);
    const first = await request('http://x/', { dispatcher });
    first.body.on('error', hang).destroy();
    const left = new AbortController();
    const second = await request('http://x/', { dispatcher, signal: left.signal });
    left.abort();
    await expect(second.body.text()).rejects.toThrow();
    await until(() => backend.sockets.size === 0);
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 2, failures: 0, cancelled: 2 });
  });

  it('is not taken for a signal that is aborted already, and ends at once where it is while connecting', async () => {
    const dispatcher = balanced(['http://10.255.255.1:9']);
    await expect(request('http://x/', { dispatcher, signal: AbortSignal.abort() })).rejects.toThrow();
    expect(leases(dispatcher.balancer).begun).toBe(0);
    const left = new AbortController();
    const pending = request('http://x/', { dispatcher, signal: left.signal });
    expect(leases(dispatcher.balancer).held).toBe(1);
    left.abort(new Error('left'));
    await expect(pending).rejects.toThrow('left');
    expect(leases(dispatcher.balancer)).toMatchObject({ held: 0, cancelled: 1 });
  });

  it('ends as a failure where the backend breaks off, is not there, or takes too long', async () => {
    const broken = await aBackend((incoming, response) => {
      half(incoming, response);
      setImmediate(cut, incoming);
    });
    const slow = await aBackend(hang);
    for (const [url, tries] of [
      [broken.url, async (body: Readable) => body.resume().toArray()],
      [await refusingUrl(), hang],
      [slow.url, hang],
    ] as const) {
      const dispatcher = balanced([url]);
      const attempt = async () =>
        tries((await request('http://x/', { dispatcher, headersTimeout: 100 })).body);
      await expect(attempt()).rejects.toThrow();
      expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 1, failures: 1, cancelled: 0 });
    }
  });

  it('ends as rejected where the request cannot be sent as it is, as cancelled where its own body breaks', async () => {
    const backend = await aBackend(hang);
    const dispatcher = balanced([backend.url], { failover: true });
    const broken = async function* () {
      yield 'some';
      throw new Error('disk gone');
    };
    const post = { dispatcher, method: 'POST' } as const;
    const attempts = [
      request('http://x/', { dispatcher, headers: { 'bad name': 'x' } }),
      request('http://x/', { ...post, body: Readable.from(broken()) }),
      request('http://x/', { ...post, body: broken() as unknown as Readable }),
      request('http://x/', { ...post, body: 'abc', headers: { 'content-length': '2' } }),
      undiciFetch('http://x/', { ...post, body: Readable.toWeb(Readable.from(broken())), duplex: 'half' }),
    ];
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 5, failures: 0, cancelled: 3 });
    expect(dispatcher.stats().backends[0]?.rejected).toBe(2);
  });

  it('ends as cancelled where a handler throws', async () => {
    const backend = await aBackend(answer('x'.repeat(100)));
    const dispatcher = balanced([backend.url]);
    const steps = ['onRequestStart', 'onResponseStart', 'onResponseData'] as const;
    for (const step of steps) {
      const error = await new Promise((resolve) => {
        dispatcher.dispatch(
          { path: '/', method: 'GET' },
          {
            onRequestStart: hang,
            onResponseStart: hang,
            onResponseData: hang,
            onResponseEnd: hang,
            [step]: () => {
              throw new Error(step);
            },
            onResponseError: (_: unknown, error: Error) => resolve(error),
          },
        );
      });
      expect(error).toEqual(new Error(step));
    }
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 2, failures: 0, cancelled: 2 });
  });

  it('is held by an upgraded socket until that closes', async () => {
    const backend = await aBackend();
    backend.server.on('upgrade', (_, socket) => {
      socket.on('error', hang);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    const dispatcher = balanced([`${backend.url}/ws`]);
    const { socket } = await dispatcher.upgrade({ path: '/a', protocol: 'echo' });
    expect(leases(dispatcher.balancer).held).toBe(1);
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    await dispatcher.close();
    expect(leases(dispatcher.balancer).held).toBe(1);
    socket.destroy();
    await once(socket, 'close');
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
  });

  it('is held by a WebSocket until that closes', async () => {
    const backend = await aBackend();
    const server = new WebSocketServer({ server: backend.server });
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
    const dispatcher = balanced([backend.url]);
    const socket = new WebSocket('ws://chat/room', { dispatcher });
    await once(socket, 'open');
    socket.send('hello');
    const [{ data }] = (await once(socket, 'message')) as [{ data: string }];
    expect([data, leases(dispatcher.balancer).held]).toEqual(['echo hello', 1]);
    socket.close();
    await once(socket, 'close');
    await until(() => leases(dispatcher.balancer).held === 0);
    server.close();
  });

  it('is released by whatever happens', async () => {
    const chance = new TestEnv(7).random;
    const wild = () => (incoming: http.IncomingMessage, response: http.ServerResponse) => {
      const kind = Math.floor(chance() * 6);
      if (kind === 0) return cut(incoming);
      if (kind === 1) return fail(503, 'x'.repeat(100_000))(incoming, response);
      if (kind === 2) return half(incoming, response);
      if (kind === 3) setImmediate(cut, incoming);
      if (kind === 3) return half(incoming, response);
      return answer('x'.repeat(chance() * 200_000))(incoming, response);
    };
    const backends = [await aBackend(wild()), await aBackend(wild()), await aBackend(wild())];
    const urls = [...backends.map(({ url }) => url), await refusingUrl()];
    const dispatcher = balanced(urls, {
      strategy: 'random',
      pool: { panicRatio: 1 },
      failover: { retries: 3, minDelayMs: 0, maxDelayMs: 5, budget: { ratio: 1, floor: 100 } },
    });
    const one = async (i: number) => {
      const signal = AbortSignal.timeout(100 + Math.floor(chance() * 500));
      const get = i % 3 === 0 ? undiciFetch : globalFetch;
      const init = i % 2 === 0 ? { method: 'PUT', body: 'x'.repeat(i * 100) } : {};
      const response = await get(`http://x/${i}`, { dispatcher, signal, ...init });
      if (i % 5 === 0) await response.body?.cancel();
      else await response.arrayBuffer();
    };
    let done = 0;
    const lane = async (first: number) => {
      for (let i = first; i < 300; i += 15) {
        await one(i).then(
          () => done++,
          () => {},
        );
      }
    };
    await Promise.all(Array.from({ length: 15 }, (_, i) => lane(i)));
    expect(done).toBeGreaterThan(20);
    expect(done).toBeLessThan(300);
    await until(() => leases(dispatcher.balancer).held === 0);
    const { begun, failures, cancelled } = leases(dispatcher.balancer);
    expect(Math.min(failures, cancelled, begun - 300)).toBeGreaterThan(0);
    await dispatcher.close();
  });
});

describe('failover of a balanced dispatcher', () => {
  it('sends even a streamed POST to the next backend where the connection is refused', async () => {
    const [dead, alive] = [await refusingUrl(), await aBackend()];
    for (const get of [undiciFetch, globalFetch]) {
      const dispatcher = balanced([dead, alive.url], inTurns);
      const body = new Blob(['pay', 'load']).stream();
      const response = await get('http://x/', { dispatcher, method: 'POST', body, duplex: 'half' });
      expect(await response.text()).toBe('payload');
      expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 2, failures: 1, cancelled: 0 });
    }
    const dispatcher = balanced([dead, alive.url], inTurns);
    const body = Readable.from(['pay', 'load']);
    const posted = await request('http://x/', { dispatcher, method: 'POST', body });
    expect(await posted.body.text()).toBe('payload');
  });

  it.each<[string, Parameters<typeof aBackend>[0]]>([
    ['cuts the connection', cut],
    ['answers 503', fail(503)],
  ])('does not send a POST twice where the backend %s', async (_, handle) => {
    const [bad, good] = [await aBackend(handle), await aBackend()];
    const dispatcher = balanced([bad.url, good.url], inTurns);
    await request('http://x/', { dispatcher, method: 'POST', body: 'x' }).then(
      ({ body }) => body.dump(),
      () => {},
    );
    expect([bad.received.length, good.received.length]).toEqual([1, 0]);
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 1, failures: 1, cancelled: 0 });
    expect(dispatcher.stats().failover?.declined.method).toBe(1);
  });

  it.each<[string, Parameters<typeof aBackend>[0]]>([
    ['cuts the connection', cut],
    ['answers 503', fail(503)],
    ['answers 503 at length', fail(503, 'x'.repeat(1_000_000))],
  ])('sends what it can repeat to the next where the backend %s', async (_, handle) => {
    const [bad, good] = [await aBackend(handle), await aBackend()];
    const dispatcher = balanced([bad.url, good.url], inTurns);
    const put = await request('http://x/', { dispatcher, method: 'PUT', body: Buffer.from('bytes') });
    expect(await put.body.text()).toBe('bytes');
    await dispatcher.balancer.acquire({ id: '', path: '/', method: 'GET', payload: '' })?.release();
    expect(await (await globalFetch('http://x/a', { dispatcher })).text()).toBe('/a');
    expect([bad.received.length, good.received.length]).toEqual([1, 2]);
    expect(leases(dispatcher.balancer)).toMatchObject({ held: 0, failures: 1 });
    await until(() => handle !== undefined && bad.sockets.size <= 1);
  });

  it('does not send a stream again that was begun', async () => {
    const [bad, good] = [await aBackend(cut), await aBackend()];
    const dispatcher = balanced([bad.url, good.url], inTurns);
    const body = Readable.from(['some']);
    await expect(request('http://x/', { dispatcher, method: 'PUT', body })).rejects.toThrow();
    expect(good.received.length).toBe(0);
  });

  it('does not try again after the head of an answer', async () => {
    const broken = await aBackend((incoming, response) => {
      half(incoming, response);
      setImmediate(cut, incoming);
    });
    const good = await aBackend();
    const dispatcher = balanced([broken.url, good.url], {
      ...inTurns,
      failover: { ...inTurns.failover, retries: 5 },
    });
    const { body } = await request('http://x/', { dispatcher });
    await expect(body.text()).rejects.toThrow();
    expect(good.received.length).toBe(0);
  });

  it('passes on the last answer, or the last error with what was tried, where all fail', async () => {
    const urls = [(await aBackend(fail(503, 'one'))).url, (await aBackend(fail(503, 'two'))).url];
    const answered = balanced(urls, { ...inTurns, failover: { ...inTurns.failover, retries: 5 } });
    const { statusCode, body } = await request('http://x/', { dispatcher: answered });
    expect([statusCode, await body.text()]).toEqual([503, 'two']);
    const ids = [await refusingUrl(), await refusingUrl()];
    const refused = balanced(ids, { ...inTurns, failover: { ...inTurns.failover, retries: 5 } });
    const error = await request('http://x/', { dispatcher: refused }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'ECONNREFUSED', attempts: ids.map((backend) => ({ backend })) });
    for (const dispatcher of [answered, refused])
      expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 2, failures: 2, cancelled: 0 });
  });

  it('is off unless it is asked for', async () => {
    const dispatcher = balanced([await refusingUrl(), (await aBackend()).url], { strategy: 'round-robin' });
    await expect(request('http://x/', { dispatcher })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('keeps to its budget, and gives it back', async () => {
    const urls = [(await aBackend(cut)).url, (await aBackend(cut)).url];
    const failover = { ...inTurns.failover, budget: { ratio: 0, floor: 1 } };
    const dispatcher = balanced(urls, { strategy: 'round-robin', failover });
    const all = Array.from({ length: 10 }, () => request('http://x/', { dispatcher }));
    await Promise.allSettled(all);
    expect(dispatcher.stats().failover?.declined.budget).toBeGreaterThan(0);
    const { retries: before } = dispatcher.stats().failover ?? {};
    await expect(request('http://x/', { dispatcher })).rejects.toThrow();
    expect(dispatcher.stats().failover?.retries.error).toBe((before?.error ?? 0) + 1);
  });

  it('ends at once where the caller leaves while it waits for the next attempt', async () => {
    const env = new TestEnv();
    const good = await aBackend();
    const failover = { minDelayMs: 1_000, maxDelayMs: 1_000 };
    const dispatcher = balanced([await refusingUrl(), good.url], { strategy: 'round-robin', failover, env });
    const left = new AbortController();
    const pending = request('http://x/', { dispatcher, signal: left.signal });
    await until(() => env.pendingTimers === 1);
    expect(leases(dispatcher.balancer)).toMatchObject({ held: 1, begun: 2, failures: 1 });
    left.abort(new Error('left'));
    await expect(pending).rejects.toThrow('left');
    expect(env.pendingTimers).toBe(0);
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 2, failures: 1, cancelled: 1 });
    env.advance(2_000);
    expect(good.received).toEqual([]);
  });
});

describe('the queue of a balanced dispatcher', () => {
  it('lets requests wait for a place, or leave, or be turned away', async () => {
    const finish: (() => void)[] = [];
    const backend = await aBackend((_, response) => void finish.push(() => response.end('ok')));
    const dispatcher = balanced([backend.url], { guards: [maxInFlight(1)], queue: { limit: 2 } });
    const ask = (signal?: AbortSignal) =>
      request('http://x/', { dispatcher, signal: signal ?? null }).then(({ body }) => body.text());
    const first = ask();
    const second = ask();
    const left = new AbortController();
    const third = ask(left.signal);
    await expect(ask()).rejects.toBeInstanceOf(OverloadedError);
    left.abort(new Error('left'));
    await expect(third).rejects.toThrow('left');
    await until(() => finish.length === 1);
    finish[0]?.();
    expect(await first).toBe('ok');
    await until(() => finish.length === 2);
    finish[1]?.();
    expect(await second).toBe('ok');
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 2, failures: 0, cancelled: 0 });
    expect(dispatcher.stats().queue).toMatchObject({ depth: 0, cancelled: 1 });
  });
});

describe('the end of a balanced dispatcher', () => {
  it('waits for requests under way when it is closed, and takes no more', async () => {
    const backend = await aBackend((_, response) => setTimeout(() => response.end('ok'), 20));
    const dispatcher = balanced([backend.url]);
    const pending = request('http://x/', { dispatcher });
    let closed = false;
    const closing = dispatcher.close().then(() => (closed = true));
    dispatcher.close(() => {});
    await expect(request('http://x/', { dispatcher })).rejects.toMatchObject({ code: 'UND_ERR_CLOSED' });
    const { body } = await pending;
    expect(closed).toBe(false);
    expect(await body.text()).toBe('ok');
    await closing;
    await until(() => backend.sockets.size === 0);
  });

  it('ends requests under way when it is destroyed', async () => {
    const backend = await aBackend(hang);
    const dispatcher = balanced([backend.url]);
    const pending = request('http://x/', { dispatcher });
    const closing = dispatcher.close();
    await until(() => backend.received.length === 1);
    const refused = expect(pending).rejects.toThrow('over');
    await dispatcher.destroy(new Error('over'));
    await refused;
    await closing;
    await new Promise<void>((resolve) => dispatcher.destroy(resolve));
    await expect(request('http://x/', { dispatcher })).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' });
    await until(() => backend.sockets.size === 0);
    expect(leases(dispatcher.balancer)).toMatchObject({ held: 0, cancelled: 1 });
  });
});

describe('bodies through a balanced dispatcher', () => {
  it('go through at any size, both ways, at the pace of the slower side', async () => {
    const backend = await aBackend((incoming, response) => void pump(incoming, response).catch(hang));
    const dispatcher = balanced([backend.url]);
    const size = 20_000_000;
    const chunk = Buffer.alloc(100_000, 'x');
    const body = Readable.from(
      (function* () {
        for (let sent = 0; sent < size; sent += chunk.length) yield chunk;
      })(),
    );
    const answer = await request('http://x/', { dispatcher, method: 'POST', body });
    let received = 0;
    for await (const piece of answer.body) {
      received += (piece as Buffer).length;
      if (received % 37 === 0) await new Promise(setImmediate);
    }
    expect(received).toBe(size);
    expect(leases(dispatcher.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
  });

  it('stop coming while nobody reads them', async () => {
    let sent = 0;
    const backend = await aBackend((_, response) => {
      const push = (): void => {
        while (response.write(Buffer.alloc(65_536))) sent += 65_536;
        response.once('drain', push);
      };
      push();
    });
    const dispatcher = balanced([backend.url]);
    const { body } = await request('http://x/', { dispatcher });
    let before = -1;
    while (sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(sent).toBeLessThan(16_000_000);
    body.on('error', hang).destroy();
    await until(() => leases(dispatcher.balancer).held === 0);
  });
});
