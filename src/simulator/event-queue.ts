// The agenda of a simulation: what is to happen, ordered by its time.

/** Something that is to happen at a moment. */
export interface Scheduled {
  readonly at: number;
  /** Orders what happens at one moment: first planned, first done. */
  readonly turn: number;
  readonly callback: () => void;
  /** Called off, or done. */
  over: boolean;
}

/** A binary heap of events, the next one on top. O(log n) for each. */
export class EventQueue {
  readonly #heap: Scheduled[] = [];

  /** When the next event is due that was not called off; `Infinity` without one. */
  get nextAt(): number {
    while (this.#heap[0]?.over) this.#take();
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  push(event: Scheduled): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent] as Scheduled)) break;
      heap[place] = heap[parent] as Scheduled;
      place = parent;
    }
    heap[place] = event;
  }

  /** @returns the next event that was not called off; `undefined` without one */
  pop(): Scheduled | undefined {
    for (;;) {
      const first = this.#take();
      if (first === undefined || !first.over) return first;
    }
  }

  #take(): Scheduled | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Scheduled)) child++;
      const next = heap[child];
      if (next === undefined || !isBefore(next, last)) break;
      heap[place] = next;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.at < b.at || (a.at === b.at && a.turn < b.turn);
}
