import { type Env, systemEnv } from '../../env.ts';

/** Waits. Resolves early when the signal aborts. */
export function pause(delayMs: number, signal: AbortSignal, env: Partial<Env> = {}): Promise<void> {
  const { timers } = { ...systemEnv, ...env };
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = timers.schedule(done, delayMs, true);
    signal.addEventListener('abort', done);
  });
}
