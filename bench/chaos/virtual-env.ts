import type { Env } from '../../src/index.ts';
import { EventQueue, type Scheduled } from './event-queue.ts';
import { seededRandom } from './random.ts';

/** How many events one turn of the platform's event loop carries: a turn for each would cost ten times as much. */
const BATCH = 128;

/** How many timers of the load balancer wait. */
export interface PendingTimers {
  readonly foreground: number;
  /** Those that alone would not keep a process alive: the next health checks. */
  readonly background: number;
}

/**
 * Time that passes only from one event to the next. What the load balancer takes from its surroundings comes from here, and so do
 * the events of the simulation, which are not counted as its timers.
 */
export class VirtualEnv implements Env {
  readonly random: Env['random'];
  readonly #queue = new EventQueue();
  readonly #pending = { foreground: 0, background: 0 };
  #nowMs = 0;
  #turn = 0;
  #events = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed, 'load balancer');
  }

  readonly clock = { now: () => this.#nowMs };

  readonly timers = {
    schedule: (callback: () => void, delayMs: number, background = false) => {
      const kind = background ? 'background' : 'foreground';
      this.#pending[kind]++;
      const event = this.#push(this.#nowMs + delayMs, () => {
        this.#pending[kind]--;
        callback();
      });
      return () => {
        if (event.over) return;
        event.over = true;
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
    this.#push(this.#nowMs + delayMs, callback);
  }

  /** Plans an event of the simulation. */
  at(atMs: number, callback: () => void): void {
    this.#push(atMs, callback);
  }

  /**
   * Lets everything happen that is due up to a moment. All promises that an event settles, and those that these settle, run before
   * the next event: the platform empties its queue of microtasks between any two immediates.
   */
  runUntil(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = 0;
      let isOver = false;
      const refill = () => {
        left = BATCH;
        for (let i = 0; i < BATCH; i++) setImmediate(step);
      };
      const step = () => {
        left--;
        if (isOver) return;
        try {
          isOver = !this.#next(untilMs);
        } catch (error) {
          isOver = true;
          reject(error);
        }
        if (isOver) resolve();
        else if (left === 0) refill();
      };
      refill();
    });
  }

  /** @returns whether anything was due */
  #next(untilMs: number): boolean {
    const event = this.#queue.pop();
    if (event === undefined || event.at > untilMs) {
      if (event !== undefined) this.#queue.push(event);
      this.#nowMs = untilMs;
      return false;
    }
    this.#nowMs = event.at;
    this.#events++;
    event.over = true;
    event.callback();
    return true;
  }

  #push(at: number, callback: () => void): Scheduled {
    const event: Scheduled = { at, turn: this.#turn++, callback, over: false };
    this.#queue.push(event);
    return event;
  }
}
