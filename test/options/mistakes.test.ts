// Mistakes of plain JavaScript, made from the types: every option of every exported factory, class and method
// is misspelt and given values of other types. A new option, and a new factory, is found by itself.
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { proxyMiddleware } from '../../gateway/src/adapters/express/index.ts';
import { fastifyProxy } from '../../gateway/src/adapters/fastify/index.ts';
import { createGateway, createProxy } from '../../gateway/src/index.ts';
import { balancedFetch, proxyHandler } from '../../src/adapters/fetch/index.ts';
import { BalancedDispatcher } from '../../src/adapters/undici/index.ts';
import { publishEvents } from '../../src/diagnostics.ts';
import { follow, steady } from '../../src/discovery/index.ts';
import { dns } from '../../src/discovery/sources/dns.ts';
import { etcd } from '../../src/discovery/sources/etcd.ts';
import { file } from '../../src/discovery/sources/file.ts';
import { http } from '../../src/discovery/sources/http.ts';
import { kubernetes } from '../../src/discovery/sources/kubernetes.ts';
import { redis } from '../../src/discovery/sources/redis.ts';
import { joinFleet, memoryFleet, redisFleet, shareChecks, shareKeys } from '../../src/fleet/index.ts';
import * as evenkeel from '../../src/index.ts';
import { loadReport } from '../../src/load-report/load-report.ts';
import { insuredRateLimiter, memoryRateLimiter, redisRateLimiter } from '../../src/rate-limit/index.ts';
import { cookieSessions, jwtSessions } from '../../src/sessions/index.ts';
import { simulate } from '../../src/simulator/index.ts';
import { aRequest, RecordingLogger, RecordingService, RecordingWriter } from '../support.ts';
import { declarationOf, ENTRIES, INTERFACES, type PublicName, publicNames } from './public-names.ts';

const { Balancer, Loadbalancer } = evenkeel;
const URLS = ['http://a', 'http://b'];
const service = () => new RecordingService();
const balancer = () => new Balancer<evenkeel.Request>(URLS);
const loadbalancer = () => new Loadbalancer(service(), [...URLS], new RecordingLogger());
const strategy = (make: evenkeel.StrategyFactory) => new Balancer(URLS, { strategy: make });
const guard = (make: evenkeel.GuardFactory) => new Balancer(URLS, { guards: [make] });
const limiter = { take: async () => ({ allowed: true, limit: 1, remaining: 1, resetMs: 1 }) };
const source = { async *watch() {} };
const configuration = { backends: URLS, health: false };

