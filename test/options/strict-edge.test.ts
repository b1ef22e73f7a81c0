// Mistakes that plain JavaScript does not see: each is told in plain words, where it is made.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { proxyMiddleware } from '../../gateway/src/adapters/express/index.ts';
import {
  Balancer,
  type BalancerEvent,
  circuitBreaker,
  consistentHash,
  FetchHTTPService,
  type ILoggerService,
  Loadbalancer,
  maxInFlight,
  outlierEjection,
  roundRobin,
} from '../../src/index.ts';
import { aRequest, nativePool, RecordingLogger, RecordingService, RecordingWriter } from '../support.ts';

const URLS = ['http://a', 'http://b'];
const balancer = (options: object) => new Balancer(URLS, options);
const loadbalancer = (options: object) =>
  new Loadbalancer(new RecordingService(), nativePool(2), new RecordingLogger(), options);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a mistake is told', () => {
  it.each<[string, () => unknown, string]>([
    [
      'a misspelt name',
      () => loadbalancer({ stategy: 'maglev' }),
      'stategy is not an option; did you mean "strategy"?',
    ],
    [
      'a name without its unit',
      () => loadbalancer({ timeout: 1 }),
      'timeout is not an option; did you mean "timeoutMs"?',
    ],
    [
      'within a bag',
      () => loadbalancer({ health: { interval: 1 } }),
      'health.interval is not an option; did you mean "intervalMs"?',
    ],
    [
      'a name that is near none',
      () => balancer({ bounds: { epsilon: 1 } }),
      'bounds.epsilon is not an option; there is factor, z, rememberedKeys, concurrency',
    ],
    [
      'a misspelt trait of a backend',
      () => new Balancer([{ url: 'http://a', wieght: 2 } as never]),
      'backendPool[0].wieght is not an option; did you mean "weight"?',
    ],
    [
      'an option of a guard',
      () => outlierEjection({ consecutive: 3 } as never),
      'outlierEjection.consecutive is not an option',
    ],
    [
      'a number in the place of options',
      () => loadbalancer({ failover: 2 }),
      'failover must be true, false or an object of options, got 2; did you mean { retries: 2 }?',
    ],
    ['a misspelt strategy', () => balancer({ strategy: 'roundrobbin' }), '; did you mean "round-robin"?'],
    [
      'a change that is none',
      () => balancer({}).plan({ added: [] } as never),
      'added is not an option; did you mean "add"?',
    ],
    [
      'options that are null',
      () => loadbalancer(null as never),
      'the options of Loadbalancer must be an object, got null',
    ],
    [
      'a guard that was not called',
      () => balancer({ guards: [outlierEjection] }),
      'outlierEjection must be called, as outlierEjection(), got the function itself',
    ],
    ['another one', () => balancer({ guards: [circuitBreaker] }), 'circuitBreaker must be called'],
    ['one with a number', () => balancer({ guards: [maxInFlight] }), 'maxInFlight must be called'],
    [
      'a strategy that was not called',
      () => balancer({ strategy: consistentHash }),
      'consistentHash must be called',
    ],
    [
      'one without options',
      () => balancer({ strategy: roundRobin }),
      'roundRobin must be called, as roundRobin(), got the function itself',
    ],
    [
      'a function that makes no strategy',
      () => balancer({ strategy: () => ({ name: 'x' }) }),
      'what the strategy makes must be an object with the methods update and pick',
    ],
    [
      'a function that makes no guard',
      () => balancer({ guards: [() => undefined] }),
      'what guards[0] makes must be an object with a method verdict',
    ],
    [
      'a misspelt part of env',
      () => balancer({ env: { clok: { now: () => 0 } } }),
      'env.clok is not an option; did you mean "clock"?',
    ],
    [
      'a URL in the place of a pool',
      () => proxyMiddleware('http://a' as never),
      'proxy must be the configuration of a pool',
    ],
    [
      'backends in the place of options',
      () => balancer({}).acquire('x', [] as never) && balancer({}).acquire('x', URLS as never),
      'the options of acquire must be an object such as { tried, session }, got an array',
    ],
  ])('%s', (_, work, message) => {
    expect(work).toThrow(message);
  });

  it.each<[object, string]>([
    [{ zones: { of: () => 'a' } }, 'zones is now pool.zones'],
    [{ panicRatio: 1 }, 'panicRatio is now pool.panicRatio'],
    [{ loadMetrics: true }, 'loadMetrics is now pool.loadMetrics'],
    [{ sessions: { read() {} } }, 'sessions is now clients.sessions'],
    [{ rateLimit: {} }, 'rateLimit is now clients.rateLimit'],
    [{ health: { path: '/up' } }, 'health.path is now health.request.path'],
    [{ health: { workload: {} } }, 'health.workload is now health.expect.workload'],
    [{ health: { fall: 2 } }, 'health.fall is now health.thresholds.fall'],
  ])('an old name: %j', (options, message) => {
    expect(() => loadbalancer(options)).toThrow(message);
  });

  it('an outcome that is none, and the lease ends all the same', () => {
    const pool = balancer({});
    const lease = pool.acquire('x');
    expect(() => lease?.release('error' as never)).toThrow(
      'outcome must be one of success, failure, cancelled, rejected, got "error"',
    );
    expect(pool.stats().inFlight).toBe(0);
    expect(pool.stats().backends.map(({ failures }) => failures)).toEqual([0, 0]);
  });

  it.each([null, { signal: 5 }, { signl: new AbortController().signal }, 'x'])(
    'settings of a request: %j',
    async (options) => {
      const work = loadbalancer({}).onRequest(aRequest(), new RecordingWriter(), options as never);
      await expect(work).rejects.toThrow(TypeError);
    },
  );

  it('a payload that is an object', async () => {
    const request = aRequest('/', { method: 'POST', payload: { a: 1 } as never });
    await expect(new FetchHTTPService().sendRequest('http://a/', request)).rejects.toThrow(
      'payload must be a string, got {"a":1}; did you mean JSON.stringify(payload)?',
    );
  });
});

