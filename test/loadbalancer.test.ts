import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  type Backend,
  type BackendPool,
  byClientAddress,
  Loadbalancer,
  LoadbalancerError,
  type LoadbalancerOptions,
  NoBackendError,
  outlierEjection,
  type Request,
  type Response,
  strategies,
  UpstreamError,
  UpstreamTimeoutError,
} from '../src/index.ts';
import {
  aRequest,
  nativePool,
  RecordingLogger,
  RecordingService,
  RecordingWriter,
  TestEnv,
} from './support.ts';

function setUp(
  answer?: (url: string, request: Request) => unknown,
  options?: LoadbalancerOptions,
  pool: BackendPool = nativePool(4),
) {
  const service = new RecordingService(answer);
  const writer = new RecordingWriter();
  const logger = new RecordingLogger();
  const loadbalancer = new Loadbalancer(service, pool, logger, options);
  const leased = () => loadbalancer.balancer.stats().inFlight;
  return { service, writer, logger, loadbalancer, pool, leased };
}

describe('forwarding', () => {
  it('sends to http://IPAddr:Port followed by the path, with exactly two arguments and the very request object', async () => {
    const { service, writer, loadbalancer } = setUp(undefined, undefined, [
      { IPAddr: '192.168.0.7', Port: 80 },
    ]);
    const request = aRequest('/products/7?lang=en', { method: 'POST', payload: 'body' });
    await loadbalancer.onRequest(request, writer);
    expect(service.calls).toHaveLength(1);
    expect(service.calls[0]?.url).toBe('http://192.168.0.7:80/products/7?lang=en');
    expect(service.calls[0]?.request).toBe(request);
    expect(service.calls[0]?.arity).toBe(2);
  });

  it.each([
    ['http://a/base', '/p', 'http://a/base/p'],
    ['http://a/base/', '/p', 'http://a/base/p'],
    ['http://a/base', 'p', 'http://a/base/p'],
    ['http://a', '?q=1', 'http://a/?q=1'],
    ['http://a', '', 'http://a'],
    ['http://a:81', '@evil/', 'http://a:81/@evil/'],
    ['http://a', '//evil/x', 'http://a//evil/x'],
    ['http://a', 'http://evil/', 'http://a/http://evil/'],
  ])('joins %s and %s to %s', async (url, path, expected) => {
    const { service, writer, loadbalancer } = setUp(undefined, undefined, [{ url }]);
    await loadbalancer.onRequest(aRequest(path), writer);
    expect(service.calls[0]?.url).toBe(expected);
  });

  it('writes the very response object that came, once, and no error', async () => {
    const response: Response = { status: 418, data: 'teapot' };
    const { writer, loadbalancer } = setUp(async () => response);
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.responses).toEqual([response]);
    expect(writer.responses[0]).toBe(response);
    expect(writer.errors).toEqual([]);
  });

  it('chooses and sends before it first waits', () => {
    const { service, writer, loadbalancer, leased } = setUp(() => new Promise(() => {}));
    void loadbalancer.onRequest(aRequest(), writer);
    expect(service.calls).toHaveLength(1);
    expect(leased()).toBe(1);
  });

  it('waits for a writer that returns a promise, and holds the lease as long', async () => {
    let written = (): void => {};
    const { loadbalancer, leased } = setUp();
    const pending = loadbalancer.onRequest(aRequest(), {
      writeResponse: () => new Promise<void>((resolve) => (written = resolve)),
      writeHeader: () => {},
      writeError: () => {},
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(leased()).toBe(1);
    written();
    await pending;
    expect(leased()).toBe(0);
  });
});

describe('errors', () => {
  it('gives a rejected Error to writeError as the very object it is', async () => {
    const error = new Error('boom');
    const { writer, loadbalancer, leased } = setUp(() => Promise.reject(error));
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.errors).toHaveLength(1);
    expect(writer.errors[0]).toBe(error);
    expect(writer.responses).toEqual([]);
    expect(leased()).toBe(0);
  });

  it.each(['a string', 42, undefined, null, { code: 7 }])(
    'wraps a rejection with %o, which is no Error, with its cause',
    async (thrown) => {
      const { writer, loadbalancer } = setUp(() => Promise.reject(thrown));
      await loadbalancer.onRequest(aRequest(), writer);
      const [error] = writer.errors;
      expect(error).toBeInstanceOf(UpstreamError);
      expect(error).toMatchObject({ code: 'ERR_LB_UPSTREAM', status: 502 });
      expect(error?.cause).toBe(thrown);
    },
  );

  it('notes on an error of our own which backend was tried, and nothing on others', async () => {
    const errors = [new UpstreamError('not HTTP'), new Error('reset')];
    const { writer, loadbalancer } = setUp(() => Promise.reject(errors.shift()), undefined, nativePool(1));
    for (let i = 0; i < 2; i++) await loadbalancer.onRequest(aRequest(), writer);
    const [own, other] = writer.errors;
    expect(own).toMatchObject({ attempts: [{ backend: 'http://10.0.0.0:8080', reason: 'not HTTP' }] });
    expect(other).not.toHaveProperty('attempts');
  });

  it('answers where an answer throws when its load is looked for', async () => {
    const unreadable = () => {
      throw new Error('unreadable');
    };
    const headers = { get: unreadable, enumerable: true };
    const answers = [
      Object.defineProperty({ status: 200, data: '' }, 'headers', headers),
      { status: 200, data: '', headers: Object.defineProperty({}, 'Endpoint-Load-Metrics', headers) },
    ];
    const { writer, loadbalancer } = setUp(async () => answers[writer.responses.length], {
      pool: { loadMetrics: true },
    });
    for (let i = 0; i < 2; i++) await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.errors).toEqual([]);
    expect(writer.responses.map((response) => answers.indexOf(response as never))).toEqual([0, 1]);
  });

  it('treats a synchronous throw of the HTTP service as a rejection', async () => {
    const error = new Error('at once');
    const { writer, loadbalancer, leased } = setUp(() => {
      throw error;
    });
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.errors).toEqual([error]);
    expect(leased()).toBe(0);
  });

  it.each([undefined, null, 'text'])(
    'answers with an error where the HTTP service resolves with %o',
    async (nothing) => {
      const { writer, loadbalancer } = setUp(async () => nothing);
      await loadbalancer.onRequest(aRequest(), writer);
      expect(writer.errors[0]).toMatchObject({ code: 'ERR_LB_UPSTREAM' });
      expect(writer.responses).toEqual([]);
    },
  );

  it.each([Symbol('200'), Object.create(null)])(
    'passes on an answer whose status is no number, as it is, and keeps no lease',
    async (status) => {
      const response = { status, data: '' };
      const { writer, loadbalancer, leased } = setUp(() => response);
      await loadbalancer.onRequest(aRequest(), writer);
      expect(writer.responses[0]).toBe(response);
      expect(writer.errors).toEqual([]);
      expect(leased()).toBe(0);
    },
  );

  it.each([undefined, { failover: true as const }])(
    'passes on an error that cannot be read, and keeps no lease: %o',
    async (options) => {
      const error = Object.defineProperty(new Error(), 'message', {
        get() {
          throw new Error('unreadable');
        },
      });
      const { writer, loadbalancer, leased } = setUp(() => Promise.reject(error), options);
      await loadbalancer.onRequest(aRequest('/', { method: 'POST' }), writer);
      expect(writer.errors).toHaveLength(1);
      expect(writer.errors[0] === error).toBe(true);
      expect(leased()).toBe(0);
    },
  );

  it('writes no header for what an error of the HTTP service says', async () => {
    const error = Object.assign(new Error('busy'), { retryAfterMs: Number.NaN });
    const { writer, loadbalancer } = setUp(() => Promise.reject(error));
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.errors).toEqual([error]);
    expect(writer.headers).toEqual([]);
  });

  it('gives writeError a NoBackendError for an empty pool', async () => {
    const { service, writer, loadbalancer } = setUp(undefined, undefined, []);
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.errors[0]).toBeInstanceOf(NoBackendError);
    expect(writer.errors[0]).toBeInstanceOf(LoadbalancerError);
    expect(writer.errors[0]).toMatchObject({ code: 'ERR_LB_NO_BACKEND', status: 503, attempts: [] });
    expect(service.calls).toEqual([]);
  });

  it('never sends anything twice with three arguments', async () => {
    const { service, writer, loadbalancer } = setUp(() => Promise.reject(new Error('down')));
    await loadbalancer.onRequest(aRequest(), writer);
    expect(service.calls).toHaveLength(1);
  });

  it.each([
    [{ url: '/x' }, 'got undefined; the request has url, the name in an older contract'],
    [{}, 'got undefined'],
    [{ path: 7 }, 'got 7'],
    [undefined, 'got undefined'],
  ])('answers the request %j, which has no path, with an error, and asks no backend', async (fields, got) => {
    const { loadbalancer, service, writer } = setUp();
    await loadbalancer.onRequest(
      (fields && { id: '1', method: 'GET', payload: '', ...fields }) as never,
      writer,
    );
    expect(writer.errors).toEqual([new TypeError(`request.path must be a string, ${got}`)]);
    expect(service.calls).toEqual([]);
  });

  it('answers with an error where the key function throws', async () => {
    const error = new Error('no key');
    const { writer, loadbalancer } = setUp(undefined, {
      key: () => {
        throw error;
      },
    });
    await loadbalancer.onRequest(aRequest(), writer);
    expect(writer.errors).toEqual([error]);
  });
});

