import type { GatewayEvent, GatewayStats } from '../contracts.ts';
import { mergeStats } from '../observation/merged-stats.ts';
import { VERSION } from '../version.ts';
import type { WorkerFleet } from './worker-fleet.ts';
import type { WorkerLink } from './worker-link.ts';

const MAX_EVENTS = 100;

/** What is true of all workers together, those that have ended included. */
export class FleetStats {
  readonly #fleet: () => WorkerFleet;
  readonly #startedAt = Date.now();
  readonly #events: GatewayEvent[] = [];
  /** The last words of all workers that have ended, added up, so that totals never go back. */
  #past: GatewayStats | undefined;
  #isClosing = false;

  constructor(fleet: () => WorkerFleet) {
    this.#fleet = fleet;
  }

  /** Notes what happened to a worker. */
  note(type: string, message: string): void {
    this.#events.push({ at: Date.now(), pool: undefined, type, backend: undefined, message });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** Keeps what a worker that has ended was last known to have done. */
  keep({ lastStats }: WorkerLink): void {
    if (lastStats === undefined) return;
    // As if both were running: of those that have ended, pools are not added up.
    const parts = this.#past === undefined ? [lastStats] : [{ ...this.#past, workers: 1 }, lastStats];
    this.#past = { ...mergeStats(parts), workers: 0 };
  }

  /** Whether requests may come: at least one worker serves. */
  get isReady(): boolean {
    return !this.#isClosing && this.#fleet().serving.length > 0;
  }

  /** Says that the gateway is about to stop: it is not ready any more. */
  close(): void {
    this.#isClosing = true;
  }

  /** Asks all workers; of one that does not answer in time, what it last said counts. Ready is what has one worker that is. */
  async read(): Promise<GatewayStats> {
    const fleet = this.#fleet();
    const answers = await Promise.all(fleet.working.map(answerOf));
    // One that has ended meanwhile belongs to the past by now.
    const { working } = fleet;
    const running = answers.flatMap(({ link, stats }) => (working.includes(link) ? (stats ?? []) : []));
    const merged = mergeStats(this.#past === undefined ? running : [...running, this.#past]);
    return {
      ...merged,
      version: VERSION,
      node: process.versions.node,
      workers: fleet.serving.length,
      startedAt: this.#startedAt,
      ready: merged.ready && this.isReady,
      events: [...merged.events, ...this.#events].sort((a, b) => a.at - b.at).slice(-MAX_EVENTS),
    };
  }
}

async function answerOf(link: WorkerLink): Promise<{ link: WorkerLink; stats: GatewayStats | undefined }> {
  return { link, stats: await link.stats().catch(() => link.lastStats) };
}
