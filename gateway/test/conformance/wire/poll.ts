import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds. Whether it came to hold is the answer. */
export async function until(holds: () => boolean, timeoutMs = 5_000, everyMs = 4): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    await sleep(everyMs);
  }
  return true;
}

/** Waits until a number has not changed for a while. */
export async function untilQuiet(
  measure: () => number,
  quietMs: number,
  timeoutMs = 10_000,
): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  let last = measure();
  let since = performance.now();
  while (performance.now() - since < quietMs && performance.now() < deadline) {
    await sleep(Math.min(quietMs, 10));
    const now = measure();
    if (now !== last) since = performance.now();
    last = now;
  }
  return last;
}

export { sleep };
