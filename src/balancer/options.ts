// The options of a balancer: their meaning, their defaults and their checks.

import { type Env, systemEnv } from '../env.ts';
import { shown } from '../shown.ts';
import { type StrategyName, strategies } from '../strategies/registry.ts';
import type { StrategyFactory } from '../strategies/strategy.ts';
import { checkConcurrency } from './address.ts';
import type { BoundSettings, Bounds } from './bounded-load.ts';
import type { GuardFactory } from './guard.ts';

/** Settings of a {@link Balancer}. */
export interface BalancerOptions<R> {
  /** A name from the registry `strategies`, or a factory. @defaultValue `'consistent-hash'` */
  readonly strategy?: StrategyName | StrategyFactory;
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
  /**
   * If a larger share of the backends than this is unhealthy, the pool is in panic: health is ignored. From 0
   * to 1; at 1 it never is.
   * @defaultValue 0.5
   */
  readonly panicRatio?: number;
  /** Circuit breaker, outlier ejection, slow start and the like, called in this order. @defaultValue none */
  readonly guards?: readonly GuardFactory[];
  /** Keeps requests in their zone while its healthy capacity suffices. @defaultValue zones are ignored */
  readonly zones?: ZoneOptions<R>;
  /** Clock and random source. @defaultValue those of the platform */
  readonly env?: Partial<Env>;
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
  readonly env: Env;
}

/** @throws RangeError or TypeError that names the option and the value */
export function readOptions<R>(options: BalancerOptions<R>): BalancerSettings<R> {
  const {
    strategy = 'consistent-hash',
    key = ownKey,
    bounds = {},
    seed = 0,
    panicRatio = 0.5,
    guards = [],
    zones,
    env = {},
  } = options;
  const { factor = 1.25, z = 1, rememberedKeys, concurrency = 1 } = bounds;
  assertOption(factor >= 1, 'bounds.factor', 'a number of at least 1', factor);
  assertOption(z >= 0 && z < Number.POSITIVE_INFINITY, 'bounds.z', 'a finite number of at least 0', z);
  assertOption(
    rememberedKeys === undefined ||
      (Number.isInteger(rememberedKeys) && rememberedKeys >= 0 && rememberedKeys <= 2 ** 20),
    'bounds.rememberedKeys',
    'an integer from 0 to 1048576',
    rememberedKeys,
  );
  checkConcurrency(concurrency, 'bounds.concurrency');
  assertOption(Number.isInteger(seed) && Math.abs(seed) < 2 ** 32, 'seed', 'a 32-bit integer', seed);
  assertOption(panicRatio >= 0 && panicRatio <= 1, 'panicRatio', 'a number from 0 to 1', panicRatio);
  if (zones !== undefined && typeof zones.of !== 'function') {
    throw new TypeError(`zones.of must be a function, got ${shown(zones.of)}`);
  }
  if (typeof key !== 'function') throw new TypeError(`key must be a function, got ${shown(key)}`);
  return {
    factory: factoryOf(strategy),
    key,
    bounds: { factor, z, rememberedKeys, concurrency },
    seed: seed | 0,
    panicRatio,
    guards,
    zones,
    env: { ...systemEnv, ...env },
  };
}

function factoryOf(strategy: StrategyName | StrategyFactory): StrategyFactory {
  if (typeof strategy === 'function') return strategy;
  if (typeof strategy === 'string' && Object.hasOwn(strategies, strategy))
    return strategies[strategy].factory;
  throw new RangeError(
    `strategy must be a function or one of ${Object.keys(strategies).join(', ')}, got ${shown(strategy)}`,
  );
}

/** @throws RangeError `name must be rule, got value` if the rule does not hold */
export function assertOption(holds: boolean, name: string, rule: string, value: unknown): void {
  if (!holds) throw new RangeError(`${name} must be ${rule}, got ${shown(value)}`);
}

function ownKey(request: unknown): string | undefined {
  return typeof request === 'string' ? request : undefined;
}
