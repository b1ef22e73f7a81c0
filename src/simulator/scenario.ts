// What a simulation is made of: plain data, as it stands in a scenario file. `scenario-rules.ts` checks it.
import type { Bounds } from '../balancer/bounded-load.ts';
import type { CircuitBreakerOptions } from '../health/breaker-options.ts';
import type { OutlierEjectionOptions } from '../health/ejection-options.ts';
import type { SlowStartOptions } from '../health/slow-start.ts';
import type { StrategyName } from '../strategies/registry.ts';
import type { StrategyFactory } from '../strategies/strategy.ts';
import type { FailoverOptions } from '../traffic/failover.ts';
import type { LeaseQueueOptions } from '../traffic/lease-queue.ts';
import type { BackendGroup } from './backend-group.ts';
import type { ScenarioEvent } from './scenario-events.ts';

/** A simulation: backends, traffic, what happens to them, and the contenders that it is to compare. */
export interface Scenario {
  /** A short name for reports. @defaultValue `'scenario'` */
  readonly name?: string;
  /** Determines all that is random: the same seed gives the same result on every runtime. @defaultValue 1 */
  readonly seed?: number;
  /**
   * How many requests every contender gets, in each placement, 1 to 100,000,000; or the requests themselves,
   * by their times: then `arrivals`, `keys` and `service` say nothing, nor do events that change the traffic.
   * @defaultValue 50,000
   */
  readonly requests?: number | readonly ScenarioRequest[];
  /** The backends, or how many there are of the default kind. */
  readonly backends: number | readonly BackendGroup[];
  /** Load balancers through which the requests come, each at random. @defaultValue 1 */
  readonly balancers?: number | BalancerGroup;
  /** When requests come. @defaultValue `{ load: 0.7 }` */
  readonly arrivals?: Arrivals;
  /** What they ask for. @defaultValue Zipf over 10,000 keys */
  readonly keys?: Keys;
  /** How long the backends work on a request. @defaultValue exponential, 10 ms on average */
  readonly service?: Service;
  /** What happens during the run. @defaultValue none */
  readonly events?: readonly ScenarioEvent[];
  /** Settings that all contenders share, unless they have their own. @defaultValue none */
  readonly settings?: ContenderSettings;
  /**
   * What is compared.
   * @defaultValue round-robin, random, least-connections, power-of-two, ip-hash, consistent-hash, hash-mod-n
   */
  readonly contenders?: readonly (ContenderStrategy | Contender)[];
  /** How it is measured. */
  readonly measure?: Measure;
}

/** A request of a scenario that lists them. */
export interface ScenarioRequest {
  /** When it comes, in milliseconds since the start; not before the one before it. */
  readonly atMs: number;
  /** The path, which keeps requests together. */
  readonly key: string;
  /**
   * Milliseconds that a backend of speed 1 works on it; a cache miss where there are caches. @defaultValue 10
   */
  readonly workMs?: number;
  /** The address of the client. @defaultValue one for all */
  readonly client?: string;
  /** Whether it must not be sent twice. @defaultValue false */
  readonly write?: boolean;
}

/** Load balancers of one kind. */
export interface BalancerGroup {
  /** How many, 1 to 1,000. @defaultValue 1 */
  readonly count?: number;
  /** Their zones, by turns. @defaultValue none */
  readonly zones?: readonly string[];
}

/** When requests come. Either `perSecond` or `load` is given. */
export interface Arrivals {
  /** Requests a second, on average. */
  readonly perSecond?: number;
  /**
   * Share of what the backends of the start can work on, where no request is a cache hit: 0.7 keeps them busy
   * for 70 % of the time. May be above 1.
   */
  readonly load?: number;
  /** Independently of each other, or all the same time apart. @defaultValue `'poisson'` */
  readonly pattern?: 'poisson' | 'even';
  /** Times of many requests that come and go at random. The average rate stays. @defaultValue none */
  readonly bursts?: Bursts;
  /** A curve from night to noon and back. The average rate stays. @defaultValue none */
  readonly day?: Day;
  /** Share of requests that must not be sent twice, such as orders, from 0 to 1. @defaultValue 0 */
  readonly writes?: number;
}

/** Bursts; their times are exponentially distributed. */
export interface Bursts {
  /** By which factor more requests come during a burst, at least 1. */
  readonly factor: number;
  /** Mean duration of a burst, in milliseconds. */
  readonly onMs: number;
  /** Mean time between bursts, in milliseconds. */
  readonly offMs: number;
}

/** The curve of a day: a sine between the lowest rate, at the start, and the highest. */
export interface Day {
  /** How long a day is, in milliseconds. @defaultValue the whole run */
  readonly lengthMs?: number;
  /** The lowest rate, as a share of the highest, from 0 to 1. @defaultValue 0.2 */
  readonly lowest?: number;
}

/** What requests ask for, and who sends them. */
export interface Keys {
  /**
   * `zipf`: the k-th key as often as `1 / k ^ exponent`; `uniform`: all as often; `once`: each request has a
   * key of its own.
   * @defaultValue `'zipf'`
   */
  readonly distribution?: 'zipf' | 'uniform' | 'once';
  /** How many keys there are, 1 to 10,000,000. @defaultValue 10,000 */
  readonly count?: number;
  /** The exponent of Zipf's law, above 0. @defaultValue 0.9 */
  readonly exponent?: number;
  /** Share of requests that ask for one more key, the hot one, from 0 to 1. @defaultValue 0 */
  readonly hot?: number;
  /** How many client addresses there are, all as often. @defaultValue 1,000 */
  readonly clients?: number;
}

