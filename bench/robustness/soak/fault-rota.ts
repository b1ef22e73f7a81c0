// Makes backends fail and recover during the soak test.

import { setTimeout as sleep } from 'node:timers/promises';
import { exponential, oneOf, type Random } from '../../../src/simulator/random.ts';
import { FAULTS, type FaultyBackend } from './faulty-backend.ts';

/** The mean time between two faults, and the mean duration of a fault. */
const MEAN_GAP_MS = 1_000;
const MEAN_FAULT_MS = 1_200;
/** Number of backends that are always healthy. */
const LEAST_WELL = 2;

/** Makes backends fail and recover, one after the other. */
export class FaultRota {
  readonly #backends: readonly FaultyBackend[];
  readonly #random: Random;
  readonly #revivals = new Set<Promise<void>>();
  readonly #over = new AbortController();
  readonly #running: Promise<void>;
  /** Faults so far. */
  faults = 0;

  constructor(backends: readonly FaultyBackend[], random: Random) {
    this.#backends = backends;
    this.#random = random;
    this.#running = this.#run();
  }

  /** Ends the faults. All backends are healthy afterwards. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
    await Promise.all(this.#revivals);
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#pause(exponential(this.#random, MEAN_GAP_MS));
      const well = this.#backends.filter(({ isWell }) => isWell);
      if (well.length <= LEAST_WELL || this.#over.signal.aborted) continue;
      const revival = this.#strike(oneOf(this.#random, well)).finally(() => this.#revivals.delete(revival));
      this.#revivals.add(revival);
    }
  }

  async #strike(backend: FaultyBackend): Promise<void> {
    this.faults++;
    backend.fail(oneOf(this.#random, FAULTS));
    await this.#pause(exponential(this.#random, MEAN_FAULT_MS));
    await backend.revive();
  }

  /** Resolves early when the faults are ended. */
  #pause(ms: number): Promise<unknown> {
    return sleep(ms, undefined, { signal: this.#over.signal }).catch(() => {});
  }
}
