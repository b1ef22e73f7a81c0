import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancer } from '../../../src/index.ts';
import { DEFAULT_CONFIG } from '../../src/config/default-config.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { ConfigError } from '../../src/errors.ts';
import { configWith, leastConfig, twoPools } from './inputs.ts';
import { WRONG_VALUES } from './wrong-values.ts';

function problemsOf(input: unknown): readonly string[] {
  try {
    readConfig(input);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { problems, message } = error as ConfigError;
    expect(message).toBe(problems.join('\n'));
    for (const problem of problems) expect(problem).not.toMatch(/[\n\r]/);
    return problems;
  }
  return [];
}

const listening = (...listeners: object[]) => ({ ...leastConfig(), listeners });

describe('a backend', () => {
  it.each([
    ['localhost:3001', 'http://localhost:3001'],
    [':3001', 'http://localhost:3001'],
    ['10.0.0.1:80', 'http://10.0.0.1:80'],
    ['[::1]:3001', 'http://[::1]:3001'],
    ['https://a.example', 'https://a.example'],
  ])('may be written as %s', (written, url) => {
    const { pools } = readConfig({
      listeners: [{ port: 0 }],
      pools: { shop: { backends: [written] }, api: { backends: [{ url: written }] } },
      routes: [{ pool: 'shop' }],
    });
    expect(pools).toMatchObject({ shop: { backends: [url] }, api: { backends: [{ url }] } });
  });
});

describe('a wrong configuration', () => {
  it.each(WRONG_VALUES)('is told apart: %s as %o', (place, value, line) => {
    expect(problemsOf(configWith(place, value))).toEqual([line]);
  });

  it.each([
    [null, 'null'],
    ['listeners', 'a string of 9 characters'],
    [[], '[]'],
    [5, '5'],
    [true, 'true'],
  ])('is refused as a whole: %j', (input, got) => {
    expect(problemsOf(input)).toEqual([
      `the configuration must be an object with listeners and pools, got ${got}`,
    ]);
  });

  it('is missed where there is none', () => {
    expect(problemsOf(undefined)).toEqual([
      'the configuration is missing; it must be an object with listeners and pools',
    ]);
  });

  it('tells all mistakes at once, each on a line', () => {
    const input = {
      listners: [],
      pools: { shop: { backends: ['x', { url: 'http://a', weight: -1 }], queue: 'no' } },
      workers: 0,
    };
    expect(problemsOf(input)).toEqual([
      'pools.shop.backends[0] must be host:port, :port, unix:/path, or an http or https URL without user, query and fragment, got "x"',
      'pools.shop.backends[1].weight must be a number from 0 to 1000, got -1',
      'pools.shop.queue must be true, false or an object, got "no"',
      'workers must be an integer from 1 to 64, got 0',
      'listners is not a setting; did you mean "listeners"?',
    ]);
  });

  it('tells what is wrong together beside what is wrong by itself', () => {
    const input = {
      listeners: [{ port: 70_000 }, { port: 81, h2c: 1 }, { port: 80, name: 'a' }, { port: 80, name: 'a' }],
      pools: {
        shop: { backends: ['http://a', 'http://a'] },
        api: { backends: ['http://b'], stategy: 'random' },
      },
      routes: [
        { pool: 'api' },
        { pool: 'nobody', path: '/x' },
        { pool: 'shop', path: 'x' },
        { pool: 'api', path: '/' },
      ],
      admin: { port: 1, host: '0.0.0.0' },
    };
    expect(problemsOf(input)).toEqual([
      'listeners[0].port must be an integer from 0 to 65535, got 70000',
      'listeners[1].h2c must be true or false, got 1',
      'pools.api.stategy is not a setting; did you mean "strategy"?',
      `routes[2].path must be a path that begins with "/", percent-encoded, without query and fragment, got "x"`,
      'listeners[3].name must be another than that of listeners[2], got "a" in both',
      'listeners[3].port must be another than that of listeners[2], got 80 on every address in both',
      'admin.token is missing; it must be given where admin.host is not a loopback address, got "0.0.0.0"',
      'pools.shop.backends[1] must be another backend than pools.shop.backends[0], got "http://a" in both',
      'routes[1].pool must be the name of a pool, got "nobody"',
      'routes[3] must differ from routes[0] in host, path or a condition, got any host and "/" in both',
    ]);
  });

  it('tells no more than can be read', () => {
    const backends = Array.from({ length: 200 }, (_, i) => `ftp://${i}`);
    const problems = problemsOf(configWith('pools.shop.backends', backends));
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toBe('and 150 more');
  });

  it('wants routes where there is more than one pool', () => {
    const { routes, ...rest } = twoPools();
    expect(problemsOf(rest)).toEqual([
      'routes is missing; it must say which requests go where, since there are 2 pools',
    ]);
  });

  it.each<[object[], string | undefined]>([
    [[{ port: 80 }, { port: 80 }], '80 on every address in both'],
    [[{ port: 80, host: '10.0.0.1' }, { port: 80 }], '80 on every address and "10.0.0.1"'],
    [
      [
        { port: 80, host: '::' },
        { port: 80, host: '10.0.0.1' },
      ],
      '80 on "10.0.0.1" and "::"',
    ],
    [
      [
        { port: 80, host: '0.0.0.0' },
        { port: 80, host: '10.0.0.1' },
      ],
      '80 on "10.0.0.1" and "0.0.0.0"',
    ],
    [
      [
        { port: 80, host: '0.0.0.0' },
        { port: 80, host: 'localhost' },
      ],
      '80 on "localhost" and "0.0.0.0"',
    ],
    [
      [
        { port: 80, host: '::1' },
        { port: 80, host: '0:0::1' },
      ],
      '80 on "0:0::1" and "::1"',
    ],
    [
      [
        { port: 80, host: '0.0.0.0' },
        { port: 80, host: '::1' },
      ],
      undefined,
    ],
    [
      [
        { port: 80, host: '10.0.0.1' },
        { port: 80, host: '10.0.0.2' },
      ],
      undefined,
    ],
    [[{ port: 80 }, { port: 81 }], undefined],
    [[{ port: 0 }, { port: 0 }], undefined],
  ])('cannot listen twice on one socket: %j', (listeners, got) => {
    const expected =
      got === undefined ? [] : [`listeners[1].port must be another than that of listeners[0], got ${got}`];
    expect(problemsOf(listening(...listeners))).toEqual(expected);
  });

  it('says of a weight and a URL what the engine says', () => {
    for (const entry of [{ url: 'http://a', weight: Number.NaN }, { url: 'ftp://a' }]) {
      let said = '';
      try {
        new Balancer([entry]);
      } catch (error) {
        said = (error as Error).message
          .replace('backendPool', 'pools.shop.backends')
          .replace('host:port, or', 'host:port, :port, unix:/path, or');
      }
      expect(problemsOf(configWith('pools.shop.backends[0]', entry))).toEqual([said]);
    }
  });
});

