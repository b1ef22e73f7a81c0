// Makes a Node.js server report its load, in health checks and in a header of its responses.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { bag, checkBag } from '../options/bag.ts';
import { aFunction, aNumber, anInteger } from '../options/rule.ts';
import { type LoadSample, processLoad } from './process-load.ts';
import { TrafficMeter } from './traffic-meter.ts';

export type { LoadSample } from './process-load.ts';

/** Settings of {@link loadReport}. */
export interface LoadReportOptions {
  /** Path of the health check, whose response is the report; without a query. @defaultValue `'/health'` */
  readonly path?: string;
  /**
   * Capacity of the network in one direction, in bytes a second, above 0.
   * @defaultValue none: the network is not reported
   */
  readonly bytesPerSecond?: number;
  /**
   * Returns the load since its last call. Its values override the measured network.
   * @defaultValue the load of this process
   */
  readonly sample?: () => LoadSample;
  /**
   * How many requests the server can work on at once, an integer from 1 to 1,000,000: with fewer in flight a
   * balancer does not send requests elsewhere for the sake of evenness. Where several balancers send to the
   * server, the part of each.
   * @defaultValue not reported
   */
  readonly concurrency?: number;
  /** Milliseconds since a fixed point in time. @defaultValue the platform's clock */
  readonly now?: () => number;
}

const OPTIONS = bag<LoadReportOptions>({
  path: {
    words: 'a string that begins with "/" and has no space, "?" and "#"',
    holds: (value) => typeof value === 'string' && /^\/[^\s?#]*$/.test(value),
  },
  bytesPerSecond: aNumber('a positive number', (rate) => rate > 0),
  sample: aFunction,
  concurrency: anInteger(1, 1_000_000),
  now: aFunction,
});

/**
 * Responds to the health check, or adds the header to the response of another handler.
 * @param next - if given, called for every request but the health check
 * @returns whether it sent the response
 */
export type LoadReport = (request: IncomingMessage, response: ServerResponse, next?: () => void) => boolean;

/** The load is measured over at least this many milliseconds. */
const SAMPLE_MS = 1_000;

const RESOURCES = ['cpu', 'memory', 'network', 'eventLoop'] as const;

/**
 * Makes a Node.js server report its load to the load balancer in front of it. GET and HEAD of `/health` get a
 * JSON response `{ status, cpu, memory, network, eventLoop }` with each load from 0 to 1, and `concurrency`
 * if it is set. Every other response gets the ORCA header `endpoint-load-metrics`, with the concurrency as
 * `named_metrics.concurrency`. The load is measured at most once a second, when a
 * request comes; there is no timer. In the first second all measured values except the memory are 0.
 *
 * @example With Express, Connect and the like
 * ```ts
 * app.use(loadReport());
 * ```
 * @example With node:http
 * ```ts
 * const report = loadReport();
 * http.createServer((request, response) => report(request, response) || handle(request, response));
 * ```
 * @throws TypeError or RangeError that names the option and the value
 * @see ORCA, https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto
 */
export function loadReport(options: LoadReportOptions = {}): LoadReport {
  checkBag(options, OPTIONS, '', 'loadReport');
  const { path = '/health', bytesPerSecond, sample = processLoad(), now = () => performance.now() } = options;
  const { concurrency } = options;
  const meter = bytesPerSecond === undefined ? undefined : new TrafficMeter();
  let sampledAt = now();
  let requests = 0;
  let load = measured(sample, meter && 0);
  let metrics = orcaText(load, 0, concurrency);

  function refresh(): void {
    const elapsedMs = now() - sampledAt;
    if (!(elapsedMs >= SAMPLE_MS)) return;
    sampledAt += elapsedMs;
    const network = meter && (meter.readAndReset() * 1_000) / elapsedMs / (bytesPerSecond as number);
    load = measured(sample, network);
    metrics = orcaText(load, (requests * 1_000) / elapsedMs, concurrency);
    requests = 0;
  }

  return (request, response, next) => {
    meter?.watch(request.socket);
    refresh();
    const { method, url = '' } = request;
    if ((method === 'GET' || method === 'HEAD') && pathOf(url) === path) {
      respond(response, method, JSON.stringify({ status: 'ok', ...load, concurrency }));
      return true;
    }
    requests++;
    if (!response.headersSent) response.setHeader('endpoint-load-metrics', metrics);
    next?.();
    return false;
  };
}

function respond(response: ServerResponse, method: string, body: string): void {
  response.writeHead(200, {
    'cache-control': 'no-store',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(method === 'HEAD' ? undefined : body);
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** The valid values of a sample, limited to 0 to 1 and rounded to four digits. */
function measured(sample: () => LoadSample, network: number | undefined): LoadSample {
  const sampled = sampleOrNothing(sample);
  const uses = { ...sampled, network: sampled?.network ?? network };
  const load: { -readonly [Resource in keyof LoadSample]: number } = {};
  for (const resource of RESOURCES) {
    const use = uses[resource];
    if (typeof use !== 'number' || Number.isNaN(use)) continue;
    load[resource] = rounded(Math.min(1, Math.max(0, use)));
  }
  return load;
}

/** A sampler that throws must not break the server. Then the sample is empty. */
function sampleOrNothing(sample: () => LoadSample): LoadSample {
  try {
    return sample();
  } catch {
    return {};
  }
}

/**
 * The application utilization is that of the most used resource. Balancers that follow gRPC A58 need the
 * requests a second, too.
 */
function orcaText(load: LoadSample, requestsPerSecond: number, concurrency: number | undefined): string {
  const uses = Object.values(load);
  const metrics: [string, number | undefined][] = [
    ['cpu_utilization', load.cpu],
    ['mem_utilization', load.memory],
    ['application_utilization', uses.length === 0 ? undefined : Math.max(...uses)],
    ['rps_fractional', rounded(requestsPerSecond)],
    ['named_metrics.concurrency', concurrency],
  ];
  const known = metrics.filter(([, value]) => value !== undefined);
  return `TEXT ${known.map(([name, value]) => `${name}=${value}`).join(',')}`;
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
