// Rate limits of a worker, counted by the primary.
import type { RateLimitVerdict } from 'evenkeel';
import { insuredRateLimiter, memoryRateLimiter } from 'evenkeel/rate-limit';
import type { RateLimiterFactory, RouteRateLimit } from '../contracts.ts';
import type { Counted, PrimaryPort } from './messages.ts';

/**
 * Lets the primary count requests for all workers together. While it does not reply, the worker counts its
 * own.
 */
export class PrimaryRateLimits {
  readonly #port: PrimaryPort;
  readonly #waiting = new Map<number, (verdict: RateLimitVerdict) => void>();
  #asked = 0;

  constructor(port: PrimaryPort) {
    this.#port = port;
  }

  readonly limiter: RateLimiterFactory = (limit) =>
    insuredRateLimiter({ take: (key) => this.#ask(limit, key), insurance: memoryRateLimiter(limit) });

  /** Takes the reply of the primary. */
  took({ counted, verdict }: Counted): void {
    this.#waiting.get(counted)?.(verdict);
    this.#waiting.delete(counted);
  }

  #ask(limit: RouteRateLimit, key: string): Promise<RateLimitVerdict> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      // Stays until the reply: a worker does not outlive its primary.
      this.#waiting.set(id, resolve);
      this.#port.send({ type: 'count', id, limit, key });
    });
  }
}