/** How each factory, class and method is called, and right arguments. `any`, as mistakes have no types. */
// biome-ignore lint/suspicious/noExplicitAny: that is what is tested
type Call = { readonly call: (...args: any[]) => unknown; readonly args: () => unknown[] };
const CALLS: Readonly<Record<string, Call>> = {
  Balancer: { call: (pool, options) => new Balancer(pool, options), args: () => [URLS, {}] },
  'Balancer.acquire': {
    call: (...args) => balancer().acquire(...(args as [never])),
    args: () => [aRequest(), {}],
  },
  'Balancer.explain': {
    call: (...args) => balancer().explain(...(args as [never])),
    args: () => [aRequest(), {}],
  },
  'Balancer.drain': {
    call: (...args) => balancer().drain(...(args as [never])),
    args: () => ['http://a', {}],
  },
  'Balancer.stats': { call: (options) => balancer().stats(options), args: () => [{}] },
  'Balancer.plan': { call: (change) => balancer().plan(change), args: () => [{}] },
  Loadbalancer: {
    call: (a, b, c, d) => new Loadbalancer(a, b, c, d).close(),
    args: () => [service(), [...URLS], new RecordingLogger(), {}],
  },
  'Loadbalancer.onRequest': {
    call: (...args) => loadbalancer().onRequest(...(args as [never, never])),
    args: () => [aRequest(), new RecordingWriter(), {}],
  },
  FetchHTTPService: { call: (options) => new evenkeel.FetchHTTPService(options), args: () => [{}] },
  simulate: {
    call: (scenario, options) => simulate(scenario, options),
    args: () => [{ backends: 1, requests: 1 }, {}],
  },
  LoggerService: { call: (options) => new evenkeel.LoggerService(options), args: () => [{}] },
  HealthChecker: {
    call: (a, b, c) => new evenkeel.HealthChecker(a, b, c).close(),
    args: () => [balancer(), service(), {}],
  },
  circuitBreaker: { call: (options) => guard(evenkeel.circuitBreaker(options)), args: () => [{}] },
  outlierEjection: { call: (options) => guard(evenkeel.outlierEjection(options)), args: () => [{}] },
  slowStart: { call: (options) => guard(evenkeel.slowStart(options)), args: () => [{}] },
  maxAwaiting: { call: (limit) => guard(evenkeel.maxAwaiting(limit)), args: () => [1] },
  maxInFlight: { call: (limit) => guard(evenkeel.maxInFlight(limit)), args: () => [1] },
  consistentHash: { call: (options) => strategy(evenkeel.consistentHash(options)), args: () => [{}] },
  maglev: { call: (options) => strategy(evenkeel.maglev(options)), args: () => [{}] },
  peakEwma: { call: (options) => strategy(evenkeel.peakEwma(options)), args: () => [{}] },
  leastTime: { call: (options) => strategy(evenkeel.leastTime(options)), args: () => [{}] },
  leastWorkload: { call: (options) => strategy(evenkeel.leastWorkload(options)), args: () => [{}] },
  byHeader: { call: (name) => evenkeel.byHeader(name), args: () => ['x-user'] },
  byCookie: { call: (name) => evenkeel.byCookie(name), args: () => ['user'] },
  byJwtClaim: { call: (claim) => evenkeel.byJwtClaim(claim), args: () => ['sub'] },
  balancedFetch: { call: (pool, options) => balancedFetch(pool, options), args: () => [URLS, {}] },
  proxyHandler: { call: (pool, options) => proxyHandler(pool, options), args: () => [URLS, {}] },
  BalancedDispatcher: {
    call: (pool, options) => void new BalancedDispatcher(pool, options).destroy(),
    args: () => [URLS, {}],
  },
  cookieSessions: {
    call: (options) => cookieSessions(options),
    args: () => [{ backends: balancer(), secrets: ['x'.repeat(32)] }],
  },
  jwtSessions: {
    call: (options) => jwtSessions(options),
    args: () => [{ key: 'x'.repeat(32), algorithms: ['HS256'] }],
  },
  memoryRateLimiter: {
    call: (options) => memoryRateLimiter(options),
    args: () => [{ points: 1, durationMs: 1_000 }],
  },
  insuredRateLimiter: {
    call: (options) => insuredRateLimiter(options),
    args: () => [{ take: limiter.take, insurance: limiter }],
  },
  redisRateLimiter: {
    call: (options) => redisRateLimiter(options),
    args: () => [{ points: 1, durationMs: 1_000, client: { status: 'ready', defineCommand() {} } }],
  },
  steady: {
    call: (source, options) => steady(source, options),
    args: () => [source, {}],
  },
  follow: {
    call: (pool, one, options) => follow(pool, one, options).close(),
    args: () => [balancer(), source, {}],
  },
  file: { call: (options) => file(options), args: () => [{ path: 'backends.json' }] },
  http: { call: (options) => http(options), args: () => [{ url: 'http://a' }] },
  redis: {
    call: (options) => redis(options),
    args: () => [{ client: { call() {}, duplicate() {} } }],
  },
  etcd: { call: (options) => etcd(options), args: () => [{ url: 'http://a' }] },
  kubernetes: { call: (options) => kubernetes(options), args: () => [{ service: 'shop' }] },
  dns: { call: (options) => dns(options), args: () => [{ name: 'shop.test', port: 80 }] },
  memoryFleet: { call: (options) => memoryFleet(options), args: () => [{}] },
  redisFleet: {
    call: (options) => redisFleet(options),
    args: () => [{ client: { call() {}, duplicate() {} } }],
  },
  shareKeys: {
    call: (pool, store, options) => shareKeys(pool, store, options).close(),
    args: () => [balancer(), memoryFleet(), {}],
  },
  joinFleet: {
    call: (store, options) => joinFleet(store, options).close(),
    args: () => [memoryFleet(), {}],
  },
  shareChecks: {
    call: (checker, member, options) => shareChecks(checker, member, options).close(),
    args: () => {
      const checker = new evenkeel.HealthChecker(balancer(), service());
      checker.close();
      return [checker, joinFleet(memoryFleet()), {}];
    },
  },
  publishEvents: { call: (one) => publishEvents(one), args: () => [balancer()] },
  loadReport: { call: (options) => loadReport(options), args: () => [{}] },
  createGateway: {
    call: (config, parts) => createGateway(config, parts),
    args: () => [{ listeners: [{ port: 0 }], pools: { shop: configuration } }, {}],
  },
  createProxy: {
    call: (config, parts) => createProxy(config, parts).close(),
    args: () => [configuration, {}],
  },
  proxyMiddleware: {
    call: (config, options) => proxyMiddleware(config, options).close(),
    args: () => [configuration, {}],
  },
  fastifyProxy: {
    call: (options) => fastifyProxy({} as never, options),
    args: () => [{ proxy: configuration }],
  },
};

