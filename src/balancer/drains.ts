import type { Events } from './events.ts';
import { DRAINING, type Member } from './member.ts';

/** Promises of `drain`, each waiting for the last lease of its member to end. */
export class Drains {
  readonly #waiting = new Map<Member, (() => void)[]>();
  readonly #events: Events;

  /** Whether any drain is waiting. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  constructor(events: Events) {
    this.#events = events;
  }

  /** @returns a promise that {@link Drains.resolveIfIdle} resolves */
  wait(member: Member): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(member, [...(this.#waiting.get(member) ?? []), resolve]);
    });
  }

  /** Resolves the drains of a member that has no lease. */
  resolveIfIdle(member: Member): void {
    const waiting = this.#waiting.get(member);
    if (waiting === undefined || member.inFlight > 0) return;
    this.#waiting.delete(member);
    // A member that was resumed meanwhile is idle by chance and was not drained.
    if ((member.reasons & DRAINING) !== 0) this.#events.emit({ type: 'drained', backend: member.id });
    for (const resolve of waiting) resolve();
  }
}
