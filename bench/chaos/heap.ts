import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Bytes in use after everything that nothing holds on to is gone: objects, and the buffers of typed arrays.
 */
export async function usedAfterCollection(): Promise<number> {
  const collect = collector();
  // The buffers of dead typed arrays are freed beside the main thread, after the collection that found them
  // dead.
  for (let turn = 0; turn < 4; turn++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The garbage collector, also where the process was not started with `--expose-gc`. */
function collector(): () => void {
  if (globalThis.gc !== undefined) return () => globalThis.gc?.();
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
