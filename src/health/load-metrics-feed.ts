// Feeds the load that backends report in the headers of ordinary responses to a balancer.

import type { Balancer } from '../balancer/balancer.ts';
import type { Response } from '../contracts.ts';
import { type Clock, systemEnv } from '../env.ts';
import { type Bag, bag, checkBag, withDefaults } from '../options/bag.ts';
import { aClock } from '../options/env-bag.ts';
import { aNumber } from '../options/rule.ts';
import type { Backend } from '../strategies/strategy.ts';
import { type IgnoredReports, type LoadMetrics, LoadMetricsReader, utilization } from './load-metrics.ts';

/** Settings of {@link loadMetricsFeed}. */
export interface LoadMetricsFeedOptions {
  /**
   * Reports of a backend are ignored for this long after its first one, in milliseconds.
   * @defaultValue 10,000
   */
  readonly blackoutMs?: number;
  /**
   * After this long without a report, the wait of `blackoutMs` begins again, in milliseconds.
   * @defaultValue 180,000 (three minutes)
   */
  readonly expiryMs?: number;
  /** @defaultValue the platform's clock */
  readonly clock?: Clock;
}

/** What is not given. */
const FEED_DEFAULTS: Required<LoadMetricsFeedOptions> = {
  blackoutMs: 10_000,
  expiryMs: 180_000,
  clock: systemEnv.clock,
};

/** What the options of the feed must be. */
export const FEED: Bag<LoadMetricsFeedOptions> = bag<LoadMetricsFeedOptions>({
  blackoutMs: aNumber('a number of at least 0', (ms) => ms >= 0),
  expiryMs: aNumber('a positive number', (ms) => ms > 0),
  clock: aClock,
});

/** The counters of a {@link LoadMetricsFeed}. */
export interface LoadMetricsFeedStats {
  /** Reports of a load that were passed on to the balancer. */
  readonly reports: number;
  /** Reports that were ignored because they came within `blackoutMs`. */
  readonly blackedOut: number;
  /** Reports that were ignored for other reasons. */
  readonly ignored: IgnoredReports;
}

/** To be called with every response and the backend that sent it. Never throws. O(headers). */
export interface LoadMetricsFeed {
  (backend: Pick<Backend, 'id'>, response: Response): void;
  /** The counters so far. */
  stats(): LoadMetricsFeedStats;
}

/** The times of a backend's first report and of its last one, in milliseconds of the clock. */
interface Reporter {
  readonly since: number;
  last: number;
}

/**
 * Passes the load that backends report in the header `endpoint-load-metrics` of ordinary responses on to a
 * balancer, for the strategy `least-workload`. The load is the application's own utilization if that is above
 * 0, else the utilization of the CPU. Reports of a backend that is new, or was marked up, are ignored for the
 * first ten seconds, as it has had hardly any work. The metric `named_metrics.concurrency` is passed on at
 * once: how many requests the backend can work on at once.
 *
 * @throws RangeError if an option is out of range
 * @see ORCA and gRPC proposals A51 and A58
 */
export function loadMetricsFeed(
  balancer: Pick<Balancer<unknown>, 'has' | 'report' | 'subscribe'>,
  options: LoadMetricsFeedOptions = {},
): LoadMetricsFeed {
  checkBag(options, FEED, '', 'loadMetricsFeed');
  const { blackoutMs, expiryMs, clock } = withDefaults(options, FEED_DEFAULTS);
  const reader = new LoadMetricsReader();
  const reporters = new Map<string, Reporter>();
  let reports = 0;
  let blackedOut = 0;

  balancer.subscribe((event) => {
    if (event.type === 'removed' || event.type === 'up') reporters.delete(event.backend);
  });

  /**
   * Reads the report of a response. A response object of the host may have getters that throw; then there is
   * no report.
   */
  function metricsOf(response: Response): LoadMetrics {
    try {
      return reader.readHeader(response?.headers);
    } catch {
      return {};
    }
  }

  /** Whether a backend has been reporting for at least `blackoutMs`. */
  function isTrusted(id: string): boolean {
    const now = clock.now();
    let reporter = reporters.get(id);
    if (reporter === undefined || now - reporter.last >= expiryMs) {
      reporter = { since: now, last: now };
      reporters.set(id, reporter);
    }
    reporter.last = now;
    return now - reporter.since >= blackoutMs;
  }

  function feed({ id }: Pick<Backend, 'id'>, response: Response): void {
    const metrics = metricsOf(response);
    const use = utilization(metrics);
    if (metrics.concurrency !== undefined && balancer.has(id))
      balancer.report(id, { concurrency: metrics.concurrency });
    // An empty report only returns whether the backend is in the pool. Nothing is kept for removed backends.
    if (use === undefined || !balancer.has(id)) return;
    if (!isTrusted(id)) {
      blackedOut++;
      return;
    }
    balancer.report(id, { utilization: use });
    reports++;
  }

  return Object.assign(feed, { stats: () => ({ reports, blackedOut, ignored: reader.ignored }) });
}
