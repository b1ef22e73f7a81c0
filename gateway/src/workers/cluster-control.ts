import type { Command, Control, ExplainQuery, GatewayExplanation, GatewayStats } from '../contracts.ts';
import { ControlError } from '../errors.ts';
import type { ChangeJournal } from './change-journal.ts';
import type { FleetStats } from './fleet-stats.ts';
import type { SerialQueue } from './serial-queue.ts';
import type { WorkerFleet } from './worker-fleet.ts';
import { WorkerSilentError } from './worker-link.ts';
import type { WorkerSlot } from './worker-slot.ts';

/** What all workers of a gateway share. */
export interface Cluster {
  readonly fleet: WorkerFleet;
  /** Changes come to every worker, also to one that is just starting, in one order. */
  readonly queue: SerialQueue;
  readonly journal: ChangeJournal;
  readonly stats: FleetStats;
}

/** Makes one gateway of many workers, for the admin listener. */
export class ClusterControl implements Control {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Adds the workers up. Of one that does not answer in time, what it last said counts. */
  stats(): Promise<GatewayStats> {
    return this.#cluster.stats.read();
  }

  /** Asks one worker: their keys and requests in flight differ, the rest does not. */
  async explain(query: ExplainQuery): Promise<GatewayExplanation> {
    for (const link of this.#cluster.fleet.serving) {
      try {
        return await link.ask({ type: 'explain', query });
      } catch (error) {
        if (!(error instanceof WorkerSilentError)) throw error;
      }
    }
    throw new ControlError(503, 'no worker answers now');
  }

  /**
   * Has every worker make a change.
   * @throws ControlError with what all of them say against it; or with status 503, naming those that did not answer in time: they make the
   *   change when they wake up
   */
  change(command: Command): Promise<void> {
    return this.#cluster.queue.run(() => this.#change(command));
  }

  async #change(command: Command): Promise<void> {
    const { fleet, journal } = this.#cluster;
    const outcomes = await Promise.all(fleet.slots.flatMap((slot) => this.#changeAt(slot, command)));
    const refusals = outcomes.filter(({ error }) => error !== undefined && !isSilent(error));
    if (outcomes.length === 0) throw new ControlError(503, 'no worker serves now');
    if (refusals.length === outcomes.length) throw refusals[0]?.error;
    journal.note(command);
    for (const { slot } of refusals) slot.replace('it refused a change that others have made');
    const silent = outcomes.filter(({ error }) => isSilent(error));
    if (silent.length === 0) return;
    const who = silent.map(({ slot }) => slot.number).join(', ');
    throw new ControlError(503, `no answer in time from worker ${who}; the others have made the change`);
  }

  #changeAt(slot: WorkerSlot, command: Command): Promise<{ slot: WorkerSlot; error: unknown }>[] {
    const request = { type: 'change', command } as const;
    return slot.members.flatMap((link) => {
      const asked = link.ask(request).then(
        () => ({ slot, error: undefined }),
        (error: unknown) => ({ slot, error }),
      );
      // One that is starting makes the change when it has started, which may take its time.
      return link === slot.serving ? [asked] : [];
    });
  }
}

const isSilent = (error: unknown) => error instanceof WorkerSilentError;