describe('hostile data', () => {
  it.each([
    ['{"__proto__": {"polluted": true}}', '__proto__ is not a setting'],
    [
      '{"listeners": [{"port": 1}], "pools": {"__proto__": {"backends": []}}}',
      'pools.__proto__ is not a setting',
    ],
    ['{"listeners": [{"port": 1, "__proto__": {"host": "::"}}]}', 'listeners[0].__proto__ is not a setting'],
  ])('cannot reach prototypes: %s', (json, line) => {
    expect(problemsOf(JSON.parse(json))).toEqual([line]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('takes what other objects inherit for a name like any other', () => {
    const config = readConfig({ ...leastConfig(), pools: { constructor: { backends: [] } } });
    expect(Object.keys(config.pools)).toEqual(['constructor']);
  });

  it('inherits nothing', () => {
    expect(problemsOf(Object.create(leastConfig()))).toEqual([
      'the configuration must be plain data, got an instance of Object',
    ]);
  });

  it('is refused as a ring, as too deep and as too wide', () => {
    const ring = leastConfig();
    ring.log = { level: ring };
    expect(problemsOf(ring)).toEqual(['log.level must not contain itself']);
    let deep: unknown = 1;
    for (let i = 0; i < 100; i++) deep = [deep];
    expect(problemsOf({ log: deep })).toEqual(['log[0][0][0] must not be nested more than 32 levels deep']);
    expect(problemsOf({ log: new Array(1_000_001).fill(1) })).toEqual([
      'the configuration must not have more than 1000000 values',
    ]);
  });

  it('is refused where it throws when it is read', () => {
    const thrower = () => {
      throw new Error('not now');
    };
    expect(
      problemsOf(Object.defineProperty(leastConfig(), 'log', { get: thrower, enumerable: true })),
    ).toEqual(['the configuration cannot be read: not now']);
    expect(problemsOf(new Proxy({}, { ownKeys: thrower }))).toEqual([
      'the configuration cannot be read: not now',
    ]);
    expect(problemsOf({ ...leastConfig(), log: new Proxy([], { get: thrower }) })).toEqual([
      'log cannot be read: not now',
    ]);
  });

  it('stays on its line, however it is named', () => {
    expect(problemsOf(configWith('a\u001b[31m\n', 1))).toHaveLength(1);
    expect(problemsOf({ ...leastConfig(), 'a\u001b[31m\nb': 1 })[0]).toMatch(
      /^\["a\\u001b\[31m\\nb"\] is not a setting/,
    );
  });

  it('never gets anything but a configuration or a ConfigError', () => {
    const place = fc.constantFrom(
      ...new Set(WRONG_VALUES.map(([path]) => path)),
      'admin',
      'log.level',
      'pools.shop.tls.ca[1]',
    );
    const value = fc.oneof(
      fc.anything(),
      fc.jsonValue(),
      fc.constantFrom(...WRONG_VALUES.map(([, wrong]) => wrong)),
    );
    fc.assert(
      fc.property(place, value, (path, anything) => {
        for (const problem of problemsOf(configWith(path, anything)))
          expect(problem.length).toBeLessThan(2_000);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a right configuration', () => {
  it('needs a listener and a pool, and gets every default', () => {
    // The file of defaults is made of the schema, and docs/configuration.md has each of them.
    const { default: pool } = DEFAULT_CONFIG.pools;
    const shop = { ...pool, backends: ['http://10.0.0.1:8080'] };
    expect(readConfig(leastConfig())).toEqual({ ...DEFAULT_CONFIG, pools: { shop } });
  });

  it("is the caller's own no more, and reads the same again", () => {
    const input = leastConfig();
    const config = readConfig(Object.freeze(input));
    expect(readConfig(config)).toEqual(config);
    config.pools.shop?.backends.push('http://10.0.0.9');
    expect(input).toEqual(leastConfig());
  });

  it('may have one part in several places', () => {
    const health = { request: { path: '/up' } };
    const pools = { shop: { backends: [], health }, api: { backends: [], health } };
    const { pools: read } = readConfig({ ...twoPools({ pool: 'shop' }), pools });
    expect(read.shop?.health).toMatchObject(health);
    expect(read.api?.health).not.toBe(read.shop?.health);
  });

  it('may leave out by undefined', () => {
    expect(readConfig({ ...leastConfig(), admin: undefined, routes: undefined })).toStrictEqual(
      readConfig(leastConfig()),
    );
  });

  it.each<[unknown[], string]>([
    [[], 'none yet'],
    [['http://[2001:db8::1]:8080/base', 'https://shop.example'], 'IPv6, names and paths'],
    [
      [
        { url: 'http://a', weight: 0 },
        { url: 'http://b', weight: 2 },
      ],
      'one that only drains',
    ],
    [[{ url: 'http://a', weight: 0.5, id: 'a', zone: 'eu', backup: true }], 'all there is to say of one'],
    [['http://a', 'http://a:81', 'https://a', 'http://a/x'], 'addresses that differ in a part'],
  ])('may have backends such as %j: %s', (backends) => {
    expect(problemsOf(configWith('pools.shop.backends', backends))).toEqual([]);
  });

  it.each([
    ['Shop.Example', 'shop.example'],
    ['shop.example.', 'shop.example'],
    ['*.Shop.Example', '*.shop.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['*.bücher.example', '*.xn--bcher-kva.example'],
    ['a_b.internal', 'a_b.internal'],
    ['localhost', 'localhost'],
    ['192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0::1', '[2001:db8::1]'],
    ['[::1]', '[::1]'],
  ])('brings the host of a route to the form of requests: %s', (host, canonical) => {
    const { routes } = readConfig({ ...twoPools(), routes: [{ pool: 'shop', host }] });
    expect(routes?.[0]?.host).toBe(canonical);
  });

  it('may leave a pool without a route, and take one twice', () => {
    expect(problemsOf(twoPools({ pool: 'shop', path: '/a' }, { pool: 'shop', path: '/a/' }))).toEqual([]);
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost', 'LOCALHOST', '::ffff:127.0.0.1'])(
    'needs no token for an admin listener on %s',
    (host) => {
      expect(problemsOf({ ...leastConfig(), admin: { host, port: 9_000 } })).toEqual([]);
    },
  );

  it('makes the defaults of a slow start that is only turned on explicit', () => {
    const { pools } = readConfig(configWith('pools.shop.slowStart', true));
    expect(pools.shop?.slowStart).toEqual({ windowMs: 30_000, aggression: 1, floor: 0.1, steps: 10 });
  });

  it('lets secrets and PEM files wait', () => {
    const config = {
      listeners: [
        { port: 443, tls: { certificates: [{ cert: 'a.pem', key: 'b.pem', passphrase: { file: 'c' } }] } },
      ],
      pools: {
        shop: { backends: [], sessions: { cookie: { secrets: [{ env: 'A' }] } } },
        api: {
          backends: [],
          sessions: { jwt: { key: { file: 'jwks.json' }, algorithms: ['ES256', 'RS256'] } },
        },
      },
      routes: [{ pool: 'shop' }, { pool: 'api', path: '/api' }],
      admin: { host: '0.0.0.0', port: 9_000, token: { env: 'TOKEN' } },
    };
    expect(problemsOf(config)).toEqual([]);
  });
});

describe('the time for all attempts of a pool', () => {
  it.each([
    [{}, 90_000],
    [{ headersMs: 300_000 }, 300_000],
    [{ headersMs: 5_000 }, 90_000],
    [{ headersMs: 300_000, totalMs: 1_000 }, 1_000],
  ])('with %j is %d ms', (timeouts, totalMs) => {
    const { pools } = readConfig({ ...leastConfig(), pools: { shop: { backends: ['http://a'], timeouts } } });
    expect(pools.shop?.timeouts.totalMs).toBe(totalMs);
  });
});
