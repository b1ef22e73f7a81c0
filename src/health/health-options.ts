// Options of health checks, their defaults and their checks.

import type { Request } from '../contracts.ts';
import { type Env, systemEnv } from '../env.ts';
import { isToken } from '../http/token.ts';
import { aBag, type Bag, bag, checkBag, withDefaults } from '../options/bag.ts';
import { anEnv } from '../options/env-bag.ts';
import { aFunction, anInteger, aRatio, aTimeout, checkRule, isObject, type Rule } from '../options/rule.ts';
import { shown } from '../shown.ts';
import type { LoadMetrics } from './load-metrics.ts';

/** The request of a health check. */
export interface HealthRequest {
  /** Path and query, appended to the backend's base URL. @defaultValue `'/health'` */
  readonly path?: string;
  /** @defaultValue `'GET'` */
  readonly method?: string;
  /** @defaultValue none */
  readonly headers?: Readonly<Record<string, string>>;
  /** A check without a response fails after this many milliseconds. @defaultValue 2,000 */
  readonly timeoutMs?: number;
}

/** Which responses count as healthy. */
export interface HealthExpectation {
  /**
   * The healthy statuses: a list of statuses and inclusive ranges, or a function.
   * @defaultValue 200 to 399
   */
  readonly statuses?:
    | readonly (number | readonly [from: number, to: number])[]
    | ((status: number) => boolean);
  /** Whether the body is healthy. Gets at most the first 65,536 characters. @defaultValue every body is */
  readonly body?: (body: string) => boolean;
  /** Limits on the reported workload. @defaultValue none: reports only feed the strategy `least-workload` */
  readonly workload?: WorkloadLimits;
}

/** How many checks in a row change the state of a backend. */
export interface HealthThresholds {
  /** A backend is marked down after this many failures in a row, at least 1. @defaultValue 3 */
  readonly fall?: number;
  /** A backend is marked up after this many successes in a row, at least 1. @defaultValue 2 */
  readonly rise?: number;
}

/** Limits on the utilization of resources, 0 to 1. A check fails if a reported value exceeds its limit. */
export type WorkloadLimits = Readonly<Partial<Record<Exclude<keyof LoadMetrics, 'concurrency'>, number>>>;

/** Settings of a {@link HealthChecker}. */
export interface HealthCheckOptions {
  /**
   * Time from the start of a check to the start of the next, in milliseconds, varied at random by 10 %.
   * @defaultValue 10,000
   */
  readonly intervalMs?: number;
  /**
   * The time between checks, in milliseconds, while the last results contradict the backend's state.
   * @defaultValue 1,000, or `intervalMs` if that is less
   */
  readonly fastIntervalMs?: number;
  readonly request?: HealthRequest;
  readonly expect?: HealthExpectation;
  readonly thresholds?: HealthThresholds;
  readonly env?: Partial<Env>;
}

/** {@link HealthCheckOptions}, checked and with every default filled in. */
export interface HealthCheckSettings {
  readonly request: Omit<Request, 'id'>;
  readonly isWell: (status: number) => boolean;
  readonly body: ((body: string) => boolean) | undefined;
  readonly intervalMs: number;
  readonly fastIntervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
  readonly limits: readonly (readonly [resource: keyof WorkloadLimits, limit: number])[];
  readonly env: Env;
}

/** What is not given. */
export const HEALTH_DEFAULTS = {
  intervalMs: 10_000,
  fastIntervalMs: 1_000,
  request: { path: '/health', method: 'GET', timeoutMs: 2_000 },
  expect: { statuses: [[200, 399]] },
  thresholds: { fall: 3, rise: 2 },
} as const satisfies HealthCheckOptions;

