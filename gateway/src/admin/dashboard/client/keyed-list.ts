// A list on the page with one element for each item, which stays while the item does.
import type { View } from './dom.ts';

/** Keeps the children of an element equal to a list of items, in its order. */
export class KeyedList<Item> {
  readonly #parent: Element;
  readonly #keyOf: (item: Item) => string;
  readonly #make: (item: Item) => View<Item>;
  readonly #views = new Map<string, View<Item>>();

  /** @param make - makes the element of an item that is new */
  constructor(parent: Element, keyOf: (item: Item) => string, make: (item: Item) => View<Item>) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  show(items: readonly Item[]): void {
    this.#removeAllBut(new Set(items.map(this.#keyOf)));
    items.forEach((item, index) => {
      const { element } = this.#update(item);
      const there = this.#parent.children[index];
      if (there !== element) this.#parent.insertBefore(element, there ?? null);
    });
  }

  #update(item: Item): View<Item> {
    const key = this.#keyOf(item);
    const view = this.#views.get(key) ?? this.#make(item);
    this.#views.set(key, view);
    view.update(item);
    return view;
  }

  #removeAllBut(wanted: ReadonlySet<string>): void {
    for (const [key, { element }] of this.#views) {
      if (wanted.has(key)) continue;
      element.remove();
      this.#views.delete(key);
    }
  }
}
