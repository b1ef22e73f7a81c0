import type { Balancer, Explanation, Request } from 'evenkeel';
import type { Admissions } from './way.ts';

/** Checks every admission against the bounds that `explain` reported for it. */
export class BoundsWatch implements Admissions {
  checked = 0;
  broken = 0;

  /**
   * To be called right after the admission of a request.
   * @param explanation - the explanation of the request just before
   */
  check({ owner, picked, remembered, candidates }: Explanation, balancer: Balancer<Request>): void {
    if (owner === undefined) return;
    this.checked++;
    const isBroken = candidates.some(({ id, flightLimit, keyLimit }) => {
      const backend = balancer.backends.find((other) => other.id === id);
      if (backend === undefined) return false;
      const isTooBusy = id === picked && backend.inFlight > flightLimit;
      const hasTooManyKeys = id === owner && !remembered && backend.keys > keyLimit;
      return isTooBusy || hasTooManyKeys;
    });
    if (isBroken) this.broken++;
  }
}
