import { describe, expect, it } from 'vitest';
import {
  Loadbalancer,
  type LoadbalancerOptions,
  type RateLimiter,
  type SessionPolicy,
} from '../../src/index.ts';
import {
  aRequest,
  nativePool,
  RecordingLogger,
  RecordingService,
  RecordingWriter,
  TestEnv,
} from '../support.ts';

function setUp(options: LoadbalancerOptions) {
  const service = new RecordingService();
  const writer = new RecordingWriter();
  const logger = new RecordingLogger();
  const loadbalancer = new Loadbalancer(service, nativePool(4), logger, options);
  const warnings = () =>
    logger.lines
      .filter(([level]) => level === 'warn')
      .map(([, text, error]) => `${text}: ${error instanceof Error ? String(error) : JSON.stringify(error)}`);
  return { service, writer, loadbalancer, warnings };
}

/** Allows so many requests a key. */
function limiter(points: number): RateLimiter & { keys: string[] } {
  const counts = new Map<string, number>();
  const keys: string[] = [];
  return {
    keys,
    async take(key) {
      keys.push(key);
      const taken = (counts.get(key) ?? 0) + 1;
      counts.set(key, taken);
      return {
        allowed: taken <= points,
        limit: points,
        remaining: Math.max(0, points - taken),
        resetMs: 1_500,
      };
    },
  };
}

describe('a rate limit', () => {
  it('refuses who sends too many, with 429 and all that they need to know', async () => {
    const { service, writer, loadbalancer } = setUp({ clients: { rateLimit: { limiter: limiter(2) } } });
    const request = aRequest('/', { clientAddress: '203.0.113.9' });
    for (let i = 0; i < 3; i++) await loadbalancer.onRequest(request, writer);
    expect(service.calls).toHaveLength(2);
    expect(writer.responses).toHaveLength(2);
    expect(writer.errors).toHaveLength(1);
    expect(writer.errors[0]).toMatchObject({ code: 'ERR_LB_RATE_LIMITED', status: 429, retryAfterMs: 1_500 });
    const last = new Map(writer.headers.slice(-4));
    expect(last.get('Retry-After')).toBe('2');
    expect(last.get('RateLimit-Limit')).toBe('2');
    expect(last.get('RateLimit-Remaining')).toBe('0');
    expect(loadbalancer.stats().rateLimited).toBe(1);
    expect(loadbalancer.stats().backends.reduce((sum, { requests }) => sum + requests, 0)).toBe(2);
  });

  it('counts clients apart, those with IPv6 by their /64, and none without an address', async () => {
    const counting = limiter(1);
    const { writer, loadbalancer } = setUp({ clients: { rateLimit: { limiter: counting } } });
    for (const clientAddress of ['203.0.113.9', '2001:db8::1', '2001:db8::2']) {
      await loadbalancer.onRequest(aRequest('/', { clientAddress }), writer);
    }
    await loadbalancer.onRequest(aRequest('/'), writer);
    expect(new Set(counting.keys).size).toBe(2);
    expect(writer.errors).toHaveLength(1);
  });

  it('lets requests through when it fails, and says so', async () => {
    const failing = { take: () => Promise.reject(new Error('no Redis')) };
    const { writer, loadbalancer, warnings } = setUp({
      clients: { rateLimit: { limiter: failing, key: () => 'all' } },
    });
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.responses).toHaveLength(1);
    expect(warnings()).toEqual(['the rate limiter failed: Error: no Redis']);
  });
});

const forever = () => new Promise<never>(() => {});