/** What takes no options, and why it is not called here. */
const WITHOUT_OPTIONS: Readonly<Record<string, string>> = {
  'FetchHTTPService.sendRequest': 'called by the engine alone',
  systemEnv: 'a value',
  presets: 'a value',
  replay: 'reads a log first; its options are tested with it',
  strategies: 'a value',
  byPath: 'a key: called by the engine alone',
  byClientAddress: 'a key: called by the engine alone',
  BackendPool: 'a value',
  channelName: 'takes any name',
  roundRobin: 'takes nothing',
  random: 'takes nothing',
  leastConnections: 'takes nothing',
  powerOfTwo: 'takes nothing',
  rendezvous: 'takes nothing',
};
const isErrorClass = (name: string) => name.endsWith('Error');

type Option = { readonly name: string; readonly type: ts.TypeNode | undefined };

/** The interface that a type names, through `Partial`, `Readonly` and unions with what is no object. */
function bagOf(type: ts.TypeNode | undefined): readonly Option[] | undefined {
  if (type === undefined) return undefined;
  if (ts.isParenthesizedTypeNode(type)) return bagOf(type.type);
  if (ts.isUnionTypeNode(type)) {
    const bags = type.types.map(bagOf).filter((bag) => bag !== undefined);
    return bags.length === 1 ? bags[0] : undefined;
  }
  if (ts.isIntersectionTypeNode(type)) {
    const bags = type.types.map(bagOf);
    return bags.some((bag) => bag === undefined) ? undefined : bags.flatMap((bag) => bag ?? []);
  }
  if (!ts.isTypeReferenceNode(type)) return undefined;
  const name = type.typeName.getText();
  if (name === 'Partial' || name === 'Readonly') return bagOf(type.typeArguments?.[0]);
  return BAG.test(name) && INTERFACES.has(name) ? optionsOf(name) : undefined;
}

/** Interfaces whose objects are options; others are parts of the host, such as a logger. */
const BAG = /Options$|^(Bounds|PoolChange|GatewayParts|RateLimit|JwtSessionLimits|Health\w+|Env)$/;

function optionsOf(name: string): readonly Option[] {
  const node = INTERFACES.get(name) as ts.InterfaceDeclaration;
  const own = node.members.filter(ts.isPropertySignature).map((one) => {
    return { name: one.name.getText(), type: one.type };
  });
  const parents = (node.heritageClauses ?? []).flatMap(({ types }) => types);
  const inherited = parents.flatMap(({ expression, typeArguments }): readonly Option[] => {
    const parent = expression.getText();
    if (parent !== 'Pick') return optionsOf(parent);
    const picked = typeArguments?.[1]?.getText() ?? '';
    return optionsOf(typeArguments?.[0]?.getText() ?? '').filter((one) => picked.includes(`'${one.name}'`));
  });
  return [...own, ...inherited.filter((one) => own.every((other) => other.name !== one.name))];
}

