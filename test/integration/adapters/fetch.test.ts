import type http from 'node:http';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { balancedFetch } from '../../../src/adapters/fetch/index.ts';
import {
  Balancer,
  byHeader,
  maxInFlight,
  NoBackendError,
  OverloadedError,
  type Request,
  UpstreamTimeoutError,
} from '../../../src/index.ts';
import { startAtTheFirst } from '../../first-backend.ts';
import { TestEnv } from '../../support.ts';
import { aBackend, closeBackends, leases, refusingUrl, until } from './backends.ts';

startAtTheFirst();

afterEach(closeBackends);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

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
/** Sends a part of an answer. */
const part =
  (bytes: number) =>
  (_: http.IncomingMessage, response: http.ServerResponse): void => {
    response.writeHead(200, { 'content-length': 10_000_000 });
    response.write(Buffer.alloc(bytes));
  };
const streamOf = (...pieces: string[]) => new Blob(pieces).stream();
const streaming = { duplex: 'half' } as object;

describe('a balanced fetch', () => {
  it('takes paths, URLs and requests, and replaces the origin by a backend with its base path', async () => {
    const backend = await aBackend();
    const fetch: typeof globalThis.fetch = balancedFetch([`${backend.url}/shop`]);
    expect(await (await fetch('/a?b=c#d')).text()).toBe('/shop/a?b=c');
    expect(await (await fetch('http://catalogue:81/e')).text()).toBe('/shop/e');
    expect(await (await fetch(new URL('https://catalogue/f'))).text()).toBe('/shop/f');
    const post = new globalThis.Request('http://catalogue/g', {
      method: 'POST',
      body: 'payload',
      headers: { 'x-a': 'b' },
    });
    expect(await (await fetch(post)).text()).toBe('payload');
    const put = new globalThis.Request('http://catalogue/h', { method: 'PUT', headers: { 'x-a': 'b' } });
    expect(await (await fetch(put, { body: 'other', headers: { 'x-c': 'd' } })).text()).toBe('other');
    expect(backend.received.map(({ method, url }) => `${method} ${url}`).slice(3)).toEqual([
      'POST /shop/g',
      'PUT /shop/h',
    ]);
    expect(backend.received[3]?.headers).toMatchObject({ 'x-a': 'b', host: new URL(backend.url).host });
    expect(backend.received[4]?.headers).toMatchObject({ 'x-c': 'd' });
    expect(backend.received[4]?.headers).not.toHaveProperty('x-a');
  });

  it('gives the answer as it came', async () => {
    const backend = await aBackend((incoming, response) => {
      if (incoming.url === '/old') response.writeHead(302, { location: '/new' }).end();
      else
        response
          .writeHead(
            201,
            'Made',
            [
              ['set-cookie', 'a=1'],
              ['set-cookie', 'b=2'],
            ].flat(),
          )
          .end('{"a":1}');
    });
    const fetch = balancedFetch([backend.url]);
    const response = await fetch('/old');
    expect(response).toBeInstanceOf(Response);
    expect(response).toMatchObject({
      status: 201,
      statusText: 'Made',
      ok: true,
      redirected: true,
      type: 'basic',
      url: `${backend.url}/new`,
    });
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const copy = response.clone();
    expect(copy.url).toBe(`${backend.url}/new`);
    expect([await copy.json(), await response.json()]).toEqual([{ a: 1 }, { a: 1 }]);
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
  });

  it('keeps equal paths on one backend, or what another key says', async () => {
    const [one, two] = [await aBackend(answer('1')), await aBackend(answer('2'))];
    const byPath = balancedFetch([one.url, two.url]);
    const first = await (await byPath('/a')).text();
    for (let i = 0; i < 5; i++) expect(await (await byPath('http://other/a')).text()).toBe(first);
    expect(await (await byPath('/b')).text()).not.toBe(first);
    const balancer = new Balancer<Request>([one.url, two.url], { key: byHeader('x-user') });
    const byUser = balancedFetch(balancer);
    for (const path of ['/a', '/b', '/c']) await (await byUser(path, { headers: { 'X-User': 'u1' } })).text();
    expect(byUser.balancer).toBe(balancer);
    expect(balancer.stats().keys).toBe(1);
    expect(Math.max(...balancer.stats().backends.map(({ requests }) => requests))).toBe(3);
  });

  it('streams both ways', async () => {
    const backend = await aBackend((incoming, response) => void incoming.pipe(response));
    const fetch = balancedFetch([backend.url]);
    const pace = new TransformStream<Uint8Array, Uint8Array>();
    const writer = pace.writable.getWriter();
    const send = (text: string) => void writer.write(new TextEncoder().encode(text));
    send('one');
    const response = await fetch('/', { method: 'POST', body: pace.readable, ...streaming });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (const text of ['one', 'two']) {
      if (text === 'two') send(text);
      expect(new TextDecoder().decode((await reader.read()).value)).toBe(text);
      expect(leases(fetch.balancer).held).toBe(1);
    }
    void writer.close();
    expect((await reader.read()).done).toBe(true);
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
  });

  it('gives bodies of any size, also to readers with a buffer of their own', async () => {
    const backend = await aBackend(answer('x'.repeat(5_000_000)));
    const fetch = balancedFetch([backend.url]);
    expect((await (await fetch('/')).arrayBuffer()).byteLength).toBe(5_000_000);
    const { body } = await fetch('/');
    const reader = (body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' });
    let total = 0;
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(1_000));
      if (done) break;
      total += value.byteLength;
    }
    expect(total).toBe(5_000_000);
    expect(leases(fetch.balancer).held).toBe(0);
  });

  it.each<[string, () => [string, RequestInit]]>([
    ['a method', () => ['/', { method: 'B AD' }]],
    ['a header', () => ['/', { headers: { 'b ad': 'x' } }]],
    ['a GET with a body', () => ['/', { body: 'x' }]],
    ['a protocol', () => ['file:///etc/passwd', {}]],
    ['a URL', () => ['http://', {}]],
  ])('refuses %s that cannot be, before any backend is chosen', async (_, args) => {
    const fetch = balancedFetch(['http://127.0.0.1:1']);
    await expect(fetch(...args())).rejects.toBeInstanceOf(TypeError);
    expect(leases(fetch.balancer).begun).toBe(0);
  });

  it('refuses options that cannot be', () => {
    for (const timeoutMs of [0, -1, Number.NaN, 2 ** 31])
      expect(() => balancedFetch([], { timeoutMs })).toThrow(`got ${timeoutMs}`);
    expect(() => balancedFetch([], { failover: { retries: 11 } })).toThrow('failover.retries');
    expect(() => balancedFetch(['ftp://x'])).toThrow('backendPool[0]');
  });

  it('says that nobody is there', async () => {
    await expect(balancedFetch([])('/')).rejects.toBeInstanceOf(NoBackendError);
  });
});

