import type { Timers } from '../env.ts';
import { type Bag, bag } from '../options/bag.ts';
import { aNumber, aTimeout } from '../options/rule.ts';
import type { Events } from './events.ts';
import { DRAINING, type Member } from './member.ts';

/** How a backend is drained. */
export interface DrainOptions {
  /**
   * How long to wait for its leases to end, in milliseconds.
   * @defaultValue without limit
   */
  readonly deadlineMs?: number;
  /**
   * How long it keeps the sessions that it has, in milliseconds. At least 0.
   * @defaultValue 30,000
   */
  readonly sessionsMs?: number;
}

/** What the options of a drain must be. */
export const DRAIN: Bag<DrainOptions> = bag<DrainOptions>({
  deadlineMs: aTimeout,
  sessionsMs: aNumber(
    'a finite number of milliseconds of at least 0',
    (ms) => ms >= 0 && ms < Number.POSITIVE_INFINITY,
  ),
});

/** A call of `drain` that waits. */
interface Drain {
  readonly resolve: (left: number) => void;
  readonly cancelTimer: () => void;
}

/** Promises of `drain`, each waiting for the last lease of its member to end, or for its deadline. */
export class Drains {
  readonly #waiting = new Map<Member, Set<Drain>>();
  readonly #events: Events;
  readonly #timers: Timers;

  /** Whether any drain is waiting. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  constructor(events: Events, timers: Timers) {
    this.#events = events;
    this.#timers = timers;
  }

  /**
   * @returns a promise that {@link Drains.resolveIfIdle} resolves with 0, or the deadline with the number of
   * leases that still run
   */
  wait(member: Member, deadlineMs: number | undefined): Promise<number> {
    return new Promise((resolve) => {
      const drains = this.#waiting.get(member) ?? new Set();
      this.#waiting.set(member, drains);
      const giveUp = () => {
        drains.delete(drain);
        if (drains.size === 0) this.#waiting.delete(member);
        resolve(member.inFlight);
      };
      const cancelTimer = deadlineMs === undefined ? () => {} : this.#timers.schedule(giveUp, deadlineMs);
      const drain = { resolve, cancelTimer };
      drains.add(drain);
    });
  }

  /** Resolves the drains of a member that has no lease. */
  resolveIfIdle(member: Member): void {
    const waiting = this.#waiting.get(member);
    if (waiting === undefined || member.inFlight > 0) return;
    this.#waiting.delete(member);
    // A member that was resumed meanwhile is idle by chance and was not drained.
    if ((member.reasons & DRAINING) !== 0) this.#events.emit({ type: 'drained', backend: member.id });
    for (const { resolve, cancelTimer } of waiting) {
      cancelTimer();
      resolve(0);
    }
  }
}
