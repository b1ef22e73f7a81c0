import type { Timers } from './env.ts';
import { CancelledError, UpstreamTimeoutError } from './errors.ts';
import { shown } from './shown.ts';

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

/** A signal of our own, and what ends its waiting for the client and the clock. */
export interface LimitedSignal {
  readonly signal: AbortSignal;
  /** Takes back the timer and the listener; the signal is not aborted any more. */
  dispose(): void;
}

/** A signal that aborts when the client leaves or the time is up, whichever is first, with an `Error` that says which. */
export function limitedSignal({ signal, timeoutMs, timers }: Deadline): LimitedSignal {
  const controller = new AbortController();
  const stop = (reason: Error) => {
    dispose();
    controller.abort(reason);
  };
  const leave = () => stop(abortError(signal as AbortSignal));
  const cancelTimer =
    timeoutMs === undefined
      ? undefined
      : timers.schedule(() => stop(new UpstreamTimeoutError(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const dispose = () => {
    cancelTimer?.();
    signal?.removeEventListener('abort', leave);
  };
  if (signal?.aborted) leave();
  else signal?.addEventListener('abort', leave);
  return { signal: controller.signal, dispose };
}

/**
 * Does some work until it ends, the client leaves or the time is up, whichever is first. Work that ignores its signal is left
 * behind, and what becomes of it is of no interest any more.
 *
 * @throws UpstreamTimeoutError when the time is up; the signal's reason, as an `Error`, when the client left; else what the work throws
 */
export function withDeadline<T>(work: (signal: AbortSignal) => Promise<T>, deadline: Deadline): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const { signal, dispose } = limitedSignal(deadline);
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    // The executor turns a synchronous throw into a rejection.
    new Promise<T>((done) => done(work(signal))).finally(dispose).then(resolve, reject);
  });
}

/** Waits. @throws the signal's reason, as an `Error`, when the client leaves */
export function pause(delayMs: number, timers: Timers, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const leave = () => {
      cancelTimer();
      reject(abortError(signal as AbortSignal));
    };
    const cancelTimer = timers.schedule(() => {
      signal?.removeEventListener('abort', leave);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', leave, { once: true });
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
