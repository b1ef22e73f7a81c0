import type { GatewayEvent, GatewayStats } from '../contracts.ts';
import type { WorkerFleet } from './worker-fleet.ts';
import type { WorkerLink } from './worker-link.ts';

const MAX_EVENTS = 100;

/** What is true of all workers together. */
export class FleetStats {
  readonly #fleet: () => WorkerFleet;
  readonly #merge: (workers: readonly GatewayStats[]) => GatewayStats;
  readonly #events: GatewayEvent[] = [];
  readonly #startedAt: number;
  #isClosing = false;

  /** @param merge - adds the statistics of several workers up */
  constructor(fleet: () => WorkerFleet, merge: (workers: readonly GatewayStats[]) => GatewayStats) {
    this.#fleet = fleet;
    this.#merge = merge;
    this.#startedAt = Date.now();
  }

  /** Notes what happened to a worker. */
  note(type: string, message: string): void {
    this.#events.push({ at: Date.now(), pool: undefined, type, backend: undefined, message });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** Says that the gateway is about to stop: it is not ready any more. */
  close(): void {
    this.#isClosing = true;
  }

  /** Asks all workers. Ready is what has at least one worker that is. */
  async read(): Promise<GatewayStats> {
    const { serving } = this.#fleet();
    const answers = await Promise.all(serving.map(askStats));
    const merged = this.#merge(answers.filter((answer) => answer !== undefined));
    const events = [...merged.events, ...this.#events].sort((a, b) => a.at - b.at).slice(-MAX_EVENTS);
    const ready = merged.ready && !this.#isClosing && serving.length > 0;
    return { ...merged, workers: serving.length, startedAt: this.#startedAt, ready, events };
  }
}

async function askStats(link: WorkerLink): Promise<GatewayStats | undefined> {
  return link.stats().catch(() => link.lastStats);
}
