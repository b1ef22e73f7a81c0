// Statistics of all workers together.
import type { GatewayEvent, GatewayStats } from '../contracts.ts';
import { mergeStats } from '../observation/merged-stats.ts';
import { VERSION } from '../version.ts';
import type { WorkerFleet } from './worker-fleet.ts';
import type { WorkerLink } from './worker-link.ts';

const MAX_EVENTS = 100;

/** Adds the statistics of all workers up, including workers that have ended. */
export class FleetStats {
  readonly #fleet: () => WorkerFleet;
  readonly #startedAt = Date.now();
  readonly #events: GatewayEvent[] = [];
  /** The sum of the last statistics of workers that have ended: totals never decrease. */
  #past: GatewayStats | undefined;
  #isClosing = false;

  constructor(fleet: () => WorkerFleet) {
    this.#fleet = fleet;
  }

  /** Adds an event of a worker. */
  note(type: string, message: string): void {
    this.#events.push({ at: Date.now(), pool: undefined, type, backend: undefined, message });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** Keeps the last statistics of a worker that has ended. */
  keep({ lastStats }: WorkerLink): void {
    if (lastStats === undefined) return;
    // As if both were running: the merge adds pools up only for running workers.
    const parts = this.#past === undefined ? [lastStats] : [{ ...this.#past, workers: 1 }, lastStats];
    this.#past = { ...mergeStats(parts), workers: 0 };
  }

  /** Whether the gateway is ready: at least one worker serves, and it is not closing. */
  get isReady(): boolean {
    return !this.#isClosing && this.#fleet().serving.length > 0;
  }

  /** The gateway is about to stop: from now on it is not ready. */
  close(): void {
    this.#isClosing = true;
  }

  /**
   * Asks all workers. A worker that does not reply in time counts with its last statistics. Ready if at least
   * one worker is ready.
   */
  async read(): Promise<GatewayStats> {
    const fleet = this.#fleet();
    const replies = await Promise.all(fleet.working.map(replyOf));
    // A worker that has ended meanwhile is in the past by now.
    const { working } = fleet;
    const running = replies.flatMap(({ link, stats }) => (working.includes(link) ? (stats ?? []) : []));
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

async function replyOf(link: WorkerLink): Promise<{ link: WorkerLink; stats: GatewayStats | undefined }> {
  return { link, stats: await link.stats().catch(() => link.lastStats) };
}
