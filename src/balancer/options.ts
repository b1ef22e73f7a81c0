// The options of a balancer: their meaning, their defaults and their checks.

import { type Env, systemEnv } from '../env.ts';
import { aBag, bag, checkBag, notCalled, type Shape, withDefaults } from '../options/bag.ts';
import { anEnv } from '../options/env-bag.ts';
import {
  aBoolean,
  aFunction,
  aListOf,
  aNumber,
  anInteger,
  anObjectWith,
  aRatio,
  aString,
  checkRule,
  oneOf,
  type Rule,
} from '../options/rule.ts';
import {
  isStrategyAlias,
  type StrategyAlias,
  type StrategyEntry,
  type StrategyName,
  strategies,
  strategyNamed,
} from '../strategies/registry.ts';
import type { Strategy, StrategyFactory } from '../strategies/strategy.ts';
import { aConcurrency } from './address.ts';
import type { BoundSettings, Bounds } from './bounded-load.ts';
import type { GuardFactory } from './guard.ts';
import { A_SUBSET, type Subset } from './subset.ts';

/** Settings of a {@link Balancer}. */
export interface BalancerOptions<R> {
  /**
   * A name from the registry `strategies`, or a factory. Names of other load balancers, such as `leastconn`,
   * `rr` and `p2c`, stand for ours.
   * @defaultValue `'consistent-hash'`
   */
  readonly strategy?: StrategyName | StrategyAlias | StrategyFactory;
  /**
   * Derives the key of a request; requests with equal keys go to one backend. A request whose key is
   * `undefined` goes to a random backend, in proportion to the weights.
   * @defaultValue the request itself if it is a string, else `undefined`
   */
  readonly key?: (request: R) => string | undefined;
  /**
   * How far above its fair share a backend may go, in keys and in requests in flight.
   * @defaultValue see {@link Bounds}
   */
  readonly bounds?: Bounds;
  /**
   * A 32-bit integer that is mixed into the hash of keys. If it is secret, clients cannot compute keys that
   * collide. All replicas need the same one.
   * @defaultValue 0
   */
  readonly seed?: number;
  /** Circuit breaker, outlier ejection, slow start and the like, called in this order. @defaultValue none */
  readonly guards?: readonly GuardFactory[];
  /** Settings of the pool as a whole. */
  readonly pool?: PoolOptions<R>;
  /** Clock and random source. @defaultValue those of the platform */
  readonly env?: Partial<Env>;
}

/** Settings of the pool as a whole. */
export interface PoolOptions<R> {
  /** Keeps requests in their zone while its healthy capacity suffices. @defaultValue zones are ignored */
  readonly zones?: ZoneOptions<R>;
  /**
   * Uses a part of the backends, so that each of many clients has connections to some of many backends, and
   * checks those alone. The others are not in the pool, but backends of `add` always are. `aperture`, where
   * clients have numbers: all backends get exactly the same load of equal clients. `rendezvous`, where they
   * have names alone: when a client comes or goes, nothing changes for others, but loads differ by chance.
   * With keys, `cell`: the same backends for all clients of a cell.
   * @defaultValue all backends
   * @example `{ by: 'aperture', size: 100, client: 3, clients: 40 }`
   */
  readonly subset?: Subset;
  /**
   * If a larger share of the backends than this is unhealthy, the pool is in panic: health is ignored, as in
   * Envoy. From 0 to 1; at 1 it never is. Panic sends to the dead as many requests as to the living, while
   * trials find out by single requests which alarms were false.
   * @defaultValue 1
   */
  readonly panicRatio?: number;
}

/** How requests are assigned to zones. */
export interface ZoneOptions<R> {
  /** The zone of a request; `undefined` if it may go to any zone. */
  readonly of: (request: R) => string | undefined;
  /**
   * Zones in the order of failover between them.
   * @defaultValue the order in which they first appear in the pool
   */
  readonly order?: readonly string[];
}

/** {@link BalancerOptions} with every default filled in. */
export interface BalancerSettings<R> {
  readonly factory: StrategyFactory;
  readonly key: (request: R) => string | undefined;
  readonly bounds: BoundSettings;
  readonly seed: number;
  readonly panicRatio: number;
  readonly guards: readonly GuardFactory[];
  readonly zones: ZoneOptions<R> | undefined;
  readonly subset: Subset | undefined;
  readonly env: Env;
}

