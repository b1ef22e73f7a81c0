import type { ListeningAddress } from '../contracts.ts';
import type { WorkerLink } from './worker-link.ts';
import { type SlotParts, WorkerSlot } from './worker-slot.ts';

/** All workers of a gateway: as many places as were asked for, each of which is kept filled. */
export class WorkerFleet {
  readonly slots: readonly WorkerSlot[];

  constructor(size: number, parts: SlotParts) {
    this.slots = Array.from({ length: size }, (_, index) => new WorkerSlot(index + 1, parts));
  }

  /** The workers that serve now. */
  get serving(): readonly WorkerLink[] {
    return this.slots.flatMap(({ serving }) => serving ?? []);
  }

  /** The workers that serve, and those that end what they have begun. */
  get working(): readonly WorkerLink[] {
    return this.slots.flatMap(({ working }) => working);
  }

  /**
   * Starts all workers, or none.
   * @returns where they listen, all at the same addresses
   * @throws what the first one that failed has thrown, when all are gone again
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

  /** Ends all workers for good. Resolves when they are gone; may be called again with less time. */
  async close(graceMs: number | undefined): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.close(graceMs)));
  }
}
