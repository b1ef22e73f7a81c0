import type { GatewayBackendStats } from '../contracts.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** Answers by the first digit of their status. */
export class StatusCounts {
  readonly #counts = new Float64Array(6);

  /** @param status - from 100 to 599 */
  count(status: number): void {
    const digit = (status / 100) | 0;
    this.#counts[digit] = (this.#counts[digit] as number) + 1;
  }

  get counts(): GatewayBackendStats['statuses'] {
    const [, , second = 0, third = 0, fourth = 0, fifth = 0] = this.#counts;
    return { '2xx': second, '3xx': third, '4xx': fourth, '5xx': fifth };
  }
}

/** What a gateway counts of one backend; it outlives changes of the configuration. */
export class BackendMeter {
  readonly statuses = new StatusCounts();
  readonly latency = new LatencyHistogram();
  active = 0;
  requests = 0;
  errors = 0;
  cancelled = 0;
}