describe('the lease of a balanced fetch', () => {
  it('is held until the last byte', async () => {
    let finish = hang as () => void;
    const backend = await aBackend((_, response) => {
      response.write('first');
      finish = () => response.end('last');
    });
    const fetch = balancedFetch([backend.url]);
    const response = await fetch('/');
    expect(leases(fetch.balancer).held).toBe(1);
    finish();
    expect(await response.text()).toBe('firstlast');
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
  });

  it.each<[string, RequestInit, Parameters<typeof aBackend>[0]]>([
    ['a HEAD', { method: 'HEAD' }, answer('body')],
    ['a 204', {}, fail(204)],
    ['a 304', {}, fail(304)],
    ['an empty body', {}, fail(200)],
    ['a status that is none', {}, fail(799, 'text')],
    ['an error page', {}, fail(500, 'x'.repeat(10_000))],
  ])('ends where the answer is %s, though nobody reads it', async (_, init, handle) => {
    const fetch = balancedFetch([(await aBackend(handle)).url]);
    await fetch('/', init);
    await until(() => leases(fetch.balancer).held === 0);
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
  });

  it.each([502, 503, 504])('ends as a failure after %i', async (status) => {
    const fetch = balancedFetch([(await aBackend(fail(status, 'text'))).url]);
    expect(await (await fetch('/')).text()).toBe('text');
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 1, cancelled: 0 });
  });

  it('ends as cancelled where the caller leaves before the head or in the body, or cancels that', async () => {
    const backend = await aBackend((incoming, response) => {
      if (incoming.url !== '/hang') part(100_000)(incoming, response);
    });
    const fetch = balancedFetch([backend.url]);
    const before = new AbortController();
    const pending = fetch('/hang', { signal: before.signal });
    await until(() => backend.received.length === 1);
    before.abort(new Error('left'));
    await expect(pending).rejects.toThrow('left');

    const during = new AbortController();
    const reading = (await fetch('/', { signal: during.signal })).text();
    during.abort(new Error('left'));
    await expect(reading).rejects.toThrow('left');

    const unread = new AbortController();
    const response = await fetch('/', { signal: unread.signal });
    expect(leases(fetch.balancer).held).toBe(1);
    unread.abort(new Error('left'));
    expect(leases(fetch.balancer).held).toBe(0);
    await expect(response.text()).rejects.toThrow('left');

    const cancelled = await fetch('/');
    const reader = cancelled.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 4, failures: 0, cancelled: 4 });
  });

  it('is not taken for a signal that is aborted already', async () => {
    const fetch = balancedFetch([(await aBackend()).url]);
    await expect(fetch('/', { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left');
    expect(leases(fetch.balancer).begun).toBe(0);
  });

  it('does not keep listening to a signal that lives on', async () => {
    const fetch = balancedFetch([(await aBackend()).url, await refusingUrl()], inTurns);
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    Object.assign(signal, {
      addEventListener: (...args: Parameters<typeof addEventListener>) => {
        listeners++;
        addEventListener.apply(signal, args);
      },
      removeEventListener: (...args: Parameters<typeof removeEventListener>) => {
        listeners--;
        removeEventListener.apply(signal, args);
      },
    });
    for (let i = 0; i < 4; i++) await (await fetch('/', { signal })).text();
    expect(listeners).toBe(0);
  });

  it('ends as a failure where the backend breaks off, read or not, or is not there', async () => {
    const broken = await aBackend((incoming, response) => {
      part(100_000)(incoming, response);
      setTimeout(cut, 20, incoming);
    });
    const fetch = balancedFetch([broken.url]);
    await expect((await fetch('/')).text()).rejects.toThrow();
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 1, cancelled: 0 });
    const unread = await fetch('/');
    await until(() => leases(fetch.balancer).held === 0);
    expect(leases(fetch.balancer).failures).toBe(2);
    await expect(unread.text()).rejects.toThrow();
    const refused = balancedFetch([await refusingUrl()]);
    await expect(refused('/')).rejects.toThrow('fetch failed');
    expect(leases(refused.balancer)).toEqual({ held: 0, begun: 1, failures: 1, cancelled: 0 });
  });

  it('ends as a failure where no head comes in time; a body may take longer', async () => {
    const backend = await aBackend((incoming, response) => {
      if (incoming.url === '/hang') return;
      response.write('a');
      setTimeout(() => response.end('b'), 150);
    });
    const fetch = balancedFetch([backend.url], { timeoutMs: 100 });
    await expect(fetch('/hang')).rejects.toBeInstanceOf(UpstreamTimeoutError);
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 1, cancelled: 0 });
    expect(await (await fetch('/')).text()).toBe('ab');
    expect(leases(fetch.balancer)).toMatchObject({ held: 0, failures: 1 });
  });

  it('ends as cancelled where the body of the request breaks', async () => {
    const fetch = balancedFetch([(await aBackend(hang)).url], { failover: true });
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error('disk gone'));
      },
    });
    await expect(fetch('/', { method: 'PUT', body })).rejects.toThrow();
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 1 });
  });

  it.each([
    ['an iterator', (source: AsyncIterable<unknown>) => source],
    ['a stream of Node', (source: AsyncIterable<unknown>) => Readable.from(source)],
  ])('ends as cancelled where the body of the request is %s that breaks', async (_, bodyOf) => {
    const fetch = balancedFetch([(await aBackend(hang)).url], { failover: true });
    async function* broken() {
      yield Buffer.from('half');
      throw new Error('disk gone');
    }
    const body = bodyOf(broken()) as unknown as BodyInit;
    await expect(fetch('/', { method: 'PUT', body })).rejects.toThrow();
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 1 });
  });

  it('ends as rejected where the request cannot be sent as it is', async () => {
    const { url } = await aBackend();
    for (const headers of [
      { expect: '100-continue' },
      { 'transfer-encoding': 'x' },
      { 'content-length': '9' },
    ]) {
      const fetch = balancedFetch([url, await refusingUrl()], inTurns);
      await expect(fetch('/', { method: 'PUT', body: 'body', headers })).rejects.toThrow();
      expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
      expect(fetch.stats().backends.reduce((sum, { rejected }) => sum + rejected, 0)).toBe(1);
    }
  });

  it('ends when an answer that nobody read is garbage', async () => {
    let closed = 0;
    const backend = await aBackend((incoming, response) => {
      part(1_000_000)(incoming, response);
      response.once('close', () => closed++);
    });
    const trickle = await aBackend((incoming, response) => {
      part(1)(incoming, response);
      const timer = setInterval(() => response.write('x'), 20);
      response.once('close', () => clearInterval(timer)).once('close', () => closed++);
    });
    const fetch = balancedFetch([backend.url, trickle.url], { strategy: 'round-robin' });
    const { signal } = new AbortController();
    await (async () => {
      for (let i = 0; i < 4; i++) await fetch('/', { signal });
    })();
    expect(leases(fetch.balancer).held).toBe(4);
    await until(() => {
      collectGarbage();
      return leases(fetch.balancer).held === 0;
    });
    expect(leases(fetch.balancer).cancelled).toBe(4);
    await until(() => closed === 4);
  });

  it('is kept by a body that is read slowly, though the response is garbage', async () => {
    const backend = await aBackend(answer('x'.repeat(1_000_000)));
    const fetch = balancedFetch([backend.url]);
    const reader = await (async () => (await fetch('/')).body?.getReader())();
    let total = 0;
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) break;
      total += value?.byteLength ?? 0;
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(total).toBe(1_000_000);
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 0, cancelled: 0 });
  });

  it('is kept by somebody who waits for a body, of whom nobody knows but that body', async () => {
    let finish = hang as () => void;
    const backend = await aBackend((incoming, response) => {
      part(100_000)(incoming, response);
      finish = () => incoming.socket.destroy();
    });
    const fetch = balancedFetch([backend.url]);
    let seen = '';
    void fetch('/')
      .then((response) => response.arrayBuffer())
      .catch((error: Error) => {
        seen = error.message;
      });
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      collectGarbage();
    }
    expect(leases(fetch.balancer).held).toBe(1);
    finish();
    await until(() => seen !== '');
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 1, cancelled: 0 });
  });

  it('does not let bodies come that nobody reads', async () => {
    let sent = 0;
    const backend = await aBackend((_, response) => {
      const push = (): void => {
        while (response.write(Buffer.alloc(65_536))) sent += 65_536;
        response.once('drain', push);
      };
      push();
    });
    const fetch = balancedFetch([backend.url]);
    const { body } = await fetch('/');
    let before = -1;
    while (sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(sent).toBeLessThan(16_000_000);
    await body?.cancel();
  });

  it('is released by whatever happens', async () => {
    const chance = new TestEnv(11).random;
    const wild = () => (incoming: http.IncomingMessage, response: http.ServerResponse) => {
      const kind = Math.floor(chance() * 6);
      if (kind === 0) return cut(incoming);
      if (kind === 1) return fail(503, 'x'.repeat(100_000))(incoming, response);
      if (kind === 2) return part(70_000)(incoming, response);
      if (kind === 3) setImmediate(cut, incoming);
      if (kind === 3) return part(70_000)(incoming, response);
      return answer('x'.repeat(chance() * 200_000))(incoming, response);
    };
    const urls = [(await aBackend(wild())).url, (await aBackend(wild())).url, await refusingUrl()];
    const fetch = balancedFetch(urls, {
      strategy: 'random',
      pool: { panicRatio: 1 },
      timeoutMs: 200,
      failover: { retries: 3, minDelayMs: 0, maxDelayMs: 5, budget: { ratio: 1, floor: 100 } },
    });
    let done = 0;
    const one = async (i: number) => {
      const signal = AbortSignal.timeout(100 + Math.floor(chance() * 500));
      const body = i % 4 === 0 ? streamOf('x'.repeat(i * 100)) : 'x'.repeat(i * 100);
      const response = await fetch(`/${i}`, { signal, ...(i % 2 === 0 ? { method: 'PUT', body } : {}) });
      if (i % 5 === 0) await response.body?.cancel();
      else await response.arrayBuffer();
      done++;
    };
    const lane = async (first: number) => {
      for (let i = first; i < 300; i += 15) await one(i).catch(hang);
    };
    await Promise.all(Array.from({ length: 15 }, (_, i) => lane(i)));
    expect(done).toBeGreaterThan(20);
    expect(done).toBeLessThan(300);
    await until(() => leases(fetch.balancer).held === 0);
    const { begun, failures, cancelled } = leases(fetch.balancer);
    expect(Math.min(failures, cancelled, begun - 300)).toBeGreaterThan(0);
  });
});