describe('a writer that throws', () => {
  const thrown = new Error('the socket is gone');
  const refuse = () => {
    throw thrown;
  };

  it('rejects the promise, releases the lease and is not asked to write an error', async () => {
    const writer = new RecordingWriter();
    const { loadbalancer, leased } = setUp();
    const failing = {
      writeResponse: refuse,
      writeHeader: () => {},
      writeError: writer.writeError.bind(writer),
    };
    await expect(loadbalancer.onRequest(aRequest(), failing)).rejects.toBe(thrown);
    expect(writer.errors).toEqual([]);
    expect(leased()).toBe(0);
    expect(loadbalancer.balancer.stats().backends.every(({ failures }) => failures === 0)).toBe(true);
  });

  it('rejects the promise where writeError throws', async () => {
    const { loadbalancer, leased } = setUp(() => Promise.reject(new Error('down')));
    const failing = { writeResponse: () => {}, writeHeader: () => {}, writeError: refuse };
    await expect(loadbalancer.onRequest(aRequest(), failing)).rejects.toBe(thrown);
    expect(leased()).toBe(0);
  });

  it('rejects the promise where a writer rejects', async () => {
    const { loadbalancer, leased } = setUp();
    const failing = {
      writeResponse: () => Promise.reject(thrown),
      writeHeader: () => {},
      writeError: () => {},
    };
    await expect(loadbalancer.onRequest(aRequest(), failing)).rejects.toBe(thrown);
    expect(leased()).toBe(0);
  });
});

