/** An element that shows one item of a list. */
export interface View<T> {
  readonly element: HTMLElement;
  update(item: T): void;
}

export type Dom = ReturnType<typeof dom>;

/** How the page writes into its document: always text, and only where it differs: focus and selection stay. */
export function dom() {
  function find<E extends Element = HTMLElement>(selector: string, root: ParentNode = document): E {
    const found = root.querySelector<E>(selector);
    if (found === null) throw new Error(`the page has no ${selector}`);
    return found;
  }

  /** A copy of what the template with this id holds. */
  function copyOf(template: string): HTMLElement {
    const { content } = find<HTMLTemplateElement>(`#${template}`);
    return content.firstElementChild?.cloneNode(true) as HTMLElement;
  }

  function setText(node: Element, text: string): void {
    if (node.textContent !== text) node.textContent = text;
  }

  function setAttribute(node: Element, name: string, value: string): void {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }

  /** Writes texts into the elements below a root that are marked `data-text`; those without one are hidden. */
  function texts(root: ParentNode): (values: Readonly<Record<string, string>>) => void {
    const nodes = new Map<string, HTMLElement>();
    for (const node of root.querySelectorAll<HTMLElement>('[data-text]')) {
      nodes.set(node.dataset.text ?? '', node);
    }
    return (values) => {
      for (const [name, value] of Object.entries(values)) {
        const node = nodes.get(name);
        if (node === undefined) throw new Error(`the page has no place for ${name}`);
        setText(node, value);
        node.hidden = value === '';
      }
    };
  }

  /** Keeps one child for each item, in the order of the items. */
  function list<T>(parent: Element, keyOf: (item: T) => string, make: (item: T) => View<T>) {
    const views = new Map<string, View<T>>();
    return (items: readonly T[]): void => {
      const wanted = new Set(items.map(keyOf));
      for (const [key, { element }] of views) {
        if (wanted.has(key)) continue;
        element.remove();
        views.delete(key);
      }
      items.forEach((item, index) => {
        const key = keyOf(item);
        const view = views.get(key) ?? make(item);
        views.set(key, view);
        view.update(item);
        const there = parent.children[index];
        if (there !== view.element) parent.insertBefore(view.element, there ?? null);
      });
    };
  }

  return { find, copyOf, setText, setAttribute, texts, list };
}