describe('failover of a balanced fetch', () => {
  it('sends even a POST to the next backend where the connection is refused, but no stream', async () => {
    const [dead, alive] = [await refusingUrl(), await aBackend()];
    const fetch = balancedFetch([dead, alive.url], inTurns);
    expect(await (await fetch('/', { method: 'POST', body: 'payload' })).text()).toBe('payload');
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 2, failures: 1, cancelled: 0 });
    await expect(fetch('/', { method: 'POST', body: streamOf('x') })).rejects.toThrow('fetch failed');
    expect(alive.received.length).toBe(1);
  });

  it.each<[string, Parameters<typeof aBackend>[0]]>([
    ['cuts the connection', cut],
    ['answers 503', fail(503)],
  ])('does not send a POST twice where the backend %s', async (_, handle) => {
    const [bad, good] = [await aBackend(handle), await aBackend()];
    const fetch = balancedFetch([bad.url, good.url], inTurns);
    await fetch('/', { method: 'POST', body: 'x' }).then((response) => response.text(), hang);
    expect([bad.received.length, good.received.length]).toEqual([1, 0]);
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 1, failures: 1, cancelled: 0 });
  });

  it.each<[string, Parameters<typeof aBackend>[0]]>([
    ['cuts the connection', cut],
    ['answers 503', fail(503)],
    ['does not answer', hang],
  ])('sends what it can repeat to the next where the backend %s', async (_, handle) => {
    const [bad, good] = [await aBackend(handle), await aBackend()];
    const fetch = balancedFetch([bad.url, good.url], { ...inTurns, timeoutMs: 100 });
    const form = new FormData();
    form.set('a', 'b');
    const bodies = ['text', new Uint8Array(4), new Blob(['blob']), new URLSearchParams('a=b'), form];
    for (const body of bodies) {
      const response = await fetch('/', { method: 'PUT', body });
      expect((await response.text()).length).toBeGreaterThan(2);
      // So that the bad one comes first again.
      fetch.balancer.acquire({ id: '', path: '/', method: 'GET', payload: '' })?.release();
      fetch.balancer.acquire({ id: '', path: '/', method: 'GET', payload: '' })?.release();
    }
    const get = await fetch('/a');
    expect(await get.text()).toBe('/a');
    expect(leases(fetch.balancer).held).toBe(0);
    expect(good.received.length).toBe(6);
    expect(fetch.stats().failover?.retries.unsent).toBe(0);
    expect(bad.received.length).toBeGreaterThan(1);
  });

  it('cancels an answer in whose place it asks somebody else', async () => {
    let closed = 0;
    const bad = await aBackend((_, response) => {
      response.writeHead(503).write('x');
      response.once('close', () => closed++);
    });
    const fetch = balancedFetch([bad.url, (await aBackend()).url], inTurns);
    expect(await (await fetch('/a')).text()).toBe('/a');
    await until(() => closed === 1);
  });

  it('passes on the last answer, or the last error with what was tried, where all fail', async () => {
    const failover = { ...inTurns.failover, retries: 5 };
    const urls = [(await aBackend(fail(503, 'one'))).url, (await aBackend(fail(503, 'two'))).url];
    const answered = balancedFetch(urls, { ...inTurns, failover });
    const response = await answered('/');
    expect([response.status, await response.text()]).toEqual([503, 'two']);
    const ids = [await refusingUrl(), await refusingUrl()];
    const refused = balancedFetch(ids, { ...inTurns, failover });
    const error = await refused('/').catch((thrown) => thrown);
    expect(error).toMatchObject({
      cause: { code: 'ECONNREFUSED' },
      attempts: ids.map((backend) => ({ backend })),
    });
    for (const { balancer } of [answered, refused])
      expect(leases(balancer)).toEqual({ held: 0, begun: 2, failures: 2, cancelled: 0 });
  });

  it('ends at once where the caller leaves while it waits for the next attempt', async () => {
    const env = new TestEnv();
    const good = await aBackend();
    const failover = { minDelayMs: 1_000, maxDelayMs: 1_000 };
    const fetch = balancedFetch([await refusingUrl(), good.url], { strategy: 'round-robin', failover, env });
    const left = new AbortController();
    const pending = fetch('/', { signal: left.signal });
    await until(() => env.pendingTimers === 1);
    left.abort(new Error('left'));
    await expect(pending).rejects.toThrow('left');
    expect(env.pendingTimers).toBe(0);
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 2, failures: 1, cancelled: 1 });
    expect(good.received).toEqual([]);
  });
});

describe('the queue of a balanced fetch', () => {
  it('lets requests wait for a place, or leave, or be turned away', async () => {
    const finish: (() => void)[] = [];
    const backend = await aBackend((_, response) => void finish.push(() => response.end('ok')));
    const fetch = balancedFetch([backend.url], { guards: [maxInFlight(1)], queue: { limit: 2 } });
    const ask = async (signal?: AbortSignal) => (await fetch('/', signal ? { signal } : {})).text();
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
    expect(leases(fetch.balancer)).toEqual({ held: 0, begun: 2, failures: 0, cancelled: 0 });
  });
});
