import type { Backend } from '../strategies/strategy.ts';

/**
 * A change in a pool. Backends are named by id; no event carries a key or a path, as these may be private.
 */
export type BalancerEvent =
  /** `resumed`: the backend gets requests again, because its drain was ended or its weight is no longer 0. */
  | {
      readonly type: 'added' | 'removed' | 'up' | 'draining' | 'drained' | 'resumed';
      readonly backend: string;
    }
  /** Marked down; `reason` is the one passed to `markDown`. */
  | { readonly type: 'down'; readonly backend: string; readonly reason?: string | undefined }
  /** Ejected because of its failures, for `forMs` milliseconds. */
  | {
      readonly type: 'ejected';
      readonly backend: string;
      readonly reason: 'consecutive failures' | 'success rate';
      readonly forMs: number;
    }
  /** The backend's ejection ended. */
  | { readonly type: 'returned'; readonly backend: string }
  /** The backend's circuit breaker changed to this state. */
  | { readonly type: 'opened' | 'half-open' | 'closed'; readonly backend: string }
  /**
   * A crisis began (`true`) or ended (`false`): less than half of the weight in service is well, so that
   * unhealthy backends are tried with single requests.
   */
  | { readonly type: 'crisis'; readonly crisis: boolean }
  /** One request is sent to an unhealthy backend, to see whether it works. */
  | { readonly type: 'trial'; readonly backend: string }
  /**
   * Panic began (`true`) or ended (`false`): while it lasts, health is ignored because too much of the pool
   * is unhealthy.
   */
  | { readonly type: 'panic'; readonly panic: boolean }
  /**
   * With strict affinity: a key had to leave the backend `from`, which is down, ejected, draining or removed,
   * and goes to `to` from now on. `hash` is the hash of the key, as `explain` has it.
   */
  | { readonly type: 'moved'; readonly hash: number; readonly from: string; readonly to: string }
  /** A mistake of the host that shows while requests run, such as a key that is no string; each once. */
  | { readonly type: 'warning'; readonly message: string }
  /**
   * An entry of the caller's array is invalid and is left out; or, at index -1, the array itself cannot be
   * read.
   */
  | { readonly type: 'rejected'; readonly index: number; readonly message: string };

/** Receives events in the order in which they happened. */
export type BalancerListener = (event: BalancerEvent) => void;

/** Passes events to listeners. A listener that throws affects neither the other listeners nor the pool. */
export class Events {
  readonly #listeners = new Set<BalancerListener>();
  readonly #warnings = new Set<string>();

  /** @returns a function that ends the subscription */
  subscribe(listener: BalancerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Emits a warning, each message once. @param message - one of few: it holds no key and no path */
  readonly warn = (message: string): void => {
    if (this.#warnings.has(message)) return;
    this.#warnings.add(message);
    this.emit({ type: 'warning', message });
  };

  /** Tells that a key of strict affinity had to leave its backend. */
  readonly moved = (hash: number, from: Backend, to: Backend): void => {
    if (this.#listeners.size > 0) this.emit({ type: 'moved', hash, from: from.id, to: to.id });
  };

  emit(event: BalancerEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // The pool has changed already; an observer must not undo that.
      }
    }
  }
}
