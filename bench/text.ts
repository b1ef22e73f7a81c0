// Formats numbers, and colours text.

const UNITS = ['B', 'KB', 'MB'];

/** A ratio with about three digits. */
export function formatRatio(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} x`;
}

/** A whole number, in groups of three digits. */
export function formatCount(value: number): string {
  return value.toLocaleString('en');
}

/** A number of bytes. */
export function formatBytes(value: number): string {
  let unit = 0;
  let scaled = value;
  for (; scaled >= 1_000 && unit < UNITS.length - 1; unit++) scaled /= 1_000;
  return `${scaled.toFixed(unit === 0 ? 0 : 2)} ${UNITS[unit]}`;
}

/** A median with about three digits. */
export function formatMedian(value: number): string {
  return value < 10 ? value.toFixed(2) : value < 1_000 ? value.toFixed(1) : formatCount(Math.round(value));
}

/** Colours of text, for outputs that can show them. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

/** Colours for a terminal, or none. */
export function textStyle(colour: boolean): Style {
  const sgr = (code: number) => (text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { bold: sgr(1), dim: sgr(2), good: sgr(32), bad: sgr(31) };
}
