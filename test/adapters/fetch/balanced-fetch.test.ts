import { describe, expect, it } from 'vitest';
import { balancedFetch } from '../../../src/adapters/fetch/index.ts';
import {
  Balancer,
  type BalancerOptions,
  maxInFlight,
  type Request,
  UpstreamTimeoutError,
} from '../../../src/index.ts';
import { startAtTheFirst } from '../../first-backend.ts';
import { aRequest, TestEnv } from '../../support.ts';

startAtTheFirst();

type Init = RequestInit & { duplex?: string };

/** A `fetch` that notes its calls and answers as it is told. */
function aFetch(
  answer: (url: string, init: Init) => Promise<Response> | Response = () => new Response('ok'),
) {
  const calls: { url: string; init: Init }[] = [];
  const fetch = async (url: string, init: Init) => {
    calls.push({ url, init });
    return answer(url, init);
  };
  return { calls, fetch: fetch as typeof globalThis.fetch };
}

const hang = (_: string, { signal }: Init) =>
  new Promise<Response>((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });

describe('a balanced fetch', () => {
  it('hands on what it was given, but for signal and origin', async () => {
    const { calls, fetch } = aFetch();
    const balanced = balancedFetch(['http://a/base'], { fetch });
    const body = new URLSearchParams('a=b');
    await balanced('/x', {
      method: 'post',
      body,
      headers: { 'x-a': 'b' },
      redirect: 'manual',
      cache: 'no-store',
    });
    expect(calls[0]).toMatchObject({
      url: 'http://a/base/x',
      init: { method: 'post', body, headers: { 'x-a': 'b' }, redirect: 'manual', cache: 'no-store' },
    });
    expect(calls[0]?.init).not.toHaveProperty('duplex');
    await balanced('/x', { method: 'POST', body: new Blob(['x']).stream() });
    expect(calls[1]?.init.duplex).toBe('half');
  });

  it('takes what an `init` leaves undefined from the request, and a request as an `init`', async () => {
    const { calls, fetch } = aFetch(async (url, init) => new Response(await new Request(url, init).text()));
    const balanced = balancedFetch(['http://a'], { fetch });
    const left = AbortSignal.abort();
    const aRequest = () =>
      new Request('http://x/p', { method: 'PUT', headers: { 'x-a': 'b' }, body: 'body' });
    const nothing = { method: undefined, headers: undefined, body: undefined, signal: undefined };
    for (const [input, init] of [
      [aRequest(), nothing as object],
      [aRequest(), { body: null }],
      ['/p', aRequest()],
    ] as [string | globalThis.Request, RequestInit][])
      expect(await (await balanced(input, init)).text()).toBe('body');
    for (const { url, init } of calls) {
      expect([url, init.method]).toEqual(['http://a/p', 'PUT']);
      expect(new Headers(init.headers).get('x-a')).toBe('b');
    }
    await expect(
      balanced(new Request('http://x/', { signal: left }), nothing as unknown as RequestInit),
    ).rejects.toThrow();
    expect((await balanced(new Request('http://x/', { signal: left }), { signal: null })).status).toBe(200);
  });

  it('uses the `fetch` that it is given', async () => {
    const { calls, fetch } = aFetch();
    await balancedFetch(['http://a'], { fetch })('/');
    expect(calls.length).toBe(1);
  });

  it('gives each attempt the whole of the time for a head', async () => {
    const env = new TestEnv();
    const { calls, fetch } = aFetch(hang);
    const options: BalancerOptions<Request> = { strategy: 'round-robin', env };
    const failover = { minDelayMs: 0, maxDelayMs: 0 };
    const balanced = balancedFetch(['http://a', 'http://b'], { ...options, fetch, failover, timeoutMs: 100 });
    const pending = balanced('/');
    const refused = expect(pending).rejects.toBeInstanceOf(UpstreamTimeoutError);
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    await settle();
    env.advance(99);
    await settle();
    expect(calls.length).toBe(1);
    env.advance(1);
    await settle();
    env.advance(0);
    await settle();
    expect(calls.map(({ url }) => url)).toEqual(['http://a/', 'http://b/']);
    env.advance(99);
    await settle();
    expect(balanced.stats().inFlight).toBe(1);
    env.advance(1);
    await refused;
    expect(env.pendingTimers).toBe(0);
    expect(balanced.stats()).toMatchObject({ inFlight: 0, backends: [{ failures: 1 }, { failures: 1 }] });
  });

  it('cancels the body of a response that it does not pass on, also one that it kept', async () => {
    const cancelled: string[] = [];
    const { calls, fetch } = aFetch((url) => {
      if (url !== 'http://a/1' && url !== 'http://a/2') return new Response('ok');
      return new Response(new ReadableStream({ cancel: () => void cancelled.push(url) }), { status: 503 });
    });
    const options = { strategy: 'round-robin', failover: { minDelayMs: 0, maxDelayMs: 0 }, fetch } as const;
    const env = new TestEnv();
    const failover = { minDelayMs: 1_000, maxDelayMs: 1_000 };
    const pending = balancedFetch(['http://a', 'http://b'], { ...options, failover, env })('/1');
    while (env.pendingTimers === 0) await Promise.resolve();
    // At once, not after the wait.
    expect(cancelled).toEqual(['http://a/1']);
    env.advance(1_000);
    expect((await pending).status).toBe(200);
    const balanced = balancedFetch(['http://a', 'http://b'], {
      ...options,
      queue: true,
      guards: [maxInFlight(1)],
    });
    const busy = balanced.balancer.acquire(aRequest(), { tried: balanced.balancer.backends.slice(0, 1) });
    const kept = balanced('/2');
    while (balanced.stats().queue?.depth !== 1) await Promise.resolve();
    expect(cancelled).toHaveLength(1);
    busy?.release();
    expect([(await kept).status, cancelled[1], calls.length]).toEqual([200, 'http://a/2', 4]);
  });

  it('leaves no timer behind', async () => {
    const env = new TestEnv();
    const { fetch } = aFetch();
    const balanced = balancedFetch(['http://a'], { fetch, env, timeoutMs: 100 });
    await balanced('/');
    expect(env.pendingTimers).toBe(0);
  });

  it('takes a thrown anything for what it is', async () => {
    const balanced = balancedFetch(['http://a'], { fetch: () => Promise.reject('text') });
    await expect(balanced('/')).rejects.toBe('text');
    expect(balanced.stats().inFlight).toBe(0);
    const sync = balancedFetch(['http://a'], {
      fetch: () => {
        throw new Error('at once');
      },
    });
    await expect(sync('/')).rejects.toThrow('at once');
    expect(sync.stats().inFlight).toBe(0);
  });

  it('lets go of its lease where a key cannot be found', async () => {
    const key = () => {
      throw new Error('no key');
    };
    const balanced = balancedFetch(['http://a'], { key, fetch: aFetch().fetch });
    await expect(balanced('/')).rejects.toThrow('no key');
    expect(balanced.stats().inFlight).toBe(0);
  });

  it('has exact types', () => {
    const backends = ['http://a'];
    const balancer = new Balancer<Request>(backends);
    const one: typeof globalThis.fetch = balancedFetch(backends, { strategy: 'maglev', failover: true });
    const two: typeof globalThis.fetch = balancedFetch(balancer, { timeoutMs: 5, queue: { limit: 3 } });
    // @ts-expect-error: the strategy is the balancer's business
    expect(() => balancedFetch(balancer, { strategy: 'maglev' })).toThrow('strategy is not an option');
    // @ts-expect-error: no such option
    expect(() => balancedFetch(backends, { timeout: 5 })).toThrow('did you mean "timeoutMs"?');
    // @ts-expect-error: a balancer of keys alone knows nothing of requests
    balancedFetch(new Balancer<string>(backends));
    expect([one, two].map((fetch) => typeof fetch)).toEqual(['function', 'function']);
  });
});