type Kind = 'number' | 'boolean' | 'string' | 'function' | 'array' | 'other';

function kindsOf(type: ts.TypeNode): Kind[] {
  if (ts.isParenthesizedTypeNode(type)) return kindsOf(type.type);
  if (ts.isUnionTypeNode(type)) return type.types.flatMap(kindsOf);
  if (ts.isTypeOperatorNode(type)) return kindsOf(type.type);
  if (ts.isArrayTypeNode(type)) return ['array'];
  if (ts.isFunctionTypeNode(type)) return ['function'];
  const text = type.getText();
  if (text === 'number' || text === 'boolean' || text === 'string') return [text];
  if (text === 'undefined') return [];
  if (text === 'true' || text === 'false') return ['boolean'];
  return ['other'];
}

/** Values of other kinds, by the kind that is expected. */
const WRONG: Readonly<Record<Kind, readonly unknown[]>> = {
  number: ['1', null, Number.NaN, {}, true],
  boolean: ['yes', 1, null, {}, []],
  string: [1, null, {}, [], true],
  function: [1, 'x', null, {}, true],
  array: [1, null, {}, true, () => {}],
  other: [null, 1, Symbol('wrong')],
};

/** Values that are wrong for one option, and may be wrong for no other reason. */
function wrongValues({ type }: Option): readonly unknown[] {
  if (type === undefined) return [];
  if (bagOf(type) !== undefined) return kindsOf(type).includes('boolean') ? BAD_BAGS.slice(0, 3) : BAD_BAGS;
  const kinds = kindsOf(type);
  const [only] = kinds;
  if (only === undefined) return [];
  return kinds.length === 1 ? WRONG[only] : [null, Symbol('wrong')];
}

const BAD_BAGS: readonly unknown[] = [5, 'x', [], null, () => {}, true];

/** What does not look at its value: the verifier of tokens knows keys and algorithms by itself. */
const ANY_VALUE = new Set(['jwtSessions(0).key']);

type Mistake = { readonly what: string; readonly args: unknown[]; readonly names: string };

const misspelt = (name: string) =>
  name.length < 4 ? `${name}${name}x` : `${name.slice(0, -2)}${name.at(-1)}${name.at(-2)}`;

/** Every mistake in a bag and in the bags within it. @param put - the arguments with the bag in its place */
function* mistakesIn(
  options: readonly Option[],
  place: string,
  base: Record<string, unknown>,
  put: (bag: unknown) => unknown[],
): Generator<Mistake> {
  for (const bad of BAD_BAGS) yield { what: `${place} as ${text(bad)}`, args: put(bad), names: 'must be' };
  const isEnv = place.endsWith('.env');
  if (!isEnv)
    yield {
      what: `${place}.qqqqqqqq`,
      args: put({ ...base, qqqqqqqq: 1 }),
      names: 'qqqqqqqq is not an option',
    };
  const known = new Set(options.map(({ name }) => name));
  for (const option of options) {
    const { name } = option;
    const other = misspelt(name);
    if (!known.has(other) && (!isEnv || name.length > 3)) {
      const names = name.length < 5 ? `${other} is not an option` : `did you mean ${JSON.stringify(name)}?`;
      yield { what: `${place}.${other}`, args: put({ ...base, [other]: 1 }), names };
    }
    for (const value of ANY_VALUE.has(`${place}.${name}`) ? [] : wrongValues(option))
      yield {
        what: `${place}.${name} as ${text(value)}`,
        args: put({ ...base, [name]: value }),
        names: name,
      };
    const inner = bagOf(option.type);
    if (inner === undefined) continue;
    const innerBase = (base[name] ?? (NEEDED[name] as object | undefined) ?? {}) as Record<string, unknown>;
    const within = mistakesIn(inner, `${place}.${name}`, innerBase, (bag) => put({ ...base, [name]: bag }));
    for (const one of within)
      if (!BAD_BAGS.some((bad) => one.what === `${place}.${name} as ${text(bad)}`)) yield one;
  }
}

