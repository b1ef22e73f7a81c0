// Options of health checks, their defaults and their checks.

import type { Request } from '../contracts.ts';
import { checkTimeout } from '../deadline.ts';
import { type Env, systemEnv } from '../env.ts';
import { isToken } from '../http/token.ts';
import { shown } from '../shown.ts';
import type { LoadMetrics } from './load-metrics.ts';

/** The request of a health check, and the responses that count as healthy. */
export interface HealthProbe {
  /** Path and query, appended to the backend's base URL. @defaultValue `'/health'` */
  readonly path?: string;
  /** @defaultValue `'GET'` */
  readonly method?: string;
  /** @defaultValue none */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The healthy statuses: a list of statuses and inclusive ranges, or a function.
   * @defaultValue 200 to 399
   */
  readonly statuses?:
    | readonly (number | readonly [from: number, to: number])[]
    | ((status: number) => boolean);
  /** Whether the body is healthy. Gets at most the first 65,536 characters. @defaultValue every body is */
  readonly body?: (body: string) => boolean;
}

/** Limits on the utilization of resources, 0 to 1. A check fails if a reported value exceeds its limit. */
export type WorkloadLimits = Readonly<Partial<Record<keyof LoadMetrics, number>>>;

/** Settings of a {@link HealthChecker}. */
export interface HealthCheckOptions extends HealthProbe {
  /**
   * Time from the start of a check to the start of the next, in milliseconds, varied at random by 10 %.
   * @defaultValue 10,000
   */
  readonly intervalMs?: number;
  /**
   * The same, while the last results contradict the backend's state.
   * @defaultValue 1,000, or `intervalMs` if that is less
   */
  readonly fastIntervalMs?: number;
  /** A check without a response fails after this many milliseconds. @defaultValue 2,000 */
  readonly timeoutMs?: number;
  /** A backend is marked down after this many failures in a row, at least 1. @defaultValue 3 */
  readonly fall?: number;
  /** A backend is marked up after this many successes in a row, at least 1. @defaultValue 2 */
  readonly rise?: number;
  /** Limits on the reported workload. @defaultValue none: reports only feed the strategy `least-workload` */
  readonly workload?: WorkloadLimits;
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
  readonly limits: readonly (readonly [resource: keyof LoadMetrics, limit: number])[];
  readonly env: Env;
}

const RESOURCES = ['cpu', 'memory', 'network', 'eventLoop', 'application'] as const;

/**
 * @param place - prefix of option names in error messages, for example `health.`
 * @throws RangeError or TypeError that names the option and the value
 */
export function readHealthOptions(options: HealthCheckOptions, place = ''): HealthCheckSettings {
  const { path = '/health', method = 'GET', headers, body, workload = {}, env = {} } = options;
  const { intervalMs = 10_000, timeoutMs = 2_000, fall = 3, rise = 2 } = options;
  const { fastIntervalMs = Math.min(1_000, intervalMs) } = options;
  if (typeof path !== 'string' || !/^\/[^\s#]*$/.test(path))
    throw new TypeError(`${place}path must begin with "/" and have no space and no "#", got ${shown(path)}`);
  if (!isToken(method)) throw new TypeError(`${place}method must be an HTTP method, got ${shown(method)}`);
  if (body !== undefined && typeof body !== 'function')
    throw new TypeError(`${place}body must be a function, got ${shown(body)}`);
  checkHeaders(headers, place);
  checkTimeout(intervalMs, `${place}intervalMs`);
  checkTimeout(fastIntervalMs, `${place}fastIntervalMs`);
  checkTimeout(timeoutMs, `${place}timeoutMs`);
  checkCount(fall, `${place}fall`);
  checkCount(rise, `${place}rise`);
  const request = { path, method, payload: '', ...(headers && { headers: { ...headers } }) };
  const timing = { intervalMs, fastIntervalMs, timeoutMs, fall, rise };
  const limits = readLimits(workload, place);
  return {
    request,
    isWell: readStatuses(options.statuses, place),
    body,
    ...timing,
    limits,
    env: { ...systemEnv, ...env },
  };
}

function readStatuses(
  statuses: HealthProbe['statuses'] = [[200, 399]],
  place: string,
): (status: number) => boolean {
  if (typeof statuses === 'function') return statuses;
  if (!Array.isArray(statuses) || statuses.length === 0)
    throw new TypeError(`${place}statuses must be a function or a list of statuses, got ${shown(statuses)}`);
  const ranges = statuses.map((entry: unknown, i): readonly [number, number] => {
    const [from, to = from] = Array.isArray(entry) ? entry : [entry];
    const isRange = [from, to].every((status) => Number.isInteger(status) && status >= 100 && status <= 599);
    if (!isRange || from > to)
      throw new RangeError(
        `${place}statuses[${i}] must be a status from 100 to 599 or a range of them, got ${shown(entry)}`,
      );
    return [from, to];
  });
  return (status) => ranges.some(([from, to]) => status >= from && status <= to);
}

function readLimits(workload: WorkloadLimits, place: string): HealthCheckSettings['limits'] {
  if (typeof workload !== 'object' || workload === null)
    throw new TypeError(`${place}workload must be an object of limits, got ${shown(workload)}`);
  return Object.entries(workload).flatMap(([name, limit]) => {
    const resource = RESOURCES.find((known) => known === name);
    if (resource === undefined)
      throw new RangeError(`${place}workload.${name} is none of ${RESOURCES.join(', ')}`);
    if (limit === undefined) return [];
    if (typeof limit !== 'number' || !(limit >= 0 && limit <= 1))
      throw new RangeError(`${place}workload.${name} must be a number from 0 to 1, got ${shown(limit)}`);
    return [[resource, limit] as const];
  });
}

function checkHeaders(headers: unknown, place: string): void {
  if (headers === undefined) return;
  if (typeof headers !== 'object' || headers === null)
    throw new TypeError(`${place}headers must be an object, got ${shown(headers)}`);
  for (const [name, value] of Object.entries(headers)) {
    if (!isToken(name)) throw new TypeError(`a name in ${place}headers must be a token, got ${shown(name)}`);
    if (typeof value !== 'string' || /[\r\n\0]/.test(value))
      throw new TypeError(`${place}headers.${name} must be a string on one line, got ${shown(value)}`);
  }
}

function checkCount(count: unknown, name: string): void {
  if (!Number.isInteger(count) || (count as number) < 1)
    throw new RangeError(`${name} must be an integer of at least 1, got ${shown(count)}`);
}
