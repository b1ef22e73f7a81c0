// The colours of the demo.

/** Colours a text, or returns it unchanged. */
export type Paint = (text: string) => string;

/** The colours of the demo. */
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/** Colours, or none. @see ECMA-48, SGR */
export function paletteFor(hasColours: boolean): Palette {
  const sgr =
    (on: number, off: number): Paint =>
    (text) =>
      hasColours && text !== '' ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    red: sgr(31, 39),
    green: sgr(32, 39),
    yellow: sgr(33, 39),
    cyan: sgr(36, 39),
  };
}