describe('outcomes', () => {
  it.each([
    [200, 0],
    [404, 0],
    [500, 0],
    [502, 1],
    [503, 1],
    [504, 1],
  ])('status %d counts %d failures', async (status, failures) => {
    const { writer, loadbalancer } = setUp(async () => ({ status, data: '' }), undefined, nativePool(1));
    await loadbalancer.onRequest(aRequest(), writer);
    expect(loadbalancer.balancer.stats().backends[0]).toMatchObject({ requests: 1, failures });
    expect(writer.responses).toHaveLength(1);
  });

  it('lets the host say what a failure is', async () => {
    const { writer, loadbalancer } = setUp(
      async () => ({ status: 500, data: '' }),
      { isFailure: ({ status }) => status >= 500 },
      nativePool(1),
    );
    await loadbalancer.onRequest(aRequest(), writer);
    expect(loadbalancer.balancer.stats().backends[0]?.failures).toBe(1);
  });
});

describe('signal and timeout', () => {
  it('passes a signal only where the host gave one or set a timeout', async () => {
    const { service, writer, loadbalancer } = setUp();
    await loadbalancer.onRequest(aRequest(), writer, { signal: new AbortController().signal });
    expect(service.calls[0]?.arity).toBe(3);
    expect(service.calls[0]?.options?.signal).toBeInstanceOf(AbortSignal);
  });

  it('gives up when the client leaves, even where the service ignores the signal, and does not blame the backend', async () => {
    const { service, writer, loadbalancer, leased } = setUp(
      () => new Promise(() => {}),
      undefined,
      nativePool(1),
    );
    const client = new AbortController();
    const pending = loadbalancer.onRequest(aRequest(), writer, { signal: client.signal });
    client.abort();
    await pending;
    expect(service.calls[0]?.options?.signal.aborted).toBe(true);
    expect(writer.errors).toEqual([client.signal.reason]);
    expect(leased()).toBe(0);
    expect(loadbalancer.balancer.stats().backends[0]).toMatchObject({ failures: 0, cancelled: 1 });
  });

  it('sends nothing for a client that has already left', async () => {
    const { service, writer, loadbalancer } = setUp();
    await loadbalancer.onRequest(aRequest(), writer, { signal: AbortSignal.abort('gone') });
    expect(service.calls).toEqual([]);
    expect(writer.errors[0]).toMatchObject({ code: 'ERR_LB_CANCELLED', status: 499, cause: 'gone' });
  });

  it('answers with a timeout error when the time is up, and blames the backend', async () => {
    const env = new TestEnv();
    const { writer, loadbalancer, leased } = setUp(
      () => new Promise(() => {}),
      { timeoutMs: 250, env },
      nativePool(1),
    );
    const pending = loadbalancer.onRequest(aRequest(), writer);
    env.advance(249);
    expect(writer.errors).toEqual([]);
    env.advance(1);
    await pending;
    expect(writer.errors[0]).toBeInstanceOf(UpstreamTimeoutError);
    expect(writer.errors[0]).toMatchObject({ code: 'ERR_LB_TIMEOUT', status: 504 });
    expect(leased()).toBe(0);
    expect(loadbalancer.balancer.stats().backends[0]?.failures).toBe(1);
  });

  it.each([
    [true, 'up'],
    [false, 'barred'],
    [undefined, 'barred'],
  ])('does not eject for late responses where the last check says %s: %s', async (passed, state) => {
    const env = new TestEnv();
    const { writer, loadbalancer } = setUp(
      () => new Promise(() => {}),
      {
        timeoutMs: 250,
        env,
        guards: [outlierEjection()],
        clients: { sessions: { read: () => ({ backend: id }) } },
      },
      nativePool(2),
    );
    const [{ id }] = loadbalancer.balancer.backends as readonly [Backend, Backend];
    if (passed !== undefined) loadbalancer.balancer.checked(id, { passed, beganAt: 0 });
    for (let i = 0; i < 6; i++) {
      const pending = loadbalancer.onRequest(aRequest(), writer);
      // The session is read first.
      for (let step = 0; step < 20; step++) await Promise.resolve();
      env.advance(250);
      await pending;
    }
    expect(loadbalancer.balancer.stats().backends[0]).toMatchObject({ state });
  });

  it('leaves no timer behind, and no listener on the signal', async () => {
    const env = new TestEnv();
    const { writer, loadbalancer } = setUp(undefined, { timeoutMs: 250, totalTimeoutMs: 500, env });
    const { signal } = new AbortController();
    await loadbalancer.onRequest(aRequest(), writer, { signal });
    expect(env.pendingTimers).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it.each([0, -1, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY])(
    'refuses a timeout of %d ms',
    (timeoutMs) => {
      expect(() => setUp(undefined, { timeoutMs })).toThrow(
        /^timeoutMs must be a number of milliseconds above 0/,
      );
    },
  );
});

describe('the pool stays the caller’s', () => {
  it('spreads 10 keys over 4 backends that came after construction 3/3/2/2, one after the other', async () => {
    const { service, writer, loadbalancer, pool } = setUp(undefined, undefined, []);
    pool.push(...nativePool(4));
    for (let i = 0; i < 10; i++) await loadbalancer.onRequest(aRequest(`/item/${i}`), writer);
    expect(Object.values(service.counts).sort()).toEqual([2, 2, 3, 3]);
  });

  it('and all at once', async () => {
    const { service, writer, loadbalancer, pool } = setUp(undefined, undefined, []);
    pool.push(...nativePool(4));
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => loadbalancer.onRequest(aRequest(`/item/${i}`), writer)),
    );
    expect(Object.values(service.counts).sort()).toEqual([2, 2, 3, 3]);
    expect(writer.responses).toHaveLength(10);
  });

  it('gives 10 backends 3 of 30 keys each', async () => {
    const { service, writer, loadbalancer } = setUp(undefined, undefined, nativePool(10));
    for (let i = 0; i < 30; i++) await loadbalancer.onRequest(aRequest(`/item/${i}`), writer);
    expect(Object.values(service.counts)).toEqual(Array(10).fill(3));
  });

  it('keeps each key on its backend', async () => {
    const { service, writer, loadbalancer } = setUp();
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 40; i++) await loadbalancer.onRequest(aRequest(`/item/${i}`), writer);
    }
    const hosts = new Map<string, Set<string>>();
    for (const { url } of service.calls) {
      const { host, pathname } = new URL(url);
      hosts.set(pathname, (hosts.get(pathname) ?? new Set()).add(host));
    }
    expect([...hosts.values()].every((set) => set.size === 1)).toBe(true);
  });

  it('never sends to a backend that was removed', async () => {
    const { service, writer, loadbalancer, pool } = setUp();
    for (let i = 0; i < 40; i++) await loadbalancer.onRequest(aRequest(`/item/${i}`), writer);
    const [gone] = pool.splice(1, 1) as { IPAddr: string }[];
    service.calls.length = 0;
    for (let i = 0; i < 40; i++) await loadbalancer.onRequest(aRequest(`/item/${i}`), writer);
    expect(Object.keys(service.counts)).toHaveLength(3);
    expect(service.counts[`${gone?.IPAddr}:8080`]).toBeUndefined();
  });

  it('does not change the array', async () => {
    const pool = Object.freeze(nativePool(3).map((entry) => Object.freeze(entry)));
    const loadbalancer = new Loadbalancer(new RecordingService(), pool, new RecordingLogger());
    await loadbalancer.onRequest(aRequest(), new RecordingWriter());
    loadbalancer.balancer.remove('http://10.0.0.1:8080');
    expect(pool).toEqual(nativePool(3));
  });

  it('skips a wrong entry that is pushed later, logs it once and shows it in the statistics', async () => {
    const { writer, logger, loadbalancer, pool } = setUp(undefined, undefined, nativePool(2));
    pool.push({ IPAddr: '10.9.9.9', Port: 70_000 });
    for (let i = 0; i < 5; i++) await loadbalancer.onRequest(aRequest(`/${i}`), writer);
    expect(writer.responses).toHaveLength(5);
    const message = 'backendPool[2].Port must be an integer from 1 to 65535, got 70000';
    expect(loadbalancer.balancer.stats().rejected).toEqual([{ index: 2, message }]);
    expect(logger.lines.filter(([level]) => level === 'warn')).toEqual([
      ['warn', 'pool entry rejected', { type: 'rejected', index: 2, message }],
    ]);
  });

  it('keeps the pool while the array cannot be read, and says so once', async () => {
    const { proxy, revoke } = Proxy.revocable(nativePool(2), {});
    const { writer, logger, loadbalancer } = setUp(undefined, undefined, proxy);
    revoke();
    for (let i = 0; i < 5; i++) await loadbalancer.onRequest(aRequest(`/${i}`), writer);
    expect(writer.responses).toHaveLength(5);
    const [rejected] = loadbalancer.stats().rejected;
    expect(rejected).toMatchObject({
      index: -1,
      message: expect.stringMatching(/^backendPool cannot be read: /),
    });
    expect(logger.lines.filter(([level]) => level === 'warn')).toEqual([
      ['warn', 'pool entry rejected', { type: 'rejected', ...rejected }],
    ]);
  });

  it('throws at construction for a wrong entry', () => {
    expect(() =>
      setUp(undefined, undefined, [...nativePool(2), { IPAddr: '10.9.9.9', Port: 70_000 }]),
    ).toThrow(new RangeError('backendPool[2].Port must be an integer from 1 to 65535, got 70000'));
  });
});

