// Says which id was probably meant by one that is not in the pool.

import { nearestHint } from '../options/rule.ts';

/** In pools of up to this many, an unknown id is compared with the known ones: that takes 20 us for each. */
const COMPARED = 256;

/** For the end of an error message: `; did you mean "cache-1"?`, or nothing. */
export function nearIdHint(id: unknown, ids: readonly string[]): string {
  return ids.length > COMPARED ? '' : nearestHint(id, ids);
}