const aPath: Rule = {
  words: 'a string that begins with "/" and has no space and no "#"',
  holds: (value) => typeof value === 'string' && /^\/[^\s#]*$/.test(value),
};

const aMethod: Rule = { words: 'an HTTP method', holds: isToken };

const headers: Rule = {
  words: 'an object of strings',
  holds: isObject,
  inside: (fields: Record<string, unknown>, place) => {
    for (const [name, value] of Object.entries(fields)) {
      if (!isToken(name)) throw new TypeError(`a name in ${place} must be a token, got ${shown(name)}`);
      checkRule(aLine, value, `${place}.${name}`);
    }
  },
};

const aLine: Rule = {
  words: 'a string on one line',
  holds: (value) => typeof value === 'string' && !/[\r\n\0]/.test(value),
};

const statuses: Rule = {
  words: 'a function or a list of statuses',
  holds: (value) => typeof value === 'function' || (Array.isArray(value) && value.length > 0),
  inside: (value, place) => {
    if (typeof value !== 'function') readRanges(value, place);
  },
};

const workload = aBag(
  bag<WorkloadLimits>({
    cpu: aRatio,
    memory: aRatio,
    network: aRatio,
    eventLoop: aRatio,
    application: aRatio,
  }),
);

/** The names that these options had while they were in one flat bag. */
export const HEALTH_MOVED = {
  path: 'request.path',
  method: 'request.method',
  headers: 'request.headers',
  timeoutMs: 'request.timeoutMs',
  statuses: 'expect.statuses',
  body: 'expect.body',
  workload: 'expect.workload',
  fall: 'thresholds.fall',
  rise: 'thresholds.rise',
};

/** What the options of a health checker must be. */
export const HEALTH: Bag<HealthCheckOptions> = bag<HealthCheckOptions>(
  {
    intervalMs: aTimeout,
    fastIntervalMs: aTimeout,
    request: aBag(bag<HealthRequest>({ path: aPath, method: aMethod, headers, timeoutMs: aTimeout })),
    expect: aBag(bag<HealthExpectation>({ statuses, body: aFunction, workload })),
    thresholds: aBag(bag<HealthThresholds>({ fall: anInteger(1), rise: anInteger(1) })),
    env: anEnv,
  },
  HEALTH_MOVED,
);

/** @throws RangeError or TypeError that names the option and the value */
export function readHealthOptions(options: HealthCheckOptions): HealthCheckSettings {
  checkBag(options, HEALTH, '', 'HealthChecker');
  const { intervalMs = HEALTH_DEFAULTS.intervalMs, request = {}, expect = {}, thresholds = {} } = options;
  const { fastIntervalMs = Math.min(HEALTH_DEFAULTS.fastIntervalMs, intervalMs) } = options;
  const { path, method, timeoutMs, headers } = withDefaults(request, HEALTH_DEFAULTS.request);
  return {
    request: { path, method, payload: '', ...(headers && { headers: { ...headers } }) },
    isWell: readStatuses(expect.statuses ?? HEALTH_DEFAULTS.expect.statuses),
    body: expect.body,
    intervalMs,
    fastIntervalMs,
    timeoutMs,
    ...withDefaults(thresholds, HEALTH_DEFAULTS.thresholds),
    limits: readLimits(expect.workload ?? {}),
    env: { ...systemEnv, ...options.env },
  };
}

function readStatuses(statuses: NonNullable<HealthExpectation['statuses']>): (status: number) => boolean {
  if (typeof statuses === 'function') return statuses;
  const ranges = readRanges(statuses, 'expect.statuses');
  return (status) => ranges.some(([from, to]) => status >= from && status <= to);
}

/** @throws RangeError if an entry is neither a status nor a range of them */
function readRanges(statuses: readonly unknown[], place: string): (readonly [from: number, to: number])[] {
  return statuses.map((entry, i): readonly [number, number] => {
    const [from, to = from] = Array.isArray(entry) ? entry : [entry];
    const isRange = [from, to].every((status) => Number.isInteger(status) && status >= 100 && status <= 599);
    if (!isRange || from > to)
      throw new RangeError(
        `${place}[${i}] must be a status from 100 to 599 or a range of them, got ${shown(entry)}`,
      );
    return [from, to];
  });
}

function readLimits(limits: WorkloadLimits): HealthCheckSettings['limits'] {
  return Object.entries(limits).flatMap(([resource, limit]) =>
    limit === undefined ? [] : [[resource as keyof WorkloadLimits, limit] as const],
  );
}
