// Keeps one worker of a gateway running.
import type { Env } from 'evenkeel';
import type { ListeningAddress } from '../contracts.ts';
import { BackOff } from './back-off.ts';
import type { WorkerLink } from './worker-link.ts';

/** Parts of a slot. */
export interface SlotParts {
  /**
   * Starts a process, and sends it the configuration.
   * @param worker - the number of the slot
   * @param onFaulty - called with the reason when the worker asks to be replaced
   * @returns the worker, and the addresses at which it will serve
   */
  readonly launch: (worker: number, onFaulty: (reason: string) => void) => Promise<Launched>;
  /** How long a worker may take to end. */
  readonly patienceMs: (graceMs: number | undefined) => number;
  readonly env: Pick<Env, 'clock' | 'timers'>;
  /** Called with each event. */
  readonly tell: (type: SlotEvent, message: string) => void;
  /** Called when a worker that has served has ended. */
  readonly ended: (link: WorkerLink) => void;
}

/** A process that was asked to serve. */
export interface Launched {
  readonly link: WorkerLink;
  readonly addresses: Promise<readonly ListeningAddress[]>;
}

/** Events of a worker: it serves, has ended unexpectedly, could not start, or will be replaced. */
export type SlotEvent = 'worker-started' | 'worker-ended' | 'worker-failed' | 'worker-replaced';

/**
 * A slot for one worker. If it ends unexpectedly, another one is started after a wait that grows with each
 * failure.
 */
export class WorkerSlot {
  readonly number: number;
  readonly #parts: SlotParts;
  readonly #backOff = new BackOff();
  #serving: WorkerLink | undefined;
  /** `undefined` if no worker has served since the last wait. */
  #servingSince: number | undefined;
  /** The worker that is starting. */
  #next: WorkerLink | undefined;
  /** Replaced workers that have not ended yet. */
  readonly #leaving = new Set<WorkerLink>();
  #isRestarting = false;
  #cancelRestart = () => {};
  #isClosed = false;

  constructor(number: number, parts: SlotParts) {
    this.number = number;
    this.#parts = parts;
  }

  /** The worker that serves. */
  get serving(): WorkerLink | undefined {
    return this.#serving;
  }

  /** Workers with requests: the one that serves, and those that finish their last requests. */
  get working(): readonly WorkerLink[] {
    return this.#serving === undefined ? [...this.#leaving] : [this.#serving, ...this.#leaving];
  }

  /** Workers that every change must reach: the one that serves, and the one that is starting. */
  get members(): readonly WorkerLink[] {
    return [this.#serving, this.#next].filter((link) => link !== undefined);
  }

  /**
   * Starts the first worker.
   * @throws ConfigError or Error if it cannot serve; it is not started again then
   */
  start(): Promise<readonly ListeningAddress[]> {
    return this.#launch();
  }

  /** Starts another worker; when it serves, the present one is closed. */
  replace(reason: string): void {
    if (this.#isClosed || this.#isRestarting) return;
    this.#parts.tell('worker-replaced', `${this.#name(this.#serving)} will be replaced: ${reason}`);
    this.#restartLater();
  }

  /** Ends the worker. Resolves when it has ended; may be called again with less time. */
  async close(graceMs: number | undefined): Promise<void> {
    this.#isClosed = true;
    this.#cancelRestart();
    const links = [...this.members, ...this.#leaving];
    await Promise.all(links.map((link) => link.close(graceMs, this.#parts.patienceMs(graceMs))));
  }

  async #launch(): Promise<readonly ListeningAddress[]> {
    let link: WorkerLink | undefined;
    const onFaulty = (reason: string) => {
      if (link === this.#serving) this.replace(reason);
    };
    const launched = await this.#parts.launch(this.number, onFaulty);
    link = launched.link;
    launched.addresses.catch(() => {});
    if (this.#isClosed) {
      link.kill();
      throw new Error('the gateway was closed');
    }
    this.#next = link;
    try {
      const addresses = await launched.addresses;
      this.#promote(link);
      return addresses;
    } catch (error) {
      this.#next = undefined;
      link.kill();
      await link.exited;
      throw error;
    }
  }

  #promote(link: WorkerLink): void {
    const previous = this.#serving;
    this.#next = undefined;
    this.#serving = link;
    this.#servingSince = this.#parts.env.clock.now();
    void link.exited.then((how) => {
      this.#leaving.delete(link);
      this.#ended(link, how);
      this.#parts.ended(link);
    });
    if (previous === undefined) return;
    this.#leaving.add(previous);
    void previous.close(undefined, this.#parts.patienceMs(undefined));
  }

  #ended(link: WorkerLink, how: string): void {
    if (this.#isClosed || this.#serving !== link) return;
    this.#serving = undefined;
    this.#parts.tell('worker-ended', `${this.#name(link)} ended with ${how}`);
    if (!this.#isRestarting) this.#restartLater();
  }

  #restartLater(): void {
    const { clock, timers } = this.#parts.env;
    this.#isRestarting = true;
    const livedMs = this.#servingSince === undefined ? 0 : clock.now() - this.#servingSince;
    this.#servingSince = undefined;
    this.#cancelRestart = timers.schedule(() => void this.#restart(), this.#backOff.next(livedMs));
  }

  /** Never rejects. */
  async #restart(): Promise<void> {
    try {
      await this.#launch();
      this.#isRestarting = false;
      this.#parts.tell('worker-started', `${this.#name(this.#serving)} serves`);
    } catch (error) {
      if (this.#isClosed) return;
      this.#parts.tell('worker-failed', `worker ${this.number} could not start: ${(error as Error).message}`);
      this.#restartLater();
    }
  }

  #name(link: WorkerLink | undefined): string {
    return `worker ${this.number} (process ${link?.pid ?? 'unknown'})`;
  }
}
