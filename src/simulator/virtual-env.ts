// The clock, the chance and the timers of a simulation: production code runs on them unchanged, and no time
// passes.
import type { Env } from '../index.ts';
import { EventQueue, type Scheduled } from './event-queue.ts';
import { seededRandom } from './random.ts';

/** How many timers of the load balancer wait. */
export interface PendingTimers {
  readonly foreground: number;
  /** Those that alone would not keep a process alive: the next health checks. */
  readonly background: number;
}

/**
 * An {@link Env} whose time passes only from one event to the next. Timers of the load balancer and events of
 * the simulation share one agenda; only the former are counted as timers.
 */
export class VirtualEnv implements Env {
  readonly random: Env['random'];
  readonly #queue = new EventQueue();
  readonly #pending = { foreground: 0, background: 0 };
  #nowMs = 0;
  #events = 0;

  /** @param seed - of the random numbers that the load balancer draws */
  constructor(seed: number) {
    this.random = seededRandom(seed, 'load balancer');
  }

  readonly clock = { now: () => this.#nowMs };

  readonly timers = {
    schedule: (callback: () => void, delayMs: number, background = false) => {
      const kind = background ? 'background' : 'foreground';
      this.#pending[kind]++;
      const event = new Callback(() => {
        this.#pending[kind]--;
        callback();
      });
      this.#queue.push(this.#nowMs + delayMs, event);
      return () => {
        if (event.isOver) return;
        event.isOver = true;
        this.#pending[kind]--;
      };
    },
  };

  /** Milliseconds since the start. */
  get now(): number {
    return this.#nowMs;
  }

  /** Number of the event that is happening. */
  get events(): number {
    return this.#events;
  }

  get pendingTimers(): PendingTimers {
    return { ...this.#pending };
  }

  /** Plans an event of the simulation. */
  after(delayMs: number, callback: () => void): void {
    this.#queue.push(this.#nowMs + delayMs, new Callback(callback));
  }

  /** Plans an event of the simulation. */
  at(atMs: number, callback: () => void): void {
    this.#queue.push(atMs, new Callback(callback));
  }

  /** Plans an event that is an object, which costs less than a callback. */
  plan(delayMs: number, event: Scheduled): void {
    this.#queue.push(this.#nowMs + delayMs, event);
  }

  /**
   * Lets the next event happen, if it is due up to a moment; else time moves on to that moment.
   * @returns whether one was due
   */
  step(untilMs: number): boolean {
    const at = this.#queue.nextAt;
    if (at > untilMs) {
      this.#nowMs = untilMs;
      return false;
    }
    const event = this.#queue.pop() as Scheduled;
    this.#nowMs = at;
    this.#events++;
    event.happen();
    return true;
  }

  /** Lets everything happen that is due up to a moment. Promises that events settle run only afterwards. */
  run(untilMs: number): void {
    while (this.step(untilMs));
  }
}

class Callback implements Scheduled {
  isOver = false;
  readonly #callback: () => void;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  happen(): void {
    this.isOver = true;
    this.#callback();
  }
}
