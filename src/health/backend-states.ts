import type { GuardControl } from '../balancer/guard.ts';
import type { Backend } from '../strategies/strategy.ts';

/**
 * The state that a guard keeps for each backend, from its first lease until it is removed from the pool.
 * Look-ups are by slot: O(1), without hashing. A state is found only for the very backend that it was created
 * for: not for another one that reuses the slot, and not for a lease that ends after its backend was removed.
 */
export class BackendStates<S extends { readonly backend: Backend }> implements Iterable<S> {
  readonly #bySlot: (S | undefined)[] = [];
  readonly #make: (backend: Backend) => S;

  /** @param left - called with the state of a backend that was removed from the pool */
  constructor(control: GuardControl, make: (backend: Backend) => S, left?: (state: S) => void) {
    this.#make = make;
    control.subscribe((event) => {
      if (event.type !== 'removed') return;
      const state = this.#remove(event.backend);
      if (state !== undefined) left?.(state);
    });
  }

  /** The state of a backend; `undefined` if there is none. */
  of(backend: Backend): S | undefined {
    const state = this.#bySlot[backend.slot];
    return state?.backend === backend ? state : undefined;
  }

  /** The state of a backend of the pool; created if there is none. */
  ensure(backend: Backend): S {
    return this.of(backend) ?? (this.#bySlot[backend.slot] = this.#make(backend));
  }

  *[Symbol.iterator](): Iterator<S> {
    for (const state of this.#bySlot) if (state !== undefined) yield state;
  }

  #remove(id: string): S | undefined {
    const slot = this.#bySlot.findIndex((state) => state?.backend.id === id);
    const state = this.#bySlot[slot];
    if (state !== undefined) this.#bySlot[slot] = undefined;
    return state;
  }
}
