// The guard `maxAwaiting`: limits the requests that wait for the head of a backend's response.
import type { Guard, GuardControl, GuardFactory, GuardLease } from '../balancer/guard.ts';
import { isSurroundings, notCalled } from '../options/bag.ts';
import { anInteger, checkRule } from '../options/rule.ts';
import type { Backend } from '../strategies/strategy.ts';

/**
 * A guard that limits, for each backend, the requests for which the head of a response has not come. Long
 * downloads, event streams and tunnels do not count once they have begun, so that a low limit shows that a
 * backend is too slow for its load, and keeps it from being given more. A backend at the limit is full, not
 * unhealthy: requests may wait for it, and panic does not override the limit. A shell that does not tell of
 * heads (`Lease.responded`) has them with the end of the lease. O(1) for each lease.
 *
 * @param limit - the most requests that may wait at one backend, an integer of at least 1
 * @throws RangeError if `limit` is anything else
 */
export function maxAwaiting(limit: number): GuardFactory {
  if (isSurroundings(limit)) throw notCalled('maxAwaiting');
  checkRule(anInteger(1), limit, 'maxAwaiting');
  return (control) => new MaxAwaiting(control, limit);
}

interface Awaiting {
  readonly backend: Backend;
  count: number;
}

class MaxAwaiting implements Guard {
  readonly isHealth = false;
  readonly isBusy = true;
  dueAt = Number.POSITIVE_INFINITY;
  /**
   * By slot. A backend that leaves the pool keeps its slot and its count until its last lease has ended: it
   * may come back before.
   */
  readonly #bySlot: (Awaiting | undefined)[] = [];
  readonly #control: GuardControl;
  readonly #limit: number;

  constructor(control: GuardControl, limit: number) {
    this.#control = control;
    this.#limit = limit;
    control.subscribe((event) => {
      // A backend that was removed and added again may still have requests that wait.
      if (event.type === 'added') this.dueAt = Number.NEGATIVE_INFINITY;
    });
  }

  advance(): void {
    this.dueAt = Number.POSITIVE_INFINITY;
    for (const backend of this.#control.backends)
      this.#control.bar(backend, this.#of(backend).count >= this.#limit);
  }

  started({ backend }: GuardLease): void {
    const awaiting = this.#of(backend);
    if (++awaiting.count >= this.#limit) this.#control.bar(backend, true);
  }

  responded({ backend }: GuardLease): void {
    this.#ended(backend);
  }

  finished({ backend, status }: GuardLease): void {
    if (status === undefined) this.#ended(backend);
  }

  verdict(backend: Backend): string {
    return `full, ${this.#of(backend).count}/${this.#limit} await a response`;
  }

  #ended(backend: Backend): void {
    const awaiting = this.#of(backend);
    // The number falls by one at a time, so it passes the limit exactly here.
    if (--awaiting.count === this.#limit - 1) this.#control.bar(backend, false);
  }

  #of(backend: Backend): Awaiting {
    const awaiting = this.#bySlot[backend.slot];
    if (awaiting?.backend === backend) return awaiting;
    return (this.#bySlot[backend.slot] = { backend, count: 0 });
  }
}
