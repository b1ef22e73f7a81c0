// The contenders of a scenario: their strategies and settings, checked by building each one once.
import { Balancer } from '../balancer/balancer.ts';
import type { Bounds } from '../balancer/bounded-load.ts';
import type { GuardFactory } from '../balancer/guard.ts';
import type { BalancerOptions } from '../balancer/options.ts';
import { isError } from '../errors.ts';
import { circuitBreaker } from '../health/circuit-breaker.ts';
import { maxInFlight } from '../health/max-in-flight.ts';
import { outlierEjection } from '../health/outlier-ejection.ts';
import { slowStart } from '../health/slow-start.ts';
import { ifOn, withDefaults } from '../options/bag.ts';
import { consistentHash } from '../strategies/consistent-hash.ts';
import { leastTime } from '../strategies/least-time.ts';
import { leastWorkload } from '../strategies/least-workload.ts';
import { maglev } from '../strategies/maglev.ts';
import { peakEwma } from '../strategies/peak-ewma.ts';
import { type StrategyEntry, type StrategyName, strategies } from '../strategies/registry.ts';
import type { StrategyFactory } from '../strategies/strategy.ts';
import { Failover, type FailoverOptions } from '../traffic/failover.ts';
import type { LeaseQueueOptions } from '../traffic/lease-queue.ts';
import { HashModN, plainRing, roundRobinFromFirst } from './reference-strategies.ts';
import type {
  Contender,
  ContenderName,
  ContenderSettings,
  ContenderStrategy,
  SimulatedGuards,
  SimulatedHealth,
} from './scenario.ts';

/** A contender with all its settings. */
export interface ContenderSetup {
  readonly label: string;
  readonly strategy: StrategyName | StrategyFactory;
  readonly isByClient: boolean;
  /** Whether it is only there to be compared with. */
  readonly isReference: boolean;
  /** Called with the key of each request before its backend is chosen, and the seed of the placement. */
  readonly seesKey: ((key: string, seed: number) => void) | undefined;
  readonly bounds: Bounds;
  readonly timeoutMs: number | undefined;
  readonly failover: FailoverOptions | undefined;
  readonly health: Required<SimulatedHealth> | undefined;
  readonly queue: LeaseQueueOptions | undefined;
  readonly guards: SimulatedGuards;
  readonly panicRatio: number;
  /** Whether backends report their workload. */
  readonly reports: boolean;
}

/** What is compared if the scenario does not say. */
const CLASSICS: readonly ContenderName[] = [
  'round-robin',
  'random',
  'least-connections',
  'power-of-two',
  'ip-hash',
  'consistent-hash',
  'hash-mod-n',
];

/** Strategies that are not for use. */
const REFERENCES: readonly ContenderName[] = ['hash-mod-n', 'plain-ring', 'round-robin-from-first'];

const HEALTH: Required<SimulatedHealth> = { intervalMs: 10_000, timeoutMs: 2_000, fall: 3, rise: 2 };

// biome-ignore lint/suspicious/noExplicitAny: each factory checks the options itself
const WITH_OPTIONS: Partial<Record<ContenderName, (options: any) => StrategyFactory>> = {
  'consistent-hash': consistentHash,
  'ip-hash': consistentHash,
  maglev,
  'least-time': leastTime,
  'peak-ewma': peakEwma,
  'least-workload': leastWorkload,
};

const NO_BOUNDS: Bounds = { factor: Number.POSITIVE_INFINITY };

