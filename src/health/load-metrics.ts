// Reads load reports of backends: JSON bodies of health checks and the ORCA header.

import { aConcurrency } from '../balancer/address.ts';
import type { Response } from '../contracts.ts';

/**
 * What a backend reported: loads from 0 to 1, and its concurrency. Values that it did not report are missing.
 */
export interface LoadMetrics {
  cpu?: number;
  memory?: number;
  network?: number;
  eventLoop?: number;
  /** The utilization that the application itself computed (`application_utilization` of ORCA). */
  application?: number;
  /** How many requests it can work on at once, an integer from 1 to 1,000,000. */
  concurrency?: number;
}

/** Counts of load reports, and values in them, that were ignored. */
export interface IgnoredReports {
  /** Bodies above 64 Ki characters and headers above 8 Ki, which were not read. */
  readonly oversized: number;
  /** Reports that could not be parsed: invalid JSON, or an unknown format. */
  readonly malformed: number;
  /** Values that are out of range, or occurred twice. */
  readonly invalid: number;
}

/** The longest body that is read, in characters. */
export const MAX_BODY_LENGTH = 65_536;
/** The longest header that is read, in characters. */
const MAX_HEADER_LENGTH = 8_192;

const HEADER = 'endpoint-load-metrics';

const BODY_NAMES = new Map<string, keyof LoadMetrics>([
  ['cpu', 'cpu'],
  ['memory', 'memory'],
  ['network', 'network'],
  ['eventLoop', 'eventLoop'],
  ['concurrency', 'concurrency'],
]);

/** The JSON format of Protobuf allows two spellings of every name. */
const ORCA_NAMES = new Map<string, keyof LoadMetrics>([
  ['cpu_utilization', 'cpu'],
  ['cpuUtilization', 'cpu'],
  ['mem_utilization', 'memory'],
  ['memUtilization', 'memory'],
  ['application_utilization', 'application'],
  ['applicationUtilization', 'application'],
  ['utilization.network', 'network'],
  ['utilization.event_loop', 'eventLoop'],
  ['named_metrics.concurrency', 'concurrency'],
]);

/** The maps of an ORCA report, by the spellings of their names. */
const ORCA_MAPS = new Map([
  ['utilization', 'utilization'],
  ['named_metrics', 'named_metrics'],
  ['namedMetrics', 'named_metrics'],
]);

/** ORCA allows these above 1, for a backend beyond its soft limit. */
const MAY_EXCEED_ONE = new Set<keyof LoadMetrics>(['cpu', 'application']);

/** Matches in linear time, whatever a backend sends. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads load reports of backends, and counts reports and values that it ignores. Unknown fields are skipped.
 * It never throws, whatever a backend sends.
 */
export class LoadMetricsReader {
  readonly #ignored = { oversized: 0, malformed: 0, invalid: 0 };

  /** Counts of ignored reports and values so far. */
  get ignored(): IgnoredReports {
    return { ...this.#ignored };
  }

  /**
   * Reads a JSON object `{ cpu, memory, network, eventLoop, concurrency }`. Any other text is not a report
   * and is not counted.
   */
  readBody(body: unknown): LoadMetrics {
    if (typeof body !== 'string') return {};
    if (body.length > MAX_BODY_LENGTH) {
      this.#ignored.oversized++;
      return {};
    }
    return /^\s*\{/.test(body) ? this.#collect(this.#parse(body), BODY_NAMES) : {};
  }

  /**
   * Reads the header `endpoint-load-metrics` in its formats `TEXT cpu_utilization=0.3,mem_utilization=0.8`
   * and `JSON {"cpu_utilization":0.3}`.
   * @see ORCA, https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto
   */
  readHeader(headers: Response['headers']): LoadMetrics {
    const value = headerOf(headers);
    if (value === undefined) return {};
    if (value.length > MAX_HEADER_LENGTH) {
      this.#ignored.oversized++;
      return {};
    }
    const [, form, text = ''] = /^\s*(TEXT|JSON)\s(.*)$/is.exec(value) ?? [];
    if (form === undefined) {
      this.#ignored.malformed++;
      return {};
    }
    return this.#collect(form.toUpperCase() === 'TEXT' ? this.#pairs(text) : this.#parse(text), ORCA_NAMES);
  }

  #parse(text: string): Iterable<readonly [string, unknown]> {
    try {
      const report: unknown = JSON.parse(text);
      if (typeof report === 'object' && report !== null && !Array.isArray(report)) return entriesOf(report);
    } catch {
      // Counted as malformed below.
    }
    this.#ignored.malformed++;
    return [];
  }

  *#pairs(text: string): Iterable<readonly [string, unknown]> {
    for (const pair of text.split(',')) {
      const end = pair.search(/[=:]/);
      const name = pair.slice(0, Math.max(0, end)).trim();
      const value = pair.slice(end + 1).trim();
      if (name !== '') yield [name, DECIMAL.test(value) ? Number(value) : value];
      else if (value !== '') this.#ignored.malformed++;
    }
  }

  #collect(
    entries: Iterable<readonly [string, unknown]>,
    names: ReadonlyMap<string, keyof LoadMetrics>,
  ): LoadMetrics {
    const metrics: LoadMetrics = {};
    for (const [field, value] of entries) {
      const name = names.get(field);
      // Protobuf and JSON.stringify write null for numbers that JSON cannot represent.
      if (name === undefined || value === null) continue;
      if (metrics[name] !== undefined) this.#ignored.invalid++;
      else if (name === 'concurrency' && aConcurrency.holds(value)) metrics.concurrency = value as number;
      else if (name !== 'concurrency' && isLoad(value, names === ORCA_NAMES && MAY_EXCEED_ONE.has(name))) {
        metrics[name] = Math.min(1, value);
      } else {
        this.#ignored.invalid++;
      }
    }
    return metrics;
  }
}

/** Whether a value is a load: a number from 0 to 1, or above where that is allowed. */
function isLoad(value: unknown, mayExceedOne: boolean): value is number {
  return typeof value === 'number' && value >= 0 && value <= (mayExceedOne ? Number.MAX_VALUE : 1);
}

/** Whether a report has no values. */
export function isEmpty(metrics: LoadMetrics): boolean {
  for (const _ in metrics) return false;
  return true;
}

/**
 * The value of a report that balancing uses: the application's utilization, else that of the CPU. In
 * Protobuf, 0 means "unknown".
 * @see gRPC proposal A58
 */
export function utilization({ application = 0, cpu = 0 }: LoadMetrics): number | undefined {
  if (application > 0) return application;
  return cpu > 0 ? cpu : undefined;
}

function* entriesOf(report: object): Iterable<readonly [string, unknown]> {
  for (const [field, value] of Object.entries(report)) {
    const map = ORCA_MAPS.get(field);
    if (map !== undefined && typeof value === 'object' && value !== null) {
      for (const [name, metric] of Object.entries(value)) yield [`${map}.${name}`, metric];
    } else {
      yield [field, value];
    }
  }
}

/**
 * The value of the header. Names are case-insensitive (RFC 9110 section 5.1). Of several values the first one
 * counts.
 */
function headerOf(headers: Response['headers']): string | undefined {
  if (headers === undefined || headers === null) return undefined;
  let value: unknown = headers[HEADER];
  if (value === undefined) {
    for (const name in headers) {
      if (name.length === HEADER.length && name.toLowerCase() === HEADER) value = headers[name];
    }
  }
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : undefined;
}
