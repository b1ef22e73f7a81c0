// All workers of a gateway.
import type { ListeningAddress } from '../contracts.ts';
import type { WorkerLink } from './worker-link.ts';
import { type SlotParts, WorkerSlot } from './worker-slot.ts';

/** A number of slots, each of which keeps one worker running. */
export class WorkerFleet {
  readonly slots: readonly WorkerSlot[];

  constructor(size: number, parts: SlotParts) {
    this.slots = Array.from({ length: size }, (_, index) => new WorkerSlot(index + 1, parts));
  }

  /** The workers that serve now. */
  get serving(): readonly WorkerLink[] {
    return this.slots.flatMap(({ serving }) => serving ?? []);
  }

  /** The workers that serve, and those that finish their last requests. */
  get working(): readonly WorkerLink[] {
    return this.slots.flatMap(({ working }) => working);
  }

  /**
   * Starts all workers, or none.
   * @returns their addresses, the same for all workers
   * @throws the error of the first worker that failed, when all workers have ended
   */
  async start(): Promise<readonly ListeningAddress[]> {
    try {
      const [addresses = []] = await Promise.all(this.slots.map((slot) => slot.start()));
      return addresses;
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  /** Ends all workers. Resolves when they have ended; may be called again with less time. */
  async close(graceMs: number | undefined): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.close(graceMs)));
  }
}
