import type { Env } from 'evenkeel';
import type { ListeningAddress } from '../contracts.ts';
import { BackOff } from './back-off.ts';
import type { WorkerLink } from './worker-link.ts';

/** What keeps a place filled. */
export interface SlotParts {
  /**
   * Starts a process and sends it what it begins with.
   * @param onFaulty - is told why the worker had better be replaced
   * @returns the worker, and its answer
   */
  readonly launch: (onFaulty: (reason: string) => void) => Promise<Launched>;
  /** How long a worker may take to end by itself. */
  readonly patienceMs: (graceMs: number | undefined) => number;
  readonly env: Pick<Env, 'clock' | 'timers'>;
  /** Is told what happens. */
  readonly tell: (type: SlotEvent, message: string) => void;
  /** Is told that a worker which has served is gone. */
  readonly ended: (link: WorkerLink) => void;
}

/** A process that was asked to serve. */
export interface Launched {
  readonly link: WorkerLink;
  readonly addresses: Promise<readonly ListeningAddress[]>;
}

/** What happens to a worker: it serves, has ended unasked, could not start, or gets replaced. */
export type SlotEvent = 'worker-started' | 'worker-ended' | 'worker-failed' | 'worker-replaced';

/** A place for one worker: whenever the worker ends unasked another one takes it, after a wait that grows while workers keep ending. */
export class WorkerSlot {
  readonly number: number;
  readonly #parts: SlotParts;
  readonly #backOff = new BackOff();
  #serving: WorkerLink | undefined;
  /** `undefined` where none has got to serve since the last wait. */
  #servingSince: number | undefined;
  /** The one that is on its way to serving. */
  #next: WorkerLink | undefined;
  /** Those that had to go and have not ended yet. */
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

  /** Those that have work of their own: the one that serves, and those that end what they have begun. */
  get working(): readonly WorkerLink[] {
    return this.#serving === undefined ? [...this.#leaving] : [this.#serving, ...this.#leaving];
  }

  /** Those that must learn of every change: the one that serves, and the one that will. */
  get members(): readonly WorkerLink[] {
    return [this.#serving, this.#next].filter((link) => link !== undefined);
  }

  /**
   * Starts the first worker.
   * @throws ConfigError or Error where it does not get to serve; there is no second try then
   */
  start(): Promise<readonly ListeningAddress[]> {
    return this.#launch();
  }

  /** Has another worker take the place of the one that serves, which goes when the other one serves. */
  replace(reason: string): void {
    if (this.#isClosed || this.#isRestarting) return;
    this.#parts.tell('worker-replaced', `${this.#name(this.#serving)} will be replaced: ${reason}`);
    this.#restartLater();
  }

  /** Ends the worker for good. Resolves when it is gone; may be called again with less time. */
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
    const launched = await this.#parts.launch(onFaulty);
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
