import { shown } from '../balancer/address.ts';
import type { Timers } from '../env.ts';
import { CancelledError, UpstreamTimeoutError } from '../errors.ts';

/** The longest delay that platform timers can hold; a longer one would fire at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** What ends some work early. */
export interface Deadline {
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for all of the work. */
  readonly timeoutMs?: number | undefined;
  readonly timers: Timers;
}

/**
 * Does some work until it ends, the client leaves or the time is up, whichever is first. Work that ignores its signal is left
 * behind, and what becomes of it is of no interest any more.
 *
 * @throws UpstreamTimeoutError when the time is up; the signal's reason, as an `Error`, when the client left; else what the work throws
 */
export function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { signal, timeoutMs, timers }: Deadline,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    const leave = () => stop(abortError(signal as AbortSignal));
    const cancelTimer =
      timeoutMs === undefined
        ? undefined
        : timers.schedule(
            () => stop(new UpstreamTimeoutError(`no answer within ${timeoutMs} ms`)),
            timeoutMs,
          );
    const tidy = () => {
      cancelTimer?.();
      signal?.removeEventListener('abort', leave);
    };
    const stop = (error: Error) => {
      tidy();
      reject(error);
      controller.abort(error);
    };
    if (signal?.aborted) return leave();
    signal?.addEventListener('abort', leave);
    // The executor turns a synchronous throw into a rejection.
    new Promise<T>((done) => done(work(controller.signal))).finally(tidy).then(resolve, reject);
  });
}

/** Why a signal was aborted, as an `Error`. */
export function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new CancelledError(undefined, { cause: reason });
}

/** @throws RangeError where a timeout is not a number of milliseconds that timers can hold */
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
