// Measures the heap.

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Bytes in use after a garbage collection: objects, and the buffers of typed arrays.
 */
export async function usedAfterCollection(): Promise<number> {
  const collect = collector();
  // Another thread frees the buffers of dead typed arrays, after the collection that found them.
  for (let turn = 0; turn < 4; turn++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The garbage collector, even if the process was started without `--expose-gc`. */
function collector(): () => void {
  if (globalThis.gc !== undefined) return () => globalThis.gc?.();
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
