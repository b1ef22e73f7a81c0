import { type Family, families } from './catalogue.ts';
import type { Outcome, Verdict } from './runner.ts';

/** From here on a case is marked as slow. */
const SLOW_MS = 1_000;
const NOTE_WIDTH = 160;
const NAME_WIDTH = 42;

const oneLine = (text: string) => {
  const flat = text.replaceAll(/\s+/g, ' ');
  return flat.length > NOTE_WIDTH ? `${flat.slice(0, NOTE_WIDTH - 1)}…` : flat;
};

/** One case in one line. */
export function outcomeLine({ id, verdict, title, note, ms }: Outcome): string {
  const slow = ms >= SLOW_MS ? ` (${(ms / 1_000).toFixed(1)} s)` : '';
  return `${id.padEnd(4)} ${verdict.padEnd(8)} ${title}${slow}: ${oneLine(note)}`;
}

const VERDICTS: readonly Verdict[] = ['pass', 'differs', 'FAIL', 'none'];

/** How many of each verdict, by family and in all. */
export function summary(outcomes: readonly Outcome[]): string {
  const row = (name: string, some: readonly Outcome[]) => {
    const counts = VERDICTS.map((verdict) => some.filter((outcome) => outcome.verdict === verdict).length);
    return `${name.padEnd(NAME_WIDTH)} ${counts.map((count) => String(count).padStart(7)).join(' ')}`;
  };
  const head = `${''.padEnd(NAME_WIDTH)} ${VERDICTS.map((verdict) => verdict.padStart(7)).join(' ')}`;
  const letters = [...new Set(outcomes.map(({ id }) => id.charAt(0) as Family))];
  const rows = letters.map((letter) => {
    const some = outcomes.filter(({ id }) => id.startsWith(letter));
    return row(`${letter} ${families[letter]}`, some);
  });
  return [head, ...rows, row('all', outcomes)].join('\n');
}
