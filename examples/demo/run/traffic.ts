import { setTimeout as sleep } from 'node:timers/promises';

/** How requests are sent. */
export interface Pace {
  readonly perSecond: number;
  readonly maxInFlight: number;
  /** Asked before each request. */
  readonly isOver: (index: number) => boolean;
}

/**
 * Sends requests 0, 1, 2 ... at an even pace, as long as no more than so many are under way: a slow machine
 * sends fewer a second, never more at once. Resolves when the last answer is in.
 */
export async function sendAll(
  { perSecond, maxInFlight, isOver }: Pace,
  send: (index: number) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  let next = 0;
  const sender = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const aheadMs = startedAt + (index * 1000) / perSecond - performance.now();
      if (aheadMs >= 1) await sleep(aheadMs);
      if (isOver(index)) return;
      await send(index);
    }
  };
  await Promise.all(Array.from({ length: maxInFlight }, sender));
}
