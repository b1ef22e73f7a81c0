// What the figures of a simulation say, in sentences.
import type { ColumnName, ContenderResult, Figure } from './result.ts';

/** Columns in which more is better. All others: less is better. */
const MORE_IS_BETTER: ReadonlySet<ColumnName> = new Set<ColumnName>(['hits']);

const COLUMNS: readonly ColumnName[] = [
  'meanMs',
  'p50Ms',
  'p99Ms',
  'p999Ms',
  'errors',
  'retries',
  'hits',
  'mostOverMean',
  'keysMoved',
  'spills',
];

/**
 * For each column the labels of those that are best, or that the spread of the placements does not tell from
 * it.
 */
export function bestOf(contenders: readonly ContenderResult[]): Record<ColumnName, string[]> {
  return Object.fromEntries(COLUMNS.map((column) => [column, bestIn(contenders, column)])) as Record<
    ColumnName,
    string[]
  >;
}

function bestIn(contenders: readonly ContenderResult[], column: ColumnName): string[] {
  const figures = contenders.flatMap(({ label, figures }) => {
    const figure = figures[column];
    return figure === null ? [] : [{ label, figure }];
  });
  const sign = MORE_IS_BETTER.has(column) ? -1 : 1;
  const least = Math.min(...figures.map(({ figure }) => sign * figure.mean));
  const best = figures.filter(({ figure }) => sign * figure.mean === least);
  const isNear = (figure: Figure) =>
    best.some(({ figure: { least, most } }) => figure.least <= most && figure.most >= least);
  return figures.filter(({ figure }) => isNear(figure)).map(({ label }) => label);
}

/** Sentences that say what the figures mean. */
export function findingsOf(
  contenders: readonly ContenderResult[],
  best: Readonly<Record<ColumnName, readonly string[]>>,
): string[] {
  const findings: string[] = [];
  if (contenders.length > 1) {
    const { p99Ms, errors, hits } = best;
    const overall = p99Ms.filter((label) => errors.includes(label));
    const named = overall.length > 0 ? overall : errors;
    findings.push(`Best for this traffic, by the 99th percentile: ${inWords(named)}.`);
    if (hits.length > 0) findings.push(`The most cache hits: ${inWords(hits)}.`);
  }
  return findings;
}

function inWords(labels: readonly string[]): string {
  if (labels.length < 2) return labels.join();
  return `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`;
}
