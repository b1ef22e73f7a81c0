// Measures the heap.

import { setImmediate } from 'node:timers/promises';

/**
 * Bytes in use after a garbage collection: objects, and the buffers of typed arrays.
 */
export async function usedBytes(): Promise<number> {
  // Another thread frees the buffers of dead typed arrays, after the collection that found them.
  for (let turn = 0; turn < 4; turn++) {
    collectGarbage();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Collects all garbage now. */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('memory can only be measured with --expose-gc');
  globalThis.gc();
}

/** Bytes in use by one more result of `make`. */
export async function bytesOf(make: () => unknown): Promise<number> {
  // The first call also allocates compiled code and other things that exist once in a process.
  let kept: unknown = make();
  kept = undefined;
  const before = await usedBytes();
  kept = make();
  const after = await usedBytes();
  // Used once more, so that the result was alive during the measurement.
  if (kept === undefined) throw new Error('nothing was made');
  return after - before;
}
