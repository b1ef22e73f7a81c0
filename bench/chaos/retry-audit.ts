// Checks retries against the retry budget.

/** The results of the audit. */
export interface RetryVerdict {
  readonly retries: number;
  /** Retries that began although the budget was used up. There must be none. */
  readonly broken: number;
  /** The most retries in flight at a time. */
  readonly most: number;
  /** Retries that the floor of the budget alone would not have allowed. */
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
 * Checks the retries against their budget: `max(3, 20 % of requests in flight)` at each moment at which a
 * retry is decided. That is the end of the attempt before. Whether a retry follows is known only later, so
 * everything is added up at the end. Moments are numbers of events.
 */
export class RetryAudit {
  readonly #retries: Retry[] = [];

  /** Records a retry that is sent. @returns a function that records the end of its attempt */
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
