import { type Env, systemEnv } from '../env.ts';
import { shown } from '../shown.ts';
import { type StrategyName, strategies } from '../strategies/registry.ts';
import type { StrategyFactory } from '../strategies/strategy.ts';
import type { Bounds } from './bounded-load.ts';
import type { GuardFactory } from './guard.ts';

/** Settings of a {@link Balancer}. */
export interface BalancerOptions<R> {
  /** A name of the registry, or a factory. @defaultValue `'consistent-hash'` */
  readonly strategy?: StrategyName | StrategyFactory;
  /**
   * The key of a request; equal keys go to one backend. `undefined` means that the request has none: it is placed at random, in
   * proportion to the weights. @defaultValue the request itself where it is a string
   */
  readonly key?: (request: R) => string | undefined;
  /** How far above its fair share a backend may go, in keys and in requests in flight. @defaultValue see {@link Bounds} */
  readonly bounds?: Bounds;
  /** Secret 32-bit integer that keeps others from computing keys that collide; replicas need the same. @defaultValue 0 */
  readonly seed?: number;
  /** Above which share of backends out, 0 to 1, health is ignored; 1 never ignores it. @defaultValue 0.5 */
  readonly panicRatio?: number;
  /** Circuit breakers, ejection, slow start and the like, asked in this order. @defaultValue none */
  readonly guards?: readonly GuardFactory[];
  /** Keeps requests in their zone while it can carry them. @defaultValue zones do not matter */
  readonly zones?: ZoneOptions<R>;
  readonly env?: Partial<Env>;
}

/** How requests find their zone. */
export interface ZoneOptions<R> {
  /** The zone of a request; `undefined` where it has none, so that it may go to any. */
  readonly of: (request: R) => string | undefined;
  /** Zones in the order in which they stand in for each other. @defaultValue the order in which they first appear in the pool */
  readonly order?: readonly string[];
}

/** {@link BalancerOptions} with every default filled in. */
export interface BalancerSettings<R> {
  readonly factory: StrategyFactory;
  readonly key: (request: R) => string | undefined;
  readonly bounds: Required<Bounds>;
  readonly seed: number;
  readonly panicRatio: number;
  readonly guards: readonly GuardFactory[];
  readonly zones: ZoneOptions<R> | undefined;
  readonly env: Env;
}

/** @throws RangeError or TypeError naming the option and the value */
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
  const { factor = 1.25, z = 1, rememberedKeys = 8_192 } = bounds;
  demand(factor >= 1, 'bounds.factor', 'a number of at least 1', factor);
  demand(z >= 0 && z < Number.POSITIVE_INFINITY, 'bounds.z', 'a finite number of at least 0', z);
  demand(
    Number.isInteger(rememberedKeys) && rememberedKeys >= 0 && rememberedKeys <= 2 ** 20,
    'bounds.rememberedKeys',
    'an integer from 0 to 1048576',
    rememberedKeys,
  );
  demand(Number.isInteger(seed) && Math.abs(seed) < 2 ** 32, 'seed', 'a 32-bit integer', seed);
  demand(panicRatio >= 0 && panicRatio <= 1, 'panicRatio', 'a number from 0 to 1', panicRatio);
  if (zones !== undefined && typeof zones.of !== 'function') {
    throw new TypeError(`zones.of must be a function, got ${shown(zones.of)}`);
  }
  if (typeof key !== 'function') throw new TypeError(`key must be a function, got ${shown(key)}`);
  return {
    factory: factoryOf(strategy),
    key,
    bounds: {
      factor,
      z,
      rememberedKeys: rememberedKeys === 0 ? 0 : 2 ** Math.ceil(Math.log2(Math.max(4, rememberedKeys))),
    },
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

/** @throws RangeError naming the option, the rule and the value, where the rule does not hold */
export function demand(holds: boolean, name: string, rule: string, value: unknown): void {
  if (!holds) throw new RangeError(`${name} must be ${rule}, got ${shown(value)}`);
}

function ownKey(request: unknown): string | undefined {
  return typeof request === 'string' ? request : undefined;
}
