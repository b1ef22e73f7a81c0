// Time limits and cancellation of work: abort signals, timeouts and waits.

import type { Timers } from './env.ts';
import { CancelledError, isError, UpstreamTimeoutError } from './errors.ts';
import { shown } from './shown.ts';

/** The longest delay of platform timers. A timer with a longer one would fire at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The conditions that end some work early. */
export interface Deadline {
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit for the whole work, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  readonly timers: Timers;
}

/** A signal that aborts at a deadline. */
interface LimitedSignal {
  readonly signal: AbortSignal;
  /** Removes the timer and the listener. Afterwards the signal never aborts. */
  dispose(): void;
}

/**
 * A signal that aborts when the client leaves or the time is up, whichever is first. Its reason is an `Error`
 * for the one or the other.
 */
function limitedSignal({ signal, timeoutMs, timers }: Deadline): LimitedSignal {
  const controller = new AbortController();
  const stop = (reason: Error) => {
    dispose();
    controller.abort(reason);
  };
  const leave = () => stop(abortError(signal as AbortSignal));
  const cancelTimer =
    timeoutMs === undefined
      ? undefined
      : timers.schedule(
          () => stop(new UpstreamTimeoutError(`no response within ${timeoutMs} ms`)),
          timeoutMs,
        );
  const dispose = () => {
    cancelTimer?.();
    signal?.removeEventListener('abort', leave);
  };
  if (signal?.aborted) leave();
  else signal?.addEventListener('abort', leave);
  return { signal: controller.signal, dispose };
}

/**
 * Runs some work until it ends, the client leaves or the time is up, whichever is first. The result of work
 * that goes on after that, because it ignores its signal, is discarded.
 *
 * @throws UpstreamTimeoutError if the time is up; the signal's reason, as an `Error`, if the client left;
 * else the error of the work
 */
export function withDeadline<T>(work: (signal: AbortSignal) => Promise<T>, deadline: Deadline): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const { signal, dispose } = limitedSignal(deadline);
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    // The executor turns a synchronous exception into a rejection.
    new Promise<T>((done) => done(work(signal))).finally(dispose).then(resolve, reject);
  });
}

/** The reason of an aborted signal, as an `Error`. */
export function abortError(signal: Pick<AbortSignal, 'reason'>): Error {
  const reason: unknown = signal.reason;
  return isError(reason) ? reason : new CancelledError(undefined, { cause: reason });
}

/**
 * @throws RangeError if a timeout is not a number of milliseconds above 0 and up to {@link MAX_TIMEOUT_MS}
 */
export function checkTimeout(timeoutMs: number | undefined, name: string): void {
  if (
    timeoutMs !== undefined &&
    !(typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)
  ) {
    throw new RangeError(
      `${name} must be a number of milliseconds above 0 and up to ${MAX_TIMEOUT_MS}, got ${shown(timeoutMs)}`,
    );
  }
}
