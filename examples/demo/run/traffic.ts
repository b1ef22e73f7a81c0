// Sends requests at a constant rate.

import { setTimeout as sleep } from 'node:timers/promises';

/** The settings of the traffic. */
export interface Pace {
  readonly perSecond: number;
  readonly maxInFlight: number;
  /** Called before each request. */
  readonly isOver: (index: number) => boolean;
}

/**
 * Sends requests 0, 1, 2 ... at a constant rate, with a limit on the requests in flight: a slow machine sends
 * fewer a second. Resolves after the last response.
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