/** The contenders of a checked scenario. @throws TypeError or RangeError that names the contender */
export function contendersOf(
  contenders: readonly (ContenderStrategy | Contender)[] = CLASSICS,
  shared: ContenderSettings = {},
): ContenderSetup[] {
  const setups = contenders.map((one, i) => {
    try {
      const setup = setupOf(isContender(one) ? one : { strategy: one }, shared);
      // A wrong option of a strategy or guard shows here, before the run.
      new Balancer(['http://10.0.0.1'], { ...balancerOptions(setup), guards: guardsOf(setup) });
      if (setup.failover !== undefined) new Failover(setup.failover);
      return setup;
    } catch (error) {
      if (!isError(error)) throw error;
      const message = `contenders[${i}]: ${error.message}`;
      throw error instanceof RangeError ? new RangeError(message) : new TypeError(message);
    }
  });
  const labels = new Map<string, number>();
  for (const [i, { label }] of setups.entries()) {
    const other = labels.get(label);
    if (other !== undefined)
      throw new TypeError(
        `contenders[${i}].label must be given, as contenders[${other}] is ${JSON.stringify(label)}, too`,
      );
    labels.set(label, i);
  }
  return setups;
}

/** The options of a contender's balancers, without guards, seed and key. @param zoneOf - of requests */
export function balancerOptions(
  { strategy, bounds, panicRatio }: ContenderSetup,
  zoneOf?: () => string | undefined,
): Pick<BalancerOptions<unknown>, 'strategy' | 'bounds' | 'pool'> {
  return { strategy, bounds, pool: { panicRatio, ...(zoneOf && { zones: { of: zoneOf } }) } };
}

/** New guards of a contender. */
export function guardsOf({ guards }: ContenderSetup): GuardFactory[] {
  const ejection = ifOn(guards.outlierEjection);
  const breaker = ifOn(guards.circuitBreaker);
  const start = ifOn(guards.slowStart);
  return [
    ...(ejection ? [outlierEjection(ejection)] : []),
    ...(breaker ? [circuitBreaker(breaker)] : []),
    ...(guards.maxInFlight === undefined ? [] : [maxInFlight(guards.maxInFlight)]),
    // After those that bring backends back.
    ...(start ? [slowStart(start)] : []),
  ];
}

function isContender(one: ContenderStrategy | Contender): one is Contender {
  return typeof one === 'object' && 'strategy' in one;
}

function setupOf({ strategy, label, key, ...own }: Contender, shared: ContenderSettings): ContenderSetup {
  const settings = withDefaults({ ...shared, ...own }, { guards: {}, panicRatio: 1 });
  const name = nameOf(strategy);
  const entry: StrategyEntry | undefined = Object.hasOwn(strategies, name)
    ? strategies[name as StrategyName]
    : undefined;
  const health = ifOn(settings.health);
  const modulo = name === 'hash-mod-n' ? new HashModN() : undefined;
  const factory = modulo?.factory ?? factoryOf(strategy);
  return {
    label: label ?? name,
    strategy: factory,
    isReference: REFERENCES.some((reference) => reference === name),
    seesKey: modulo && ((seen, seed) => modulo.see(seen, seed)),
    isByClient: key === undefined ? entry?.key === 'client-address' : key === 'client-address',
    bounds: {
      ...(name === 'plain-ring' && NO_BOUNDS),
      ...(typeof factory === 'function' && entry?.strict === true && { strict: true }),
      ...settings.bounds,
    },
    timeoutMs: settings.timeoutMs,
    failover: ifOn(settings.failover),
    health: health && withDefaults(health, HEALTH),
    queue: ifOn(settings.queue),
    guards: settings.guards,
    panicRatio: settings.panicRatio,
    reports: name === 'least-workload',
  };
}

function nameOf(strategy: ContenderStrategy): string {
  if (typeof strategy === 'function') return strategy.name || 'strategy';
  return typeof strategy === 'string' ? strategy : strategy.name;
}

function factoryOf(strategy: ContenderStrategy): StrategyName | StrategyFactory {
  if (typeof strategy === 'function') return strategy;
  const { name, ...options } = typeof strategy === 'string' ? { name: strategy } : strategy;
  const [first] = Object.keys(options);
  if (first === undefined) {
    if (name === 'plain-ring') return plainRing();
    return name === 'round-robin-from-first' ? roundRobinFromFirst() : (name as StrategyName);
  }
  const make = WITH_OPTIONS[name];
  if (make === undefined) throw new TypeError(`strategy.${first} is not an option: ${name} has none`);
  return make(options);
}
