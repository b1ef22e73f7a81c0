// How the script finds and makes elements, and the colours that pictures are drawn with.

/** The one element that a selector names. @throws Error if there is none */
export function find<E extends Element = HTMLElement>(selector: string, root: ParentNode = document): E {
  const found = root.querySelector<E>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

/** An element with a text. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text = '',
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** The colour of a contender, as the style sheet gives it to its line in the legend. */
export function colourOf(contender: number): string {
  const probe = element('i');
  probe.className = `colour-${contender % 8}`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).getPropertyValue('--colour').trim();
  probe.remove();
  return colour;
}

/** A colour of the page, such as `--text`. */
export function pageColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Calls back when the colours of the page change, and when its width does, once in a frame. */
export function whenLookChanges(of: Element, changed: () => void): void {
  let isDue = false;
  const soon = () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      changed();
    });
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', soon);
  let width = of.clientWidth;
  new ResizeObserver(() => {
    if (of.clientWidth === width) return;
    width = of.clientWidth;
    soon();
  }).observe(of);
}

/** Gives a canvas the size that it is shown in, at the sharpness of the screen. */
export function sized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const sharpness = devicePixelRatio || 1;
  canvas.width = Math.round(width * sharpness);
  canvas.height = Math.round(height * sharpness);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.setTransform(sharpness, 0, 0, sharpness, 0, 0);
  return context;
}