describe('the logger', () => {
  it('hears of each decision, with what is there already', async () => {
    const { writer, logger, loadbalancer } = setUp(undefined, undefined, nativePool(1));
    await loadbalancer.onRequest(aRequest('/x'), writer);
    expect(logger.lines).toEqual([['debug', 'backend chosen', 'GET', '/x', 'http://10.0.0.0:8080']]);
  });

  it('hears of each request that ends in an error, with the very error', async () => {
    const { writer, logger, loadbalancer } = setUp(undefined, undefined, []);
    await loadbalancer.onRequest(aRequest('/x'), writer);
    await loadbalancer.onRequest(undefined as never, writer);
    expect(logger.lines).toEqual([
      ['error', 'request failed', 'GET', '/x', expect.any(NoBackendError)],
      ['error', 'request failed', undefined, undefined, expect.any(TypeError)],
    ]);
    expect(logger.lines.map((line) => line.at(-1))).toEqual(writer.errors);
  });

  it.each([
    () => {
      throw new Error('disk full');
    },
    () => Promise.reject(new Error('disk full')),
  ])('never breaks a request', async (log) => {
    const writer = new RecordingWriter();
    await new Loadbalancer(new RecordingService(), nativePool(1), { log }).onRequest(aRequest(), writer);
    expect(writer.responses).toHaveLength(1);
  });
});

