// The agenda of a simulation: what is to happen, ordered by its time.

/** Something that is to happen at a moment. */
export interface Scheduled {
  /** Called off, or done. */
  readonly isOver: boolean;
  happen(): void;
}

/**
 * A binary heap of events, the next one on top; of several at one moment, the one that was planned first.
 * Times lie in typed arrays, so that finding the next event reads no objects. O(log n) for each.
 */
export class EventQueue {
  #times = new Float64Array(64);
  /** Orders what happens at one moment. */
  #turns = new Float64Array(64);
  readonly #events: (Scheduled | undefined)[] = [];
  #size = 0;
  #turn = 0;

  /** When the next event is due that was not called off; `Infinity` without one. */
  get nextAt(): number {
    while (this.#size > 0 && (this.#events[0] as Scheduled).isOver) this.#take();
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  push(at: number, event: Scheduled): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const turns = this.#turns;
    const events = this.#events;
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      // A new event has the highest turn: at the same time it stays below.
      if ((times[parent] as number) <= at) break;
      times[place] = times[parent] as number;
      turns[place] = turns[parent] as number;
      events[place] = events[parent];
      place = parent;
    }
    times[place] = at;
    turns[place] = this.#turn++;
    events[place] = event;
  }

  /** @returns the next event that was not called off; `undefined` without one */
  pop(): Scheduled | undefined {
    for (;;) {
      const first = this.#take();
      if (first === undefined || !first.isOver) return first;
    }
  }

  #take(): Scheduled | undefined {
    if (this.#size === 0) return undefined;
    const times = this.#times;
    const turns = this.#turns;
    const events = this.#events;
    const first = events[0];
    const size = --this.#size;
    const at = times[size] as number;
    const turn = turns[size] as number;
    const last = events[size];
    events[size] = undefined;
    if (size === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, times[child] as number, turns[child] as number))
        child++;
      if (!this.#isBefore(child, at, turn)) break;
      times[place] = times[child] as number;
      turns[place] = turns[child] as number;
      events[place] = events[child];
      place = child;
    }
    times[place] = at;
    turns[place] = turn;
    events[place] = last;
    return first;
  }

  #isBefore(place: number, at: number, turn: number): boolean {
    const own = this.#times[place] as number;
    return own < at || (own === at && (this.#turns[place] as number) < turn);
  }

  #grow(): void {
    const [times, turns] = [this.#times, this.#turns];
    this.#times = new Float64Array(times.length * 2);
    this.#times.set(times);
    this.#turns = new Float64Array(turns.length * 2);
    this.#turns.set(turns);
  }
}
