// What the gateway itself counts of a backend; the engine counts the rest.
import { LatencyHistogram } from './latency-histogram.ts';
import { StateHistory } from './state-history.ts';

/** Responses by the class of their status. */
export type StatusClasses = Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx', number>>;

/** Counts responses by the class of their status. */
export class StatusCounts {
  /** All together. */
  total = 0;
  readonly #counts = new Float64Array(6);

  /** @param status - from 100 to 999; those above 599 count as 5xx (RFC 9110 section 15) */
  count(status: number): void {
    const digit = Math.min(5, (status / 100) | 0);
    this.total++;
    this.#counts[digit] = (this.#counts[digit] as number) + 1;
  }

  get counts(): StatusClasses {
    const [, , second = 0, third = 0, fourth = 0, fifth = 0] = this.#counts;
    return { '2xx': second, '3xx': third, '4xx': fourth, '5xx': fifth };
  }
}

/** Counts one backend. It outlives changes of the configuration, so that totals go on. */
export class BackendMeter {
  readonly statuses = new StatusCounts();
  readonly latency = new LatencyHistogram();
  readonly states = new StateHistory();
  active = 0;
  requests = 0;
  errors = 0;
  cancelled = 0;
  rejected = 0;
}
