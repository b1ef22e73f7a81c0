const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** What stands where there is nothing to say. */
const NOTHING = '-';

/** A number, if there is one. */
type Maybe = number | null | undefined;

/** A count, with commas. */
export function count(number: Maybe): string {
  return typeof number === 'number' ? number.toLocaleString('en') : NOTHING;
}

/** A number with what it counts. */
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

/** A time, with a space that is not broken. */
export function milliseconds(ms: Maybe): string {
  return typeof ms === 'number' ? `${ms.toFixed(ms < 10 ? 1 : 0)}\u00a0ms` : NOTHING;
}

/** `null` where there is none. */
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

/** Cuts a text to `width` characters, with a sign where something is missing. */
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