/** What bags within bags need besides the option that is wrong. */
const NEEDED: Readonly<Record<string, object>> = { rateLimit: { limiter }, zones: { of: () => undefined } };

const text = (value: unknown) =>
  typeof value === 'symbol'
    ? 'a symbol'
    : typeof value === 'function'
      ? 'a function'
      : (JSON.stringify(value) ?? String(value));

type Callable = ts.FunctionDeclaration | ts.ConstructorDeclaration | ts.MethodDeclaration;

/** What can be called of an exported name: a function, a constructor and the methods that take options. */
function callablesOf({ name, file }: PublicName): [name: string, node: Callable][] {
  const node = declarationOf(file, name);
  if (node === undefined) throw new Error(`${file} does not declare ${name}`);
  if (ts.isFunctionDeclaration(node)) return [[name, node]];
  if (!ts.isClassDeclaration(node)) return [];
  const makers = node.members.filter(ts.isConstructorDeclaration).slice(-1);
  const methods = node.members
    .filter(ts.isMethodDeclaration)
    .filter(({ parameters }) => parameters.some(({ type }) => bagOf(type) !== undefined));
  return [
    ...makers.map((one): [string, Callable] => [name, one]),
    ...methods.map((one): [string, Callable] => [`${name}.${one.name.getText()}`, one]),
  ];
}

const exported = Object.keys(ENTRIES).flatMap(publicNames);
const values = exported.filter(({ isType, name }) => !isType && !isErrorClass(name));
const callables = values.flatMap(callablesOf);

async function messageOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return error instanceof TypeError ||
      error instanceof RangeError ||
      (error as Error).name === 'ConfigError'
      ? (error as Error).message
      : `${String(error)}, which tells of no option`;
  }
}

describe('every exported name', () => {
  it.each(values.map(({ name }) => name))(
    '%s can be called wrongly here, or has a reason why not',
    (name) => {
      expect(Object.hasOwn(CALLS, name) !== Object.hasOwn(WITHOUT_OPTIONS, name)).toBe(true);
    },
  );

  it.each(callables.map(([name]) => name).filter((name) => !Object.hasOwn(WITHOUT_OPTIONS, name)))(
    '%s has arguments that are right',
    async (name) => {
      const { call, args } = CALLS[name] as Call;
      if (name !== 'fastifyProxy') await call(...args());
    },
  );
});

describe.each(callables.filter(([name]) => Object.hasOwn(CALLS, name)))('%s', (name, node) => {
  const { call, args } = CALLS[name] as Call;
  const mistakes = node.parameters.flatMap(({ type }, at): Mistake[] => {
    const put = (value: unknown) => args().map((arg, i) => (i === at ? value : arg));
    const bag = bagOf(type);
    if (bag !== undefined) return [...mistakesIn(bag, `${name}(${at})`, args()[at] as never, put)];
    const kinds = type === undefined ? [] : kindsOf(type);
    // Requests and writers are looked at when they are used.
    if (name.includes('.')) return [];
    const wrong =
      kinds.length === 1 && kinds[0] !== 'other'
        ? WRONG[kinds[0] as Kind]
        : [5, null, true, 'x y', Symbol('wrong')];
    return wrong.map((value) => ({ what: `${name}(${at}) as ${text(value)}`, args: put(value), names: '' }));
  });

  it('has at least five mistakes to make', () => {
    expect(mistakes.length).toBeGreaterThanOrEqual(5);
  });

  it('tells of each of them what it must be, or was meant to be', async () => {
    const silent: string[] = [];
    for (const mistake of mistakes) {
      const message = await messageOf(() => call(...mistake.args));
      const isTold =
        / must | is not an option|must be called|cannot be read/.test(message) &&
        message.includes(mistake.names);
      if (!isTold) silent.push(`${mistake.what}: ${message}`);
    }
    expect(silent).toEqual([]);
  });
});
