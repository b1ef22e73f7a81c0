// What operators ask of a gateway with several workers.
import type { Plan } from 'evenkeel';
import type {
  Command,
  Control,
  ExplainQuery,
  GatewayExplanation,
  GatewayStats,
  PlanQuery,
} from '../contracts.ts';
import { ControlError } from '../errors.ts';
import type { ChangeJournal } from './change-journal.ts';
import type { FleetStats } from './fleet-stats.ts';
import type { SerialQueue } from './serial-queue.ts';
import type { WorkerFleet } from './worker-fleet.ts';
import { WorkerSilentError } from './worker-link.ts';
import type { WorkerSlot } from './worker-slot.ts';

/** The parts of a gateway that all workers share. */
export interface Cluster {
  readonly fleet: WorkerFleet;
  /** Changes reach every worker in the same order, also a worker that is starting. */
  readonly queue: SerialQueue;
  readonly journal: ChangeJournal;
  readonly stats: FleetStats;
}

/** Makes many workers look like one gateway to the admin listener. */
export class ClusterControl implements Control {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The sum of all workers. A worker that does not reply in time counts with its last statistics. */
  stats(): Promise<GatewayStats> {
    return this.#cluster.stats.read();
  }

  /**
   * Asks all workers, as their requests in flight and remembered keys differ. The first one that replies
   * tells its reasons, of the others only the choice is told.
   */
  async explain(query: ExplainQuery): Promise<GatewayExplanation> {
    const { slots } = this.#cluster.fleet;
    const replies = await Promise.all(
      slots.map(async ({ number, serving }) => {
        const found = await serving?.ask({ type: 'explain', query }).catch(unlessSilent);
        return found && { number, found };
      }),
    );
    const [first, ...others] = replies.filter((reply) => reply !== undefined);
    if (first === undefined) throw new ControlError(503, 'no worker replies now');
    const workers = [first, ...others].map(({ number, found }) => {
      return { worker: number, picked: found.explanation?.picked };
    });
    return first.found.route === undefined ? first.found : { ...first.found, worker: first.number, workers };
  }

  /** Asks one worker: all have the same homes. */
  async plan(query: PlanQuery): Promise<Plan> {
    for (const link of this.#cluster.fleet.serving) {
      const plan = await link.ask({ type: 'plan', query }).catch(unlessSilent);
      if (plan !== undefined) return plan;
    }
    throw new ControlError(503, 'no worker replies now');
  }

  /**
   * Makes a change in every worker.
   * @throws ControlError if all workers refuse it; with status 503 if some did not reply in time, naming
   * them: they make the change when they run again
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
    throw new ControlError(503, `no reply in time from worker ${who}; the others have made the change`);
  }

  #changeAt(slot: WorkerSlot, command: Command): Promise<{ slot: WorkerSlot; error: unknown }>[] {
    const request = { type: 'change', command } as const;
    return slot.members.flatMap((link) => {
      const asked = link.ask(request).then(
        () => ({ slot, error: undefined }),
        (error: unknown) => ({ slot, error }),
      );
      // A worker that is starting makes the change after its start, which may take long.
      return link === slot.serving ? [asked] : [];
    });
  }
}

/** @throws the error, unless it says that a worker did not reply in time */
function unlessSilent(error: unknown): undefined {
  if (!isSilent(error)) throw error;
}

const isSilent = (error: unknown) => error instanceof WorkerSilentError;
