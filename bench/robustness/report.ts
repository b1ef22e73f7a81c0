// The report of the robustness test as text.

import type { Verdict } from '../chaos/verdicts.ts';
import type { Style } from '../text.ts';
import { figuresText } from './figures.ts';
import { isKept, type Result } from './scenario.ts';

/** The report of a scenario as text: its figures, and each promise with its verdict. */
export function resultText({ name, title, tookMs, figures, verdicts }: Result, style: Style): string {
  const text = figuresText(figures);
  return [
    `${style.bold(name.padEnd(13))} ${title}  ${style.dim(`${(tookMs / 1_000).toFixed(1)} s`)}`,
    ...(text === '' ? [] : [style.dim(`  ${text}`)]),
    ...verdicts.map((one) => verdictLine(one, style)),
    '',
  ].join('\n');
}

/** The last line of the report. */
export function summary(results: readonly Result[], style: Style): string {
  const all = results.flatMap(({ verdicts }) => verdicts);
  const broken = all.filter(({ kept }) => kept === false).length;
  return isKept(results)
    ? style.good(`No promise broken, of ${all.length}.`)
    : style.bad(`${broken} of ${all.length} promises broken.`);
}

function verdictLine({ promise, measured, kept }: Verdict, style: Style): string {
  const word =
    kept === undefined ? style.dim('not judged') : kept ? style.good('ok        ') : style.bad('BROKEN    ');
  return `  ${word} ${promise}: ${style.dim(measured)}`;
}
