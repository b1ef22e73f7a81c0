// Formats values for people.

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The text for a missing value. */
const NOTHING = '-';

/** A number, or `null` if it is missing. */
type Maybe = number | null | undefined;

/** A count, with commas. */
export function count(number: Maybe): string {
  return typeof number === 'number' ? number.toLocaleString('en') : NOTHING;
}

/** A number with a noun. */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** A share, in percent. */
export function percent(share: Maybe): string {
  return typeof share === 'number' ? `${(share * 100).toFixed(1)}%` : NOTHING;
}

/** A ratio. */
export function times(ratio: Maybe): string {
  return typeof ratio === 'number' ? `${ratio.toFixed(2)}×` : NOTHING;
}

/** A time, with a no-break space. */
export function milliseconds(ms: Maybe): string {
  return typeof ms === 'number' ? `${ms.toFixed(ms < 10 ? 1 : 0)}\u00a0ms` : NOTHING;
}

/** The text for a value, or the text for a missing one. */
export function highest(numbers: readonly Maybe[]): number | null {
  const known = numbers.filter((number) => typeof number === 'number');
  return known.length === 0 ? null : Math.max(...known);
}

/** A bar of up to `width` characters for a share from 0 to 1, exact to an eighth of a character. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, share) * width * 8);
  return '█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] as string);
}

/** One character for a share from 0 to 1. */
export function level(share: number): string {
  return LEVELS[Math.min(LEVELS.length - 1, Math.floor(share * LEVELS.length))] as string;
}

/** Cuts a text to `width` characters, with an ellipsis if it was cut. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Breaks a text into lines of up to `width` characters, between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
