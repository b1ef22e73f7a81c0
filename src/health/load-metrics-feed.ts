import type { Balancer } from '../balancer/balancer.ts';
import type { Response } from '../contracts.ts';
import { type Clock, systemEnv } from '../env.ts';
import { shown } from '../shown.ts';
import type { Backend } from '../strategies/strategy.ts';
import { type IgnoredReports, LoadMetricsReader, utilization } from './load-metrics.ts';

/** Settings of {@link loadMetricsFeed}. */
export interface LoadMetricsFeedOptions {
  /** How long a backend must have reported before it is believed, in milliseconds; 0 believes at once. @defaultValue 10,000 */
  readonly blackoutMs?: number;
  /** After how long without a report that wait begins anew, in milliseconds. @defaultValue 180,000 (three minutes) */
  readonly expiryMs?: number;
  /** @defaultValue the platform's clock */
  readonly clock?: Clock;
}

/** What a {@link LoadMetricsFeed} did so far. */
export interface LoadMetricsFeedStats {
  /** Reports that were handed to the balancer. */
  readonly reports: number;
  /** Reports that came too early to be believed. */
  readonly blackedOut: number;
  /** What was left out of account. */
  readonly ignored: IgnoredReports;
}

/** Call it with every answer and the backend that gave it. It never throws. O(headers). */
export interface LoadMetricsFeed {
  (backend: Pick<Backend, 'id'>, response: Response): void;
  /** What it did so far. */
  stats(): LoadMetricsFeedStats;
}

/** Since when a backend has been reporting, and when it last did. */
interface Reporter {
  readonly since: number;
  last: number;
}

/**
 * Hands what backends report of their load in the header `endpoint-load-metrics` of ordinary answers to a balancer, for the
 * strategy `least-workload`: the application's own utilization where it is above 0, else that of the CPU. A backend that is new, or back
 * up, is not believed for the first ten seconds: it has had no work to speak of.
 *
 * @throws RangeError where an option is out of range
 * @see ORCA and gRPC proposals A51 and A58
 */
export function loadMetricsFeed(
  balancer: Pick<Balancer<unknown>, 'report' | 'subscribe'>,
  { blackoutMs = 10_000, expiryMs = 180_000, clock = systemEnv.clock }: LoadMetricsFeedOptions = {},
): LoadMetricsFeed {
  if (!(typeof blackoutMs === 'number' && blackoutMs >= 0))
    throw new RangeError(`blackoutMs must be a number of at least 0, got ${shown(blackoutMs)}`);
  if (!(typeof expiryMs === 'number' && expiryMs > 0))
    throw new RangeError(`expiryMs must be a positive number, got ${shown(expiryMs)}`);
  const reader = new LoadMetricsReader();
  const reporters = new Map<string, Reporter>();
  let reports = 0;
  let blackedOut = 0;

  balancer.subscribe((event) => {
    if (event.type === 'removed' || event.type === 'up') reporters.delete(event.backend);
  });

  /** An answer that throws when it is looked at, as a host's own may, reports nothing. */
  function utilizationOf(response: Response): number | undefined {
    try {
      return utilization(reader.readHeader(response?.headers));
    } catch {
      return undefined;
    }
  }

  /** Whether a backend has reported for long enough. */
  function isBelieved(id: string): boolean {
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
    const use = utilizationOf(response);
    // An empty report asks whether the backend is still there: nothing is kept for one that left.
    if (use === undefined || !balancer.report(id, {})) return;
    if (!isBelieved(id)) {
      blackedOut++;
      return;
    }
    balancer.report(id, { utilization: use });
    reports++;
  }

  return Object.assign(feed, { stats: () => ({ reports, blackedOut, ignored: reader.ignored }) });
}
