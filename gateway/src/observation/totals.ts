// What a gateway counts of all requests together.
import { StatusCounts } from './backend-meter.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** How a request ended. */
export interface Ending {
  /** 499 if the client left. */
  readonly status: number;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** The code of the gateway's own response. */
  readonly code: string | undefined;
}

/** Counts all requests of a gateway. */
export class Totals {
  readonly statuses = new StatusCounts();
  readonly latency = new LatencyHistogram();
  requests = 0;
  inFlight = 0;
  cancelled = 0;
  rateLimited = 0;
  bytesReceived = 0;
  bytesSent = 0;
  readonly #errors = new Map<string, number>();

  /** Counts a response of the gateway itself. */
  refused(code: string): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  /** Counts the end of a request. The life of a tunnel is not a latency. */
  ended({ status, durationMs, bytesReceived, bytesSent }: Ending): void {
    this.inFlight--;
    if (status === 499) this.cancelled++;
    else if (status >= 200) this.statuses.count(status);
    if (status !== 101) this.latency.record(durationMs);
    this.bytesReceived += bytesReceived;
    this.bytesSent += bytesSent;
  }

  /** Responses of the gateway itself, by the code of the error. */
  get errors(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#errors);
  }
}
