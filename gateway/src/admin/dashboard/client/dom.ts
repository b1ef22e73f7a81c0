// How the page writes into its document: always text, and only where it differs, so that focus and selection
// stay.

/** An element that shows one item of a list. */
export interface View<Item> {
  readonly element: HTMLElement;
  update(item: Item): void;
}

/** The one element of the page, or of a part of it, that a selector names. @throws Error if there is none */
export function find<E extends Element = HTMLElement>(selector: string, root: ParentNode = document): E {
  const found = root.querySelector<E>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

/** A copy of what the template with this id holds. */
export function copyOf(template: string): HTMLElement {
  const { content } = find<HTMLTemplateElement>(`#${template}`);
  return content.firstElementChild?.cloneNode(true) as HTMLElement;
}

export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Shows a text; an element without one is hidden. */
export function showText(node: HTMLElement, text: string): void {
  setText(node, text);
  node.hidden = text === '';
}

/** Writes texts into the elements below a root that are marked `data-text`. */
export type Fill = (values: Readonly<Record<string, string>>) => void;

/** @returns what fills the marked elements below a root */
export function textsIn(root: ParentNode): Fill {
  const nodes = new Map<string, HTMLElement>();
  for (const node of root.querySelectorAll<HTMLElement>('[data-text]')) {
    nodes.set(node.dataset.text ?? '', node);
  }
  return (values) => {
    for (const [name, value] of Object.entries(values)) {
      const node = nodes.get(name);
      if (node === undefined) throw new Error(`the page has no place for ${name}`);
      showText(node, value);
    }
  };
}

/** A message of the gateway as a sentence: with a capital. */
export function sentence(message: string): string {
  return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}`;
}
