import type { GuardFactory } from '../balancer/guard.ts';
import { assertOption } from '../balancer/options.ts';

/**
 * Lets no backend have more than so many requests in flight: one that has them is full, not unhealthy, so that it is worth to
 * wait for it, and panic does not ignore it. O(1) a lease.
 *
 * @param limit - the most requests that one backend may have in flight, an integer of at least 1
 * @throws RangeError where `limit` is anything else
 */
export function maxInFlight(limit: number): GuardFactory {
  assertOption(Number.isSafeInteger(limit) && limit >= 1, 'maxInFlight', 'an integer of at least 1', limit);
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
        // In flight falls by one at a time: only here it falls below the limit.
        if (backend.inFlight === limit - 1) control.bar(backend, false);
      },
      verdict: (backend) => `full ${backend.inFlight}/${limit}`,
    } satisfies ReturnType<GuardFactory>;
    control.subscribe((event) => {
      // A backend that left with leases and came back still has them.
      if (event.type === 'added') guard.dueAt = Number.NEGATIVE_INFINITY;
    });
    return guard;
  };
}