describe('a key that is no string', () => {
  function keyed(key: unknown) {
    const events: BalancerEvent[] = [];
    const pool = new Balancer<string>(URLS, { key: () => key as never });
    pool.subscribe((event) => events.push(event));
    return { pool, events };
  }

  it.each([7, 7n])('counts as its text: %s', (key) => {
    const { pool, events } = keyed(key);
    expect(pool.explain('x').key).toBe('7');
    expect(events).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['a promise', Promise.resolve('key')],
    ['an object', {}],
    ['a boolean', true],
  ])('is no key, and is told once: %s', (kind, key) => {
    const { pool, events } = keyed(key);
    for (let i = 0; i < 3; i++) expect(pool.acquire('x')).toBeDefined();
    const message = `key must return a string or undefined, got ${kind}; such requests have no key`;
    expect(events).toEqual([{ type: 'warning', message }]);
  });

  it.each([undefined, null])('means that there is none: %s', (key) => {
    const { pool, events } = keyed(key);
    expect([pool.explain('x').key, events]).toEqual([undefined, []]);
  });
});

describe('a logger', () => {
  async function use(logger: unknown) {
    const service = new RecordingService((url) => {
      if (url.includes('10.0.0.0')) throw new Error('refused');
      return { status: 200, data: '' };
    });
    const options = { strategy: () => inOrder(), failover: { minDelayMs: 0, maxDelayMs: 0 } };
    const balanced = new Loadbalancer(service, nativePool(2), logger as ILoggerService, options);
    await balanced.onRequest(aRequest('/x'), new RecordingWriter());
    balanced.balancer.markDown('http://10.0.0.0:8080', 'a test');
    balanced.balancer.add('http://new');
    return balanced;
  }

  /** Picks the first backend that may serve. */
  function inOrder() {
    let backends: readonly import('../../src/index.ts').Backend[] = [];
    return {
      name: 'in-order',
      update(next: typeof backends) {
        backends = next;
      },
      pick: (_key: number, eligible: (backend: (typeof backends)[number]) => boolean) =>
        backends.find(eligible),
    };
  }

  it('hears of decisions, failures and every change of the pool', async () => {
    const logger = new RecordingLogger();
    await use(logger);
    expect(logger.lines.map(([level, text]) => `${level} ${text}`)).toEqual([
      'debug backend chosen',
      'warn attempt failed',
      'debug backend chosen',
      'warn backend down',
      'info backend added',
    ]);
    expect(logger.lines[1]).toEqual([
      'warn',
      'attempt failed',
      'GET',
      '/x',
      'http://10.0.0.0:8080',
      new Error('refused'),
    ]);
    expect(logger.lines[3]?.[2]).toEqual({ type: 'down', backend: 'http://10.0.0.0:8080', reason: 'a test' });
  });

  it('may be of the kind of pino: objects first, by name, and only what is wanted', async () => {
    const lines: unknown[][] = [];
    const at =
      (level: string) =>
      (...args: unknown[]) =>
        void lines.push([level, ...args]);
    const isLevelEnabled = (level: string) => level !== 'debug';
    await use({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), isLevelEnabled });
    expect(lines).toEqual([
      [
        'warn',
        { method: 'GET', path: '/x', backend: 'http://10.0.0.0:8080', err: new Error('refused') },
        'attempt failed',
      ],
      ['warn', { type: 'down', backend: 'http://10.0.0.0:8080', reason: 'a test' }, 'backend down'],
      ['info', { type: 'added', backend: 'http://new' }, 'backend added'],
    ]);
  });

  it('may be the console: decisions at debug', async () => {
    const debug = vi.spyOn(console, 'debug').mockImplementation(() => {});
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const info = vi.spyOn(console, 'info').mockImplementation(() => {});
    await use(console);
    expect(debug.mock.calls[0]).toEqual(['evenkeel', 'backend chosen', 'GET', '/x', 'http://10.0.0.0:8080']);
    expect([debug, warn, info].map(({ mock }) => mock.calls.length)).toEqual([2, 2, 1]);
  });

  it('with `log` and methods for levels gets `log`', async () => {
    const log = vi.fn();
    const never = () => expect.unreachable();
    await use({ log, debug: never, info: never, warn: never, error: never });
    expect(log).toHaveBeenCalledTimes(5);
  });

  it.each([null, {}, 5, 'console', { info() {} }])('that is none is a TypeError: %j', (logger) => {
    expect(() => new Loadbalancer(new RecordingService(), nativePool(1), logger as never)).toThrow(
      'loggerService must have a method log, or be a console or a logger such as pino, got',
    );
  });

  it('that throws, rejects or throws when it is read breaks no request', async () => {
    const broken = () => {
      throw new Error('disk full');
    };
    for (const log of [broken, () => Promise.reject(new Error('disk full'))]) await use({ log });
    await use({ debug: broken, info: broken, warn: broken, error: broken });
  });
});
