// A heap that keeps backends in a strategy's order.

import type { Backend, Eligible } from './strategy.ts';

/** A binary heap of backends with an index by slot, to reorder one backend when its load changes. */
export class BackendHeap {
  readonly #before: (a: Backend, b: Backend) => boolean;
  #heap: Backend[] = [];
  /** Position of each slot's backend in the heap. */
  #places: (number | undefined)[] = [];

  constructor(before: (a: Backend, b: Backend) => boolean) {
    this.#before = before;
  }

  /** O(n). */
  update(backends: readonly Backend[]): void {
    this.#heap = [...backends];
    this.#places = [];
    for (const [place, backend] of backends.entries()) this.#places[backend.slot] = place;
    for (let place = backends.length >> 1; place-- > 0; ) this.#sink(place);
  }

  /**
   * The first eligible backend in order: the top of the heap, else the best one below each backend that is
   * not eligible.
   */
  best(eligible: Eligible): Backend | undefined {
    return this.#bestBelow(0, eligible, undefined);
  }

  /** Restores the order after the load of a backend changed. */
  moved(backend: Backend): void {
    const place = this.#places[backend.slot];
    if (place === undefined || this.#heap[place] !== backend) return;
    this.#sink(this.#rise(place));
  }

  #bestBelow(place: number, eligible: Eligible, best: Backend | undefined): Backend | undefined {
    const backend = this.#heap[place];
    if (backend === undefined || (best !== undefined && !this.#before(backend, best))) return best;
    if (eligible(backend)) return backend;
    return this.#bestBelow(2 * place + 2, eligible, this.#bestBelow(2 * place + 1, eligible, best));
  }

  #rise(from: number): number {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#before(this.#heap[place] as Backend, this.#heap[parent] as Backend)) break;
      this.#swap(place, parent);
      place = parent;
    }
    return place;
  }

  #sink(from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const right = left + 1;
      let first = place;
      if (left < this.#heap.length && this.#before(this.#heap[left] as Backend, this.#heap[first] as Backend))
        first = left;
      if (
        right < this.#heap.length &&
        this.#before(this.#heap[right] as Backend, this.#heap[first] as Backend)
      )
        first = right;
      if (first === place) return;
      this.#swap(place, first);
      place = first;
    }
  }

  #swap(a: number, b: number): void {
    const backend = this.#heap[a] as Backend;
    const other = this.#heap[b] as Backend;
    this.#heap[a] = other;
    this.#heap[b] = backend;
    this.#places[other.slot] = a;
    this.#places[backend.slot] = b;
  }
}
