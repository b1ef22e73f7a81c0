// The deadlines of many pieces of work, on one timer.

import type { Env } from './env.ts';

/** Some work with a deadline. The deadlines set all fields but `expire`. */
export interface Expiring {
  /** In milliseconds of the clock. */
  expiresAt: number;
  queue: DeadlineQueue | undefined;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  /** Called once, when the time is up. It must not throw. */
  expire(): void;
}

/** The work with one time limit, in the order in which it began, which is also the order of the deadlines. */
export class DeadlineQueue {
  first: Expiring | undefined;
  last: Expiring | undefined;
}

/**
 * A timer that fires this much too late, in milliseconds, was held up: the process was stopped, or the
 * machine slept. What work waited for may have arrived meanwhile, and is looked at before the work is ended.
 */
const HELD_UP_MS = 1_000;

/** Empty queues are kept for the next work with the same limit, up to this many limits. */
const KEPT_QUEUES = 16;

/**
 * Ends work when its time is up. All work of one balancer shares one timer, which is set for the earliest
 * deadline, and only while some work waits: a deadline needs no timer of its own, and is as exact as the
 * platform's timers. `add` and `remove` are O(1). When the timer fires, the work is O(1) for each deadline
 * that has passed and for each limit that is in use.
 */
export class Deadlines {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #queues = new Map<number, DeadlineQueue>();
  #waiting = 0;
  /** When the timer fires; `Infinity` without a timer, `-Infinity` while passed deadlines are handled. */
  #firesAt = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(env: Pick<Env, 'clock' | 'timers'>) {
    this.#env = env;
  }

  /** Begins a deadline. @param limitMs - above 0, and no longer than timers can be */
  add(work: Expiring, limitMs: number): void {
    const expiresAt = this.#env.clock.now() + limitMs;
    let queue = this.#queues.get(limitMs);
    if (queue === undefined) {
      queue = new DeadlineQueue();
      this.#queues.set(limitMs, queue);
    }
    work.expiresAt = expiresAt;
    work.queue = queue;
    work.previous = queue.last;
    if (queue.last === undefined) queue.first = work;
    else queue.last.next = work;
    queue.last = work;
    this.#waiting++;
    if (expiresAt < this.#firesAt) this.#setTimer(expiresAt, limitMs);
  }

  /** Ends a deadline that has not passed; without effect otherwise. */
  remove(work: Expiring): void {
    const { queue, previous, next } = work;
    if (queue === undefined) return;
    if (previous === undefined) queue.first = next;
    else previous.next = next;
    if (next === undefined) queue.last = previous;
    else next.previous = previous;
    work.queue = undefined;
    work.previous = undefined;
    work.next = undefined;
    if (--this.#waiting === 0 && this.#cancelTimer !== undefined) this.#rest();
  }

  /** Nothing waits. */
  #rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
    if (this.#queues.size > KEPT_QUEUES) this.#queues.clear();
  }

  #setTimer(at: number, delayMs: number): void {
    this.#cancelTimer?.();
    this.#firesAt = at;
    this.#cancelTimer = this.#env.timers.schedule(this.#fire, delayMs);
  }

  readonly #fire = (): void => {
    this.#cancelTimer = undefined;
    const now = this.#env.clock.now();
    if (now - this.#firesAt > HELD_UP_MS) {
      // Platforms read what has arrived between two timers.
      this.#setTimer(now, 1);
      return;
    }
    // Work that begins meanwhile sets no timer.
    this.#firesAt = Number.NEGATIVE_INFINITY;
    for (const queue of this.#queues.values()) {
      for (let work = queue.first; work !== undefined && work.expiresAt <= now; work = queue.first) {
        this.remove(work);
        work.expire();
      }
    }
    let next = Number.POSITIVE_INFINITY;
    for (const { first } of this.#queues.values())
      if (first !== undefined && first.expiresAt < next) next = first.expiresAt;
    this.#firesAt = Number.POSITIVE_INFINITY;
    if (next === Number.POSITIVE_INFINITY) this.#rest();
    else this.#setTimer(next, Math.max(0, next - this.#env.clock.now()));
  };
}
