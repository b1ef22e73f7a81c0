/** What came of the audit. */
export interface RetryVerdict {
  readonly retries: number;
  /** Retries that were begun with no room left in the budget: there must be none. */
  readonly broken: number;
  /** Most retries in flight at a time. */
  readonly most: number;
  /** Retries that began when the floor alone would not have allowed them. */
  readonly aboveFloor: number;
}

const FLOOR = 3;
const RATIO = 0.2;

/** A retry, from the moment it is decided, before its wait, to the end of its attempt. */
interface Retry {
  readonly begin: number;
  readonly requestsInFlight: number;
  end: number;
}

/**
 * Holds the retries against their budget: `max(3, 20 % of requests in flight)` at every moment at which one
 * is decided. That moment is the end of the attempt before; whether a retry follows shows only later, so that
 * all is added up in the end. Moments are numbers of events.
 */
export class RetryAudit {
  readonly #retries: Retry[] = [];

  /** A retry was sent. @returns how to say that its attempt has ended */
  began(decidedAt: number, requestsInFlight: number): (endedAt: number) => void {
    const retry: Retry = { begin: decidedAt, requestsInFlight, end: Number.POSITIVE_INFINITY };
    this.#retries.push(retry);
    return (endedAt) => {
      retry.end = endedAt;
    };
  }

  verdict(): RetryVerdict {
    const begins = [...this.#retries].sort((a, b) => a.begin - b.begin);
    const ends = this.#retries.map(({ end }) => end).sort((a, b) => a - b);
    let ended = 0;
    let broken = 0;
    let most = 0;
    let aboveFloor = 0;
    for (const [i, { begin, requestsInFlight }] of begins.entries()) {
      // An attempt that ends leaves the budget before the next is decided in the same event.
      while ((ends[ended] as number) <= begin) ended++;
      const inFlight = i + 1 - ended;
      most = Math.max(most, inFlight);
      if (inFlight > FLOOR) aboveFloor++;
      if (inFlight > Math.max(FLOOR, RATIO * requestsInFlight)) broken++;
    }
    return { retries: begins.length, broken, most, aboveFloor };
  }
}