describe('keys', () => {
  it.each([
    ['empty', ''],
    ['enormous', `/${'x'.repeat(1_000_000)}`],
    ['with a lone surrogate', '/\ud800'],
    ['in any script', '/ключ/鍵/🔑'],
  ])('may be %s', async (_name, path) => {
    const { service, writer, loadbalancer } = setUp();
    for (let i = 0; i < 3; i++) await loadbalancer.onRequest(aRequest(path), writer);
    expect(writer.responses).toHaveLength(3);
    expect(new Set(service.calls.map(({ url }) => url.slice(0, 20))).size).toBe(1);
  });

  it('may be anything that the host makes of a request', async () => {
    const { service, writer, loadbalancer } = setUp(undefined, { key: byClientAddress });
    for (let i = 0; i < 20; i++)
      await loadbalancer.onRequest(aRequest(`/${i}`, { clientAddress: '203.0.113.9' }), writer);
    expect(Object.values(service.counts)).toEqual([20]);
  });

  it('are client addresses with the strategy ip-hash', async () => {
    const { service, writer, loadbalancer } = setUp(undefined, { strategy: 'ip-hash' });
    for (let i = 0; i < 20; i++)
      await loadbalancer.onRequest(aRequest(`/${i}`, { clientAddress: '203.0.113.9' }), writer);
    expect(Object.values(service.counts)).toEqual([20]);
  });
});

