// The registry of strategies by name. Options, configuration, benchmarks and the contract suite read it.

import { consistentHash } from './consistent-hash.ts';
import { leastConnections } from './least-connections.ts';
import { leastTime } from './least-time.ts';
import { leastWorkload } from './least-workload.ts';
import { maglev } from './maglev.ts';
import { peakEwma } from './peak-ewma.ts';
import { powerOfTwo } from './power-of-two.ts';
import { random } from './random.ts';
import { rendezvous } from './rendezvous.ts';
import { roundRobin } from './round-robin.ts';
import type { StrategyFactory } from './strategy.ts';

/** A strategy that can be chosen by name. */
export interface StrategyEntry {
  /** Its purpose in one line. */
  readonly summary: string;
  /** The strategy with its default settings. */
  readonly factory: StrategyFactory;
  /** The default key of a request. @defaultValue `'path'` */
  readonly key?: 'path' | 'client-address';
  /**
   * Whether a key stays on its backend while that may serve, however many requests it has in flight: the
   * default of `bounds.strict`.
   * @defaultValue false
   */
  readonly strict?: boolean;
}

/** Every strategy by its name. There is no other list. */
export const strategies = {
  'consistent-hash': {
    summary: 'same key, same backend; few keys move when the pool changes',
    factory: /* @__PURE__ */ consistentHash(),
  },
  maglev: {
    summary: 'same key, same backend; the most even table, a few more keys move',
    factory: /* @__PURE__ */ maglev(),
  },
  rendezvous: {
    summary: 'same key, same backend; exact weights, for small pools',
    factory: /* @__PURE__ */ rendezvous(),
  },
  'ip-hash': {
    summary: 'same client address, same backend',
    factory: /* @__PURE__ */ consistentHash(),
    key: 'client-address',
    strict: true,
  },
  'round-robin': {
    summary: 'each backend in turn, smoothly by weight',
    factory: /* @__PURE__ */ roundRobin(),
  },
  random: { summary: 'a random backend, by weight', factory: /* @__PURE__ */ random() },
  'least-connections': {
    summary: 'the fewest requests in flight',
    factory: /* @__PURE__ */ leastConnections(),
  },
  'least-time': {
    summary: 'the shortest expected time; not if few requests take 100 times as long',
    factory: /* @__PURE__ */ leastTime(),
  },
  'power-of-two': {
    summary: 'the less loaded of two random backends',
    factory: /* @__PURE__ */ powerOfTwo(),
  },
  'peak-ewma': {
    summary: 'the shortest expected wait, by measured latency',
    factory: /* @__PURE__ */ peakEwma(),
  },
  'least-workload': {
    summary: 'requests by inverse use of CPU, memory or network, as backends report it',
    factory: /* @__PURE__ */ leastWorkload(),
  },
} as const satisfies Record<string, StrategyEntry>;

/** The name of a strategy in the registry. */
export type StrategyName = keyof typeof strategies;

/** The names that other load balancers have for strategies of the registry. */
const OTHER_NAMES = {
  leastconn: 'least-connections',
  'least-conn': 'least-connections',
  'least-request': 'least-connections',
  rr: 'round-robin',
  roundrobin: 'round-robin',
  wrr: 'round-robin',
  'weighted-round-robin': 'round-robin',
  p2c: 'power-of-two',
  ewma: 'peak-ewma',
  source: 'ip-hash',
  'ring-hash': 'consistent-hash',
  chash: 'consistent-hash',
  hrw: 'rendezvous',
} as const satisfies Record<string, StrategyName>;

/** A name as some files spell it: with `_` for `-`. */
type Underscored<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}_${Underscored<Rest>}`
  : Name;

/** A name that another load balancer has for a strategy: `leastconn`, `rr`, `round_robin` and the like. */
export type StrategyAlias =
  | keyof typeof OTHER_NAMES
  | Exclude<Underscored<StrategyName | keyof typeof OTHER_NAMES>, StrategyName>;

/** The strategy that is meant by each other name, and by each name with `_`. */
export const STRATEGY_ALIASES = /* @__PURE__ */ aliases();

function aliases(): Readonly<Record<StrategyAlias, StrategyName>> {
  const own = Object.fromEntries(Object.keys(strategies).map((name) => [name, name]));
  const meant: Record<string, string> = {};
  for (const [name, strategy] of Object.entries({ ...own, ...OTHER_NAMES }))
    for (const spelled of [name, name.replaceAll('-', '_')])
      if (!Object.hasOwn(own, spelled)) meant[spelled] = strategy;
  return meant as Record<StrategyAlias, StrategyName>;
}

/** Whether a name is one that another load balancer has. */
export function isStrategyAlias(name: unknown): name is StrategyAlias {
  return typeof name === 'string' && Object.hasOwn(STRATEGY_ALIASES, name);
}

/** The name of a strategy in the registry, by that name or another one. */
export function strategyNamed(name: StrategyName | StrategyAlias): StrategyName {
  return isStrategyAlias(name) ? STRATEGY_ALIASES[name] : name;
}
