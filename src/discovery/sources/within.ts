import { type Env, systemEnv } from '../../env.ts';

/**
 * Waits for an answer, but no longer than the limit.
 * @throws Error that says what did not answer
 */
export function within<T>(
  answer: Promise<T>,
  limitMs: number,
  who: string,
  env: Partial<Env> = {},
): Promise<T> {
  const { timers } = { ...systemEnv, ...env };
  return new Promise<T>((resolve, reject) => {
    const cancel = timers.schedule(
      () => reject(new Error(`${who} did not answer within ${limitMs} ms`)),
      limitMs,
      true,
    );
    answer.finally(cancel).then(resolve, reject);
  });
}
