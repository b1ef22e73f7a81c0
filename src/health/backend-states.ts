import type { GuardControl } from '../balancer/guard.ts';
import type { Backend } from '../strategies/strategy.ts';

/**
 * What a guard keeps of each backend, from its first lease until it leaves the pool. Looked up by slot: O(1), and without
 * hashing. A slot may have passed to another backend, and leases may end after their backend has left: neither finds a state.
 */
export class BackendStates<S extends { readonly backend: Backend }> implements Iterable<S> {
  readonly #bySlot: (S | undefined)[] = [];
  readonly #make: (backend: Backend) => S;

  /** @param left - told what was kept of a backend that has left the pool */
  constructor(control: GuardControl, make: (backend: Backend) => S, left?: (state: S) => void) {
    this.#make = make;
    control.subscribe((event) => {
      if (event.type !== 'removed') return;
      const state = this.#remove(event.backend);
      if (state !== undefined) left?.(state);
    });
  }

  /** What is kept of a backend; `undefined` where nothing is. */
  of(backend: Backend): S | undefined {
    const state = this.#bySlot[backend.slot];
    return state?.backend === backend ? state : undefined;
  }

  /** What is kept of a member of the pool, from now on where nothing was. */
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
