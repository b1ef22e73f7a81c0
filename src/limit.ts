// What can end a request, or one attempt of it, early: the client leaves, or the time is up.

import { abortError } from './deadline.ts';
import type { DeadlineQueue, Deadlines, Expiring } from './deadlines.ts';
import { UpstreamTimeoutError } from './errors.ts';

/** As much of an `AbortSignal` as waits need. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The conditions of a {@link Limit}. */
export interface LimitConditions {
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** A limit of the work that this work is part of. It may have one part at a time. */
  readonly whole?: Limit | undefined;
}

/**
 * Stops some work when the client leaves, the time is up or the whole stops, whichever is first. An
 * `AbortSignal` costs more than all the rest of a request, so it is only made for a reader of `signal`.
 */
export class Limit implements Expiring, StopSignal {
  /** Why the work was stopped. */
  reason: Error | undefined = undefined;
  /** Called once when the work is stopped, after the signal. */
  stopped: ((reason: Error) => void) | undefined = undefined;
  expiresAt = 0;
  queue: DeadlineQueue | undefined = undefined;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;
  readonly #deadlines: Deadlines;
  readonly #conditions: LimitConditions;
  #controller: AbortController | undefined;
  #part: Limit | undefined;
  #isOver = false;

  constructor(deadlines: Deadlines, conditions: LimitConditions) {
    this.#deadlines = deadlines;
    this.#conditions = conditions;
    const { signal, timeoutMs, whole } = conditions;
    if (whole !== undefined) whole.#part = this;
    if (whole?.reason !== undefined) this.stop(whole.reason);
    else if (signal?.aborted) this.stop(abortError(signal));
    else {
      signal?.addEventListener('abort', this);
      if (timeoutMs !== undefined) deadlines.add(this, timeoutMs);
    }
  }

  /** Aborts when the work is stopped, with an `Error` as its reason. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.reason !== undefined) this.#controller.abort(this.reason);
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  addEventListener(type: 'abort', listener: () => void): void {
    this.signal.addEventListener(type, listener);
  }

  removeEventListener(type: 'abort', listener: () => void): void {
    this.signal.removeEventListener(type, listener);
  }

  /** The work has ended: it is not stopped any more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { signal, timeoutMs, whole } = this.#conditions;
    if (timeoutMs !== undefined) this.#deadlines.remove(this);
    signal?.removeEventListener('abort', this);
    if (whole !== undefined && whole.#part === this) whole.#part = undefined;
  }

  stop(reason: Error): void {
    if (this.#isOver) return;
    this.end();
    this.reason = reason;
    this.#controller?.abort(reason);
    this.#part?.stop(reason);
    this.stopped?.(reason);
  }

  /** The time is up. */
  expire(): void {
    this.stop(new UpstreamTimeoutError(`no response within ${this.#conditions.timeoutMs} ms`));
  }

  /** The client's signal has aborted. */
  handleEvent(): void {
    this.stop(abortError(this.#conditions.signal as AbortSignal));
  }
}

/**
 * Waits for some work, at most until a limit stops it.
 * @throws the limit's reason, or the error of the work
 */
export function within<T>(limit: Limit, work: () => T | PromiseLike<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (limit.reason !== undefined) return reject(limit.reason);
    limit.stopped = reject;
    Promise.resolve(work()).then(resolve, reject);
  });
}
