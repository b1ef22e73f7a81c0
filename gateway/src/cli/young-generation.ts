// The memory that new objects are put into.

import { setFlagsFromString } from 'node:v8';

/** The next size over the one before. V8 asks for it each time. */
export const NO_GROWTH = '--semi-space-growth-factor=1';

/**
 * Leaves V8's young generation as large as the start of the program has made it: 8 MiB for each half. V8
 * doubles it until it is at its limit, 16 MiB (32 in Node 24), however little survives in it; but the objects
 * of a request live for a fraction of that, and memory that is used again sooner is still in the processor's
 * cache. The price: of some thousand requests at the same time more objects become old before they are
 * unused.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString(NO_GROWTH);
}