/** How long a backend of speed 1 works on a request. */
export interface Service {
  /**
   * `fixed`: always the same; `exponential`; `pareto`: a heavy tail; `bimodal`: a few take much longer.
   * @defaultValue `'exponential'`
   */
  readonly distribution?: 'fixed' | 'exponential' | 'pareto' | 'bimodal';
  /** The mean, in milliseconds, above 0; a cache miss where there are caches. @defaultValue 10 */
  readonly meanMs?: number;
  /** Pareto's exponent, above 1: the smaller, the heavier the tail. @defaultValue 1.5 */
  readonly shape?: number;
  /** Bimodal: share of requests that take longer, from 0 to 1. @defaultValue 0.01 */
  readonly longShare?: number;
  /** Bimodal: how many times as long they take, at least 1. @defaultValue 100 */
  readonly longFactor?: number;
  /** No request takes longer, in milliseconds. @defaultValue no limit */
  readonly maxMs?: number;
}

/**
 * A strategy: its name, its name with options of its own, or in code a factory. `hash-mod-n`,
 * `plain-ring` (one point for each backend) and `round-robin-from-first` are not for use: they show what the
 * others improve.
 */
export type ContenderStrategy = ContenderName | NamedStrategy | StrategyFactory;

/** The names of strategies that can compete. */
export type ContenderName = StrategyName | 'hash-mod-n' | 'plain-ring' | 'round-robin-from-first';

/** A strategy with options of its own, such as `pointsPerWeight` of `consistent-hash`. */
export interface NamedStrategy {
  /** The name of the strategy. */
  readonly name: ContenderName;
  readonly [option: string]: unknown;
}

/** Settings around a strategy. The names are those of `LoadbalancerOptions` and of the guards. */
export interface ContenderSettings {
  /** The load bounds. @defaultValue those of the engine */
  readonly bounds?: Bounds;
  /** Time limit for one attempt, in milliseconds. @defaultValue none */
  readonly timeoutMs?: number;
  /** Retries on another backend. @defaultValue false */
  readonly failover?: FailoverOptions | boolean;
  /** Health checks. @defaultValue false */
  readonly health?: SimulatedHealth | boolean;
  /**
   * Lets requests wait while all backends are at their limit. Runs on the whole floor. @defaultValue false
   */
  readonly queue?: Omit<LeaseQueueOptions, 'clock' | 'timers'> | boolean;
  /** What watches the backends. @defaultValue none */
  readonly guards?: SimulatedGuards;
  /** Share of unhealthy backends above which health is ignored, from 0 to 1. @defaultValue 1 */
  readonly panicRatio?: number;
}

/** The guards of a contender, each by the options of its factory; `true` for the defaults. */
export interface SimulatedGuards {
  /** Ejects backends whose requests fail. @see `outlierEjection` */
  readonly outlierEjection?: OutlierEjectionOptions | boolean;
  /** Spares backends that fail much. @see `circuitBreaker` */
  readonly circuitBreaker?: CircuitBreakerOptions | boolean;
  /** Raises the weight of new backends step by step. @see `slowStart` */
  readonly slowStart?: SlowStartOptions | boolean;
  /** The most requests in flight on one backend. @see `maxInFlight` */
  readonly maxInFlight?: number;
}

/** Health checks: when they are sent, and how many in a row decide. */
export interface SimulatedHealth {
  /** Time between two checks of a backend, in milliseconds. @defaultValue 10,000 */
  readonly intervalMs?: number;
  /** Time limit of a check, in milliseconds. @defaultValue 2,000 */
  readonly timeoutMs?: number;
  /** Failures in a row until a backend is down. @defaultValue 3 */
  readonly fall?: number;
  /** Successes in a row until it is up again. @defaultValue 2 */
  readonly rise?: number;
}

/** A strategy with its settings, which come before those that all contenders share. */
export interface Contender extends ContenderSettings {
  /** How backends are chosen. */
  readonly strategy: ContenderStrategy;
  /** The name in reports. @defaultValue the name of the strategy */
  readonly label?: string;
  /** What keeps requests together. @defaultValue the path; the client's address for `ip-hash` */
  readonly key?: 'path' | 'client-address';
}

/** How a simulation is measured. */
export interface Measure {
  /**
   * How many times each contender gets the same traffic, each time with another seed of the balancers, 1 to
   * 100: where keys and backends lie on a ring is chance, and so is what a single run says.
   * @defaultValue 5
   */
  readonly placements?: number;
  /** Share of the requests at the start that the figures leave out, from 0 to 0.9. @defaultValue 0.2 */
  readonly warmUp?: number;
  /** Points of the series over time, 1 to 1,000. @defaultValue 100 */
  readonly points?: number;
  /** How many requests are told one by one, from the start, up to 100,000. @defaultValue 0 */
  readonly trace?: number;
  /**
   * `fast`: the engine with guards and retries; `whole`: all of `Loadbalancer`, with its queue and its health
   * checks.
   * @defaultValue `'whole'` if a contender has a queue, else `'fast'`
   */
  readonly floor?: 'fast' | 'whole';
}
