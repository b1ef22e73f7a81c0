import type { GatewayEvent } from './event-log.ts';

const MAX_EVENTS = 100;
/** Within how many milliseconds workers tell of the same thing. */
const SAME_MS = 1_000;

interface Told {
  readonly event: GatewayEvent;
  /** The workers that told of it, by their number. */
  readonly workers: Set<number>;
}

/**
 * The last events of several workers, oldest first. What several of them tell within a second is one event: the pool, the type and the backend
 * decide, since the words may hold each worker's own figures. Two events of one worker stay two.
 */
export function mergedEvents(workers: readonly (readonly GatewayEvent[])[]): GatewayEvent[] {
  const all = workers
    .flatMap((events, worker) => events.map((event) => ({ event, worker })))
    .sort((a, b) => a.event.at - b.event.at);
  const merged: GatewayEvent[] = [];
  const recent = new Map<string, Told[]>();
  for (const { event, worker } of all) {
    const what = JSON.stringify([event.pool, event.type, event.backend]);
    const told = (recent.get(what) ?? []).filter((earlier) => event.at - earlier.event.at <= SAME_MS);
    const same = told.find((earlier) => !earlier.workers.has(worker));
    if (same === undefined) {
      merged.push(event);
      told.push({ event, workers: new Set([worker]) });
    } else same.workers.add(worker);
    recent.set(what, told);
  }
  return merged.slice(-MAX_EVENTS);
}
