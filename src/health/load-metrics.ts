import type { Response } from '../contracts.ts';

/** What a backend told of its load; each from 0 to 1, and only what it told. */
export interface LoadMetrics {
  cpu?: number;
  memory?: number;
  network?: number;
  eventLoop?: number;
  /** How busy the application finds itself (`application_utilization` of ORCA). */
  application?: number;
}

/** What was left out of account of the reports of backends. */
export interface IgnoredReports {
  /** Answers above 64 Ki characters and headers above 8 Ki, which were not read. */
  readonly oversized: number;
  /** Reports that could not be read: broken JSON, an unknown form. */
  readonly malformed: number;
  /** Values that are no number from 0 to 1, or came twice. */
  readonly invalid: number;
}

/** The longest answer that is read, in characters. */
export const MAX_BODY_LENGTH = 65_536;
/** The longest header that is read, in characters. */
const MAX_HEADER_LENGTH = 8_192;

const HEADER = 'endpoint-load-metrics';

const BODY_NAMES = new Map<string, keyof LoadMetrics>([
  ['cpu', 'cpu'],
  ['memory', 'memory'],
  ['network', 'network'],
  ['eventLoop', 'eventLoop'],
]);

/** Protobuf's JSON has two spellings of every name. */
const ORCA_NAMES = new Map<string, keyof LoadMetrics>([
  ['cpu_utilization', 'cpu'],
  ['cpuUtilization', 'cpu'],
  ['mem_utilization', 'memory'],
  ['memUtilization', 'memory'],
  ['application_utilization', 'application'],
  ['applicationUtilization', 'application'],
  ['utilization.network', 'network'],
  ['utilization.event_loop', 'eventLoop'],
]);

/** ORCA allows these above 1, for a backend beyond its soft limit. */
const MAY_EXCEED_ONE = new Set<keyof LoadMetrics>(['cpu', 'application']);

/** Takes linear time, whatever a backend sends. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads what backends report of their load, and counts what it cannot use. Fields that it does not know are left alone; nothing
 * that a backend may send makes it throw.
 */
export class LoadMetricsReader {
  readonly #ignored = { oversized: 0, malformed: 0, invalid: 0 };

  /** What was ignored so far. */
  get ignored(): IgnoredReports {
    return { ...this.#ignored };
  }

  /** Reads the JSON object `{ cpu, memory, network, eventLoop }`; text of any other kind is no report. */
  readBody(body: unknown): LoadMetrics {
    if (typeof body !== 'string') return {};
    if (body.length > MAX_BODY_LENGTH) {
      this.#ignored.oversized++;
      return {};
    }
    return /^\s*\{/.test(body) ? this.#take(this.#parse(body), BODY_NAMES) : {};
  }

  /**
   * Reads the header `endpoint-load-metrics` in its forms `TEXT cpu_utilization=0.3,mem_utilization=0.8` and
   * `JSON {"cpu_utilization":0.3}`.
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
    return this.#take(form.toUpperCase() === 'TEXT' ? this.#pairs(text) : this.#parse(text), ORCA_NAMES);
  }

  #parse(text: string): Iterable<readonly [string, unknown]> {
    try {
      const report: unknown = JSON.parse(text);
      if (typeof report === 'object' && report !== null && !Array.isArray(report)) return entriesOf(report);
    } catch {
      // Counted below.
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

  #take(
    entries: Iterable<readonly [string, unknown]>,
    names: ReadonlyMap<string, keyof LoadMetrics>,
  ): LoadMetrics {
    const metrics: LoadMetrics = {};
    for (const [field, value] of entries) {
      const name = names.get(field);
      // Protobuf and JSON.stringify write null for what they have no number for.
      if (name === undefined || value === null) continue;
      const limit = names === ORCA_NAMES && MAY_EXCEED_ONE.has(name) ? Number.MAX_VALUE : 1;
      if (metrics[name] === undefined && typeof value === 'number' && value >= 0 && value <= limit) {
        metrics[name] = Math.min(1, value);
      } else {
        this.#ignored.invalid++;
      }
    }
    return metrics;
  }
}

/** Whether a report tells anything. */
export function isEmpty(metrics: LoadMetrics): boolean {
  for (const _ in metrics) return false;
  return true;
}

/**
 * The one number of a report that balancing goes by: the application's own, else the CPU's; 0 is what protobuf has for "unknown".
 * @see gRPC proposal A58
 */
export function utilization({ application = 0, cpu = 0 }: LoadMetrics): number | undefined {
  if (application > 0) return application;
  return cpu > 0 ? cpu : undefined;
}

function* entriesOf(report: object): Iterable<readonly [string, unknown]> {
  for (const [field, value] of Object.entries(report)) {
    if (field === 'utilization' && typeof value === 'object' && value !== null) {
      for (const [resource, use] of Object.entries(value)) yield [`utilization.${resource}`, use];
    } else {
      yield [field, value];
    }
  }
}

/** Header names are case-insensitive (RFC 9110 section 5.1). Of several headers the first counts. */
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
