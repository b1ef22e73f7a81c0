// The primary's connection to one worker.
import type { Timers } from 'evenkeel/internal';
import type { GatewayStats } from '../contracts.ts';
import {
  fromFailure,
  type Question,
  type WorkerReplies,
  type WorkerReport,
  type WorkerRequest,
} from './messages.ts';

/** A process that serves, as the primary sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Never throws; what cannot be sent is lost. */
  send(message: object): void;
  /** Ends it at once. */
  kill(): void;
  onMessage(listener: (message: unknown) => void): void;
  /** @param listener - called once with the reason, for example `exit code 1` or `SIGKILL` */
  onExit(listener: (how: string) => void): void;
}

/** A worker did not reply in time. */
export class WorkerSilentError extends Error {
  override readonly name = 'WorkerSilentError';
}

/** The limit on replies to quick requests: a worker that takes longer hangs. */
export const REPLY_MS = 2_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly cancelTimer: () => void;
}

/** Sends requests to one worker, and matches its replies to them. */
export class WorkerLink {
  /** Settles with the reason when the process has ended. */
  readonly exited: Promise<string>;
  /** Its last statistics. */
  lastStats: GatewayStats | undefined;
  readonly #process: WorkerProcess;
  readonly #timers: Timers;
  readonly #waiting = new Map<number, Waiting>();
  /**
   * Requests wait here until the process is listening, as earlier ones are lost; `undefined` from then on.
   */
  #unsent: Question[] | undefined = [];
  #asked = 0;
  #how: string | undefined;

  /** @param onFaulty - called with the reason when the worker asks to be replaced */
  constructor(process: WorkerProcess, timers: Timers, onFaulty: (reason: string) => void) {
    this.#process = process;
    this.#timers = timers;
    process.onMessage((message) => {
      const report = message as WorkerReport;
      if (report.type === 'hello') this.#sendAll();
      else if (report.type === 'faulty') onFaulty(report.reason);
      else if (report.type === 'failure') this.#fail(report.id, fromFailure(report.failure));
      else if (report.type === 'reply') this.#take(report.id)?.resolve(report.value);
    });
    this.exited = new Promise((resolve) => {
      process.onExit((how) => {
        this.#how = how;
        for (const id of [...this.#waiting.keys()]) this.#fail(id, this.#silent(`ended with ${how}`));
        resolve(how);
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Sends a request, after all that were sent before.
   * @param timeoutMs - how long the reply may take
   * @throws WorkerSilentError if there is no reply in time; the error of the worker if it failed
   */
  ask<T extends WorkerRequest['type']>(
    request: Extract<WorkerRequest, { readonly type: T }>,
    timeoutMs = REPLY_MS,
  ): Promise<WorkerReplies[T]> {
    if (this.#how !== undefined) return Promise.reject(this.#silent(`ended with ${this.#how}`));
    const id = ++this.#asked;
    if (this.#unsent === undefined) this.#process.send({ id, request });
    else this.#unsent.push({ id, request });
    return new Promise((resolve, reject) => {
      const giveUp = () => this.#fail(id, this.#silent(`did not reply within ${timeoutMs} ms`));
      const cancelTimer = this.#timers.schedule(giveUp, timeoutMs, true);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, cancelTimer });
    });
  }

  /** Asks for its statistics, and remembers them. */
  async stats(): Promise<GatewayStats> {
    this.lastStats = await this.ask({ type: 'stats' });
    return this.lastStats;
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process.kill();
  }

  /** Lets the process drain and end, and kills it after `patienceMs`. Resolves when it has ended. */
  async close(graceMs: number | undefined, patienceMs: number): Promise<void> {
    const cancelTimer = this.#timers.schedule(() => this.kill(), patienceMs);
    const remember = (stats: GatewayStats | undefined) => (this.lastStats = stats ?? this.lastStats);
    this.ask({ type: 'close', graceMs }, patienceMs).then(remember, () => {});
    await this.exited;
    cancelTimer();
  }

  #sendAll(): void {
    for (const question of this.#unsent ?? []) this.#process.send(question);
    this.#unsent = undefined;
  }

  #fail(id: number, error: Error): void {
    this.#take(id)?.reject(error);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.cancelTimer();
    return waiting;
  }

  #silent(why: string): WorkerSilentError {
    return new WorkerSilentError(`the worker in process ${this.pid ?? 'unknown'} ${why}`);
  }
}
