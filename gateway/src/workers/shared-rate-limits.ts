// Rate limits of all workers, counted in the primary.
import type { RateLimiter } from 'evenkeel';
import { memoryRateLimiter } from 'evenkeel/rate-limit';
import type { RouteRateLimit } from '../contracts.ts';
import { rateLimitOf } from '../routing/route-rate-limit.ts';
import type { WorkerReport } from './messages.ts';
import type { SharedConfig } from './shared-config.ts';
import type { WorkerProcess } from './worker-link.ts';

/** Counts the requests of all workers together. */
export class SharedRateLimits {
  readonly #limiters = new Map<string, RateLimiter>();

  /** Counts the requests that a worker reports. */
  serve(worker: WorkerProcess): void {
    worker.onMessage((message) => {
      const report = message as WorkerReport;
      if (report.type === 'count') void this.#count(worker, report);
    });
  }

  /** Forgets limits that a configuration does not have. */
  follow({ routes = [] }: Pick<SharedConfig, 'routes'>): void {
    const names = new Set(routes.map((route) => rateLimitOf(route)?.name));
    for (const name of this.#limiters.keys()) if (!names.has(name)) this.#limiters.delete(name);
  }

  /** Never rejects. */
  async #count(
    worker: WorkerProcess,
    { id, limit, key }: Extract<WorkerReport, { type: 'count' }>,
  ): Promise<void> {
    const verdict = await this.#limiterOf(limit).take(key);
    worker.send({ counted: id, verdict });
  }

  #limiterOf(limit: RouteRateLimit): RateLimiter {
    let limiter = this.#limiters.get(limit.name);
    if (limiter === undefined) this.#limiters.set(limit.name, (limiter = memoryRateLimiter(limit)));
    return limiter;
  }
}