describe('bad arguments', () => {
  it('refuses an HTTP service without sendRequest', () => {
    expect(() => new Loadbalancer({} as never, [], new RecordingLogger())).toThrow(
      'httpService must be an object with a method sendRequest, got {}',
    );
  });

  it('refuses a pool that is no array', () => {
    expect(() => setUp(undefined, undefined, 'http://a' as never)).toThrow(
      'backendPool must be an array of backends, got http://a',
    );
  });

  it('refuses an unknown strategy and lists the known ones', () => {
    expect(() => setUp(undefined, { strategy: 'fastest' as never })).toThrow(
      `strategy must be a function or one of ${Object.keys(strategies).join(', ')}, got "fastest"`,
    );
  });

  it.each([
    [{ bounds: { factor: 0.9 } }, 'bounds.factor must be a number of at least 1, got 0.9'],
    [{ bounds: { factor: Number.NaN } }, 'bounds.factor must be a number of at least 1, got NaN'],
    [{ bounds: { z: -1 } }, 'bounds.z must be a finite number of at least 0, got -1'],
    [
      { bounds: { rememberedKeys: 1.5 } },
      'bounds.rememberedKeys must be an integer from 0 to 1048576, got 1.5',
    ],
    [{ seed: 2 ** 40 }, 'seed must be a 32-bit integer, got 1099511627776'],
    [{ pool: { panicRatio: 2 } }, 'pool.panicRatio must be a number from 0 to 1, got 2'],
    [{ key: 'path' as never }, 'key must be a function, got "path"'],
    [
      { health: { request: { path: 'up' } } },
      'health.request.path must be a string that begins with "/" and has no space and no "#", got "up"',
    ],
    [
      { health: { thresholds: { fall: 0 } } },
      'health.thresholds.fall must be an integer of at least 1, got 0',
    ],
    [
      { timeoutMs: 1_000, health: { request: { timeoutMs: -1 } } },
      'health.request.timeoutMs must be a number of milliseconds above 0 and up to 2147483647, got -1',
    ],
    [{ failover: { budget: { ratio: 2 } } }, 'failover.budget.ratio must be a number from 0 to 1, got 2'],
  ] satisfies [LoadbalancerOptions, string][])('refuses %o', (options, message) => {
    expect(() => setUp(undefined, options)).toThrow(expect.objectContaining({ message }));
  });
});
