/** What happened in a pool. Ids name backends; no event carries a key or a path. */
export type BalancerEvent =
  /** `resumed`: takes requests again, since its drain was ended or its weight is no longer 0. */
  | {
      readonly type: 'added' | 'removed' | 'up' | 'draining' | 'drained' | 'resumed';
      readonly backend: string;
    }
  /** Taken out for its health; `reason` is what whoever did so has said. */
  | { readonly type: 'down'; readonly backend: string; readonly reason?: string | undefined }
  /** Ejected for its failures, for `forMs` milliseconds. */
  | {
      readonly type: 'ejected';
      readonly backend: string;
      readonly reason: 'consecutive failures' | 'success rate';
      readonly forMs: number;
    }
  /** Its ejection is over. */
  | { readonly type: 'returned'; readonly backend: string }
  /** Its circuit breaker has changed. */
  | { readonly type: 'opened' | 'half-open' | 'closed'; readonly backend: string }
  /** More than half of the pool is out, so that health is ignored; or no longer. */
  | { readonly type: 'panic'; readonly panic: boolean }
  /** An entry of the caller's array, or at index -1 the array itself, cannot be used. */
  | { readonly type: 'rejected'; readonly index: number; readonly message: string };

/** Takes events, in the order in which things happened. */
export type BalancerListener = (event: BalancerEvent) => void;

/** Hands events to listeners; one that throws disturbs neither the others nor the pool. */
export class Events {
  readonly #listeners = new Set<BalancerListener>();

  /** @returns a function that ends the subscription */
  subscribe(listener: BalancerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: BalancerEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // A listener only watches.
      }
    }
  }
}
