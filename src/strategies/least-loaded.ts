import type { Backend, Eligible } from './strategy.ts';

/**
 * The eligible backend with the least load relative to its weight: by requests in flight, then by remembered
 * keys, then by id. The last resort of the strategies that jump. O(backends).
 */
export function leastLoaded(backends: readonly Backend[], eligible: Eligible): Backend | undefined {
  let best: Backend | undefined;
  for (const backend of backends) {
    if (eligible(backend) && (best === undefined || isLessLoaded(backend, best))) best = backend;
  }
  return best;
}

function isLessLoaded(a: Backend, b: Backend): boolean {
  const byRequests = a.inFlight * b.weight - b.inFlight * a.weight;
  if (byRequests !== 0) return byRequests < 0;
  const byKeys = a.keys * b.weight - b.keys * a.weight;
  if (byKeys !== 0) return byKeys < 0;
  return a.id < b.id;
}