/** What is not given. */
export const BALANCER_DEFAULTS = {
  strategy: 'consistent-hash',
  seed: 0,
  bounds: { factor: 1.25, z: 1, concurrency: 1, sharedBy: 1 },
  pool: { panicRatio: 1 },
} as const satisfies BalancerOptions<never>;

const BOUNDS = bag<Bounds>({
  factor: aNumber('a number of at least 1', (factor) => factor >= 1),
  z: aNumber('a finite number of at least 0', (z) => z >= 0 && z < Number.POSITIVE_INFINITY),
  rememberedKeys: anInteger(0, 2 ** 20),
  concurrency: aConcurrency,
  sharedBy: aConcurrency,
  strict: aBoolean,
});

/** What the settings of a pool must be. */
export const POOL: Shape<PoolOptions<never>> = {
  zones: aBag(bag<ZoneOptions<never>>({ of: aFunction, order: aListOf(aString) }), ['of']),
  panicRatio: aRatio,
  subset: A_SUBSET,
};

const aStrategy: Rule = {
  ...oneOf(Object.keys(strategies)),
  words: `a function or one of ${Object.keys(strategies).join(', ')}`,
  holds: (value) =>
    typeof value === 'function' ||
    isStrategyAlias(value) ||
    (typeof value === 'string' && Object.hasOwn(strategies, value)),
};

/** What the options of a balancer must be. */
export const BALANCER: Shape<BalancerOptions<never>> = {
  strategy: aStrategy,
  key: aFunction,
  seed: aNumber('a 32-bit integer', (seed) => Number.isInteger(seed) && Math.abs(seed) < 2 ** 32),
  bounds: aBag(BOUNDS),
  guards: aListOf({ ...aFunction, words: 'a guard such as outlierEjection()' }),
  pool: aBag(bag<PoolOptions<never>>(POOL)),
  env: anEnv,
};

/** The names that options of the pool had beside the others. */
export const MOVED = { zones: 'pool.zones', panicRatio: 'pool.panicRatio' };

/** @throws RangeError or TypeError that names the option and the value */
export function readOptions<R>(options: BalancerOptions<R>): BalancerSettings<R> {
  checkBag(options, bag<BalancerOptions<never>>(BALANCER, MOVED), '', 'Balancer');
  const { strategy, seed } = withDefaults(options, BALANCER_DEFAULTS);
  const { panicRatio, zones, subset } = withDefaults(options.pool ?? {}, BALANCER_DEFAULTS.pool);
  return {
    factory: typeof strategy === 'string' ? strategies[strategyNamed(strategy)].factory : called(strategy),
    key: options.key ?? ownKey,
    bounds: {
      rememberedKeys: undefined,
      strict: isStrict(strategy),
      ...withDefaults(options.bounds ?? {}, BALANCER_DEFAULTS.bounds),
    },
    seed: seed | 0,
    panicRatio,
    guards: options.guards ?? [],
    zones,
    subset,
    env: { ...systemEnv, ...options.env },
  };
}

/** The default of `bounds.strict`. */
function isStrict(strategy: StrategyName | StrategyAlias | StrategyFactory): boolean {
  const entry: StrategyEntry | undefined =
    typeof strategy === 'string' ? strategies[strategyNamed(strategy)] : undefined;
  return entry?.strict === true;
}

/** A factory that tells if it made no strategy, as with `strategy: roundRobin` in place of `roundRobin()`. */
function called(factory: StrategyFactory): StrategyFactory {
  return (env) => {
    const strategy: unknown = factory(env);
    if (typeof strategy === 'function') throw notCalled(factory.name || 'strategy');
    checkRule(A_STRATEGY_OBJECT, strategy, 'what the strategy makes');
    return strategy as Strategy;
  };
}

const A_STRATEGY_OBJECT = anObjectWith('update', 'pick');

function ownKey(request: unknown): string | undefined {
  return typeof request === 'string' ? request : undefined;
}
