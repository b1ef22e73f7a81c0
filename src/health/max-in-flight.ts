import type { GuardFactory } from '../balancer/guard.ts';
import { isSurroundings, notCalled } from '../options/bag.ts';
import { anInteger, checkRule } from '../options/rule.ts';

/**
 * A guard that limits the requests in flight of each backend. A backend at the limit is full, not unhealthy:
 * requests may wait for it, and panic does not override the limit. O(1) for each lease.
 *
 * @param limit - the most requests that one backend may have in flight, an integer of at least 1
 * @throws RangeError if `limit` is anything else
 */
export function maxInFlight(limit: number): GuardFactory {
  if (isSurroundings(limit)) throw notCalled('maxInFlight');
  checkRule(anInteger(1), limit, 'maxInFlight');
  return (control) => {
    const guard = {
      isHealth: false,
      isBusy: true,
      dueAt: Number.POSITIVE_INFINITY,
      advance() {
        guard.dueAt = Number.POSITIVE_INFINITY;
        for (const backend of control.backends) control.bar(backend, backend.inFlight >= limit);
      },
      started({ backend }) {
        if (backend.inFlight >= limit) control.bar(backend, true);
      },
      finished({ backend }) {
        // The number in flight falls by one at a time, so it passes the limit exactly here.
        if (backend.inFlight === limit - 1) control.bar(backend, false);
      },
      verdict: (backend) => `full ${backend.inFlight}/${limit}`,
    } satisfies ReturnType<GuardFactory>;
    control.subscribe((event) => {
      // A backend that was removed and added again may still have leases.
      if (event.type === 'added') guard.dueAt = Number.NEGATIVE_INFINITY;
    });
    return guard;
  };
}
