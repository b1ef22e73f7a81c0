// Makes one list of the last events of several workers.
import type { GatewayEvent } from './event-log.ts';

const MAX_EVENTS = 100;
/** Workers report the same event within this many milliseconds. */
const SAME_MS = 1_000;

interface Told {
  readonly event: GatewayEvent;
  /** The numbers of the workers that reported it. */
  readonly workers: Set<number>;
}

/**
 * The last events of several workers, oldest first. The same pool, type and backend within a second, from
 * different workers, is one event: messages may differ, since each worker has figures of its own. Two events
 * of one worker stay two.
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
