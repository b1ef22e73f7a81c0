import { setImmediate } from 'node:timers/promises';

/**
 * Bytes in use after everything that nothing holds on to is gone: objects, and the buffers of typed arrays.
 */
export async function usedBytes(): Promise<number> {
  // The buffers of dead typed arrays are freed beside the main thread, after the collection that found them
  // dead.
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

/** Bytes that one more of what `make` returns keeps in use. */
export async function bytesOf(make: () => unknown): Promise<number> {
  // The first one also pays for compiled code and for what is set up once a process.
  let kept: unknown = make();
  kept = undefined;
  const before = await usedBytes();
  kept = make();
  const after = await usedBytes();
  // Read once more, so that it was still alive when it was measured.
  if (kept === undefined) throw new Error('nothing was made');
  return after - before;
}
