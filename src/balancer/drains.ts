import type { Events } from './events.ts';
import { DRAINING, type Member } from './member.ts';

/** Who waits for which member's last lease to end. */
export class Drains {
  readonly #waiting = new Map<Member, (() => void)[]>();
  readonly #events: Events;

  /** Whether anybody waits. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  constructor(events: Events) {
    this.#events = events;
  }

  /** @returns a promise that resolves when the member is next found idle */
  wait(member: Member): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(member, [...(this.#waiting.get(member) ?? []), resolve]);
    });
  }

  /** Tells those who wait for a member, if it is idle. */
  settle(member: Member): void {
    const waiting = this.#waiting.get(member);
    if (waiting === undefined || member.inFlight > 0) return;
    this.#waiting.delete(member);
    // Meanwhile it may have been resumed: then it is idle by chance.
    if ((member.reasons & DRAINING) !== 0) this.#events.emit({ type: 'drained', backend: member.id });
    for (const resolve of waiting) resolve();
  }
}
