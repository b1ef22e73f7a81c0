// Tells the first requests of a run one by one.
import type { AttemptOutcome, Trace } from './result.ts';

/** Writes the trace of a run. */
export class TraceWriter {
  readonly #limit: number;
  readonly #atMs: number[] = [];
  readonly #endMs: number[] = [];
  readonly #keys: number[] = [];
  readonly #balancers: number[] = [];
  readonly #statuses: number[] = [];
  readonly #requests: number[] = [];
  readonly #backends: number[] = [];
  readonly #sentMs: number[] = [];
  readonly #startMs: number[] = [];
  readonly #doneMs: number[] = [];
  readonly #outcomes: AttemptOutcome[] = [];

  /** @param limit - how many requests are told */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Notes a request, if it is to be told. @param number - its place among all, from 0 */
  began(number: number, atMs: number, key: number, balancer: number): void {
    if (number >= this.#limit) return;
    this.#atMs[number] = atMs;
    this.#endMs[number] = atMs;
    this.#keys[number] = key;
    this.#balancers[number] = balancer;
    this.#statuses[number] = 0;
  }

  /** Notes the end of a request. */
  ended(number: number, atMs: number, status: number): void {
    if (number >= this.#limit) return;
    this.#endMs[number] = atMs;
    this.#statuses[number] = status;
  }

  /** Notes an attempt. @returns its number; -1 if it is not told */
  sent(request: number, backend: number, atMs: number): number {
    if (request >= this.#limit) return -1;
    this.#requests.push(request);
    this.#backends.push(backend);
    this.#sentMs.push(atMs);
    this.#startMs.push(atMs);
    this.#doneMs.push(atMs);
    return this.#outcomes.push('open') - 1;
  }

  /** Notes how an attempt ended. */
  done(attempt: number, startMs: number, atMs: number, outcome: AttemptOutcome): void {
    if (attempt < 0) return;
    this.#startMs[attempt] = Number.isNaN(startMs) ? atMs : startMs;
    this.#doneMs[attempt] = atMs;
    this.#outcomes[attempt] = outcome;
  }

  /** Closes what is open. */
  trace(endMs: number): Trace {
    for (const [i, outcome] of this.#outcomes.entries()) if (outcome === 'open') this.#doneMs[i] = endMs;
    for (const [i, status] of this.#statuses.entries()) if (status === 0) this.#endMs[i] = endMs;
    return {
      requests: {
        atMs: this.#atMs,
        endMs: this.#endMs,
        key: this.#keys,
        balancer: this.#balancers,
        status: this.#statuses,
      },
      attempts: {
        request: this.#requests,
        backend: this.#backends,
        atMs: this.#sentMs,
        startMs: this.#startMs,
        endMs: this.#doneMs,
        outcome: this.#outcomes,
      },
    };
  }
}