describe('a gate that breaks', () => {
  it.each([undefined, null, { allowed: true, limit: Symbol('many') }])(
    'lets requests through where the limiter resolves with %o',
    async (nonsense) => {
      const odd = { take: async () => nonsense as never };
      const { writer, loadbalancer, warnings } = setUp({
        clients: { rateLimit: { limiter: odd, key: () => 'all' } },
      });
      await loadbalancer.onRequest(aRequest(), writer);
      expect(writer.responses).toHaveLength(1);
      expect(writer.headers).toEqual([]);
      expect(warnings()).toHaveLength(1);
    },
  );

  it('lets requests through where the limiter rejects with what cannot be shown', async () => {
    const odd = { take: () => Promise.reject(Object.create(null)) };
    const { writer, loadbalancer, warnings } = setUp({
      clients: { rateLimit: { limiter: odd, key: () => 'all' } },
    });
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.responses).toHaveLength(1);
    expect(warnings()).toEqual(['the rate limiter failed: {}']);
  });

  it.each<[string, LoadbalancerOptions]>([
    ['a limiter', { clients: { rateLimit: { limiter: { take: forever }, key: () => 'all' } } }],
    ['a session policy', { clients: { sessions: { read: forever } } }],
  ])('does not hold a request past its time: %s that never answers', async (_what, options) => {
    const env = new TestEnv();
    const { service, writer, loadbalancer } = setUp({ ...options, totalTimeoutMs: 1_000, env });
    const pending = loadbalancer.onRequest(aRequest(), writer);
    env.advance(1_000);
    await pending;
    expect(writer.errors[0]).toMatchObject({ code: 'ERR_LB_TIMEOUT', status: 504 });
    expect(service.calls).toEqual([]);
    expect(env.pendingTimers).toBe(0);
  });

  it('does not hold a request whose client has left', async () => {
    const { service, writer, loadbalancer } = setUp({ clients: { sessions: { read: forever } } });
    const client = new AbortController();
    const pending = loadbalancer.onRequest(aRequest(), writer, { signal: client.signal });
    client.abort();
    await pending;
    expect(writer.errors).toEqual([client.signal.reason]);
    expect(service.calls).toEqual([]);
  });

  it('and then what comes after it have one time together', async () => {
    const env = new TestEnv();
    const limiting: RateLimiter = {
      take: () =>
        new Promise((resolve) => {
          env.timers.schedule(() => resolve({ allowed: true, limit: 1, remaining: 0, resetMs: 0 }), 600);
        }),
    };
    const service = new RecordingService(forever);
    const writer = new RecordingWriter();
    const options = {
      totalTimeoutMs: 1_000,
      env,
      clients: { rateLimit: { limiter: limiting, key: () => 'all' } },
    };
    const loadbalancer = new Loadbalancer(service, nativePool(1), new RecordingLogger(), options);
    const pending = loadbalancer.onRequest(aRequest(), writer);
    env.advance(600);
    for (let i = 0; i < 20; i++) await null;
    expect(service.calls).toHaveLength(1);
    env.advance(400);
    await pending;
    expect(writer.errors[0]).toMatchObject({ code: 'ERR_LB_TIMEOUT' });
    expect(loadbalancer.stats().inFlight).toBe(0);
  });
});

describe('a session policy', () => {
  it('places requests, hears who answered, and may add headers', async () => {
    const heard: unknown[] = [];
    const sessions: SessionPolicy = {
      read: () => ({ backend: 'http://10.0.0.2:8080' }),
      written(session, backendId, writeHeader) {
        heard.push([session, backendId]);
        writeHeader('Set-Cookie', 'a=b');
      },
    };
    const { service, writer, loadbalancer } = setUp({ clients: { sessions } });
    await loadbalancer.onRequest(aRequest(), writer);
    expect(service.calls[0]?.url).toBe('http://10.0.0.2:8080/');
    expect(heard).toEqual([[{ backend: 'http://10.0.0.2:8080' }, 'http://10.0.0.2:8080']]);
    expect(writer.headers).toEqual([['Set-Cookie', 'a=b']]);
  });

  it('hears of the backend whose answer it is after failover, and nothing where there is none', async () => {
    const heard: string[] = [];
    const sessions: SessionPolicy = { read: () => undefined, written: (_session, id) => void heard.push(id) };
    let calls = 0;
    const service = new RecordingService(() =>
      calls++ === 0 ? Promise.reject(new Error('reset')) : { status: 200, data: '' },
    );
    const options = { failover: { minDelayMs: 0, maxDelayMs: 0 }, clients: { sessions } };
    const loadbalancer = new Loadbalancer(service, nativePool(4), new RecordingLogger(), options);
    const writer = new RecordingWriter();
    await loadbalancer.onRequest(aRequest(), writer);
    expect(heard).toEqual([new URL(service.calls[1]?.url as string).origin]);
    await new Loadbalancer(service, [], new RecordingLogger(), options).onRequest(aRequest(), writer);
    expect(heard).toHaveLength(1);
    expect(writer.errors).toHaveLength(1);
  });

  it.each([
    ['reads', { read: () => Promise.reject(new Error('broken')) }],
    [
      'writes',
      {
        read: () => undefined,
        written: () => {
          throw new Error('broken');
        },
      },
    ],
    ['writes later', { read: () => undefined, written: () => Promise.reject(new Error('broken')) }],
  ] as [string, SessionPolicy][])('that fails when it %s is passed over', async (_when, sessions) => {
    const { writer, loadbalancer, warnings } = setUp({ clients: { sessions } });
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.responses).toHaveLength(1);
    expect(writer.errors).toEqual([]);
    expect(warnings()).toEqual(['the session policy failed: Error: broken']);
    expect(loadbalancer.stats().inFlight).toBe(0);
  });
});

describe('with three arguments', () => {
  it('no header is ever written', async () => {
    const { writer, loadbalancer } = setUp({});
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.headers).toEqual([]);
  });
});
