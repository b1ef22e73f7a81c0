import type { Page } from 'playwright-core';

/**
 * Texts whose contrast to their ground is too low: below 4.5, or below 3 for large ones.
 * @see https://www.w3.org/TR/WCAG22/#contrast-minimum
 */
export function lowContrasts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    // Draws the colour, since it may be written in many ways.
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('there is no canvas');
    const channels = (colour: string) => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      return context.getImageData(0, 0, 1, 1).data;
    };
    const luminance = (colour: string) => {
      const [red = 0, green = 0, blue = 0] = [...channels(colour)].map((channel) => {
        const value = channel / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const groundOf = (element: Element | null): string => {
      if (element === null) return 'white';
      const { backgroundColor } = getComputedStyle(element);
      return channels(backgroundColor)[3] === 255 ? backgroundColor : groundOf(element.parentElement);
    };
    const found: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
      const text = texts.map((node) => node.textContent?.trim()).join('');
      if (text === '' || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const [low, high] = [luminance(style.color), luminance(groundOf(element))].sort((a, b) => a - b);
      const contrast = ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (contrast < (isLarge ? 3 : 4.5)) found.push(`${contrast.toFixed(2)}: ${text}`);
    }
    return found;
  });
}

/** What reaches beyond the right edge of the page, or of a part that scrolls: one must scroll sideways. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const isScrolled = document.documentElement.scrollWidth > width;
    const wide = [...document.querySelectorAll<HTMLElement>('body *')].filter((element) => {
      if (element.matches('.scroll') && element.scrollWidth > element.clientWidth) return true;
      const { right } = element.getBoundingClientRect();
      return right > width + 1 && element.checkVisibility() && element.closest('.scroll, .unseen') === null;
    });
    const names = wide.map((element) => `${element.tagName} ${element.className}`);
    return isScrolled ? ['the page', ...names] : names;
  });
}
