// What the figures of a simulation say, in sentences.
import type { ContenderSetup } from './contenders.ts';
import type { ColumnName, ContenderResult, Figure } from './result.ts';

/** Columns in which more is better. In all others, less is. */
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

type Named = Pick<ContenderResult, 'label' | 'figures'>;

/**
 * For each column the labels of those that are best, or that the spread of the placements does not tell from
 * it.
 */
export function bestOf(contenders: readonly Named[]): Record<ColumnName, string[]> {
  return Object.fromEntries(COLUMNS.map((column) => [column, bestIn(contenders, column)])) as Record<
    ColumnName,
    string[]
  >;
}

function bestIn(contenders: readonly Named[], column: ColumnName): string[] {
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

/** Sentences that say what the figures mean. References are not recommended. */
export function findingsOf(
  setups: readonly ContenderSetup[],
  contenders: readonly ContenderResult[],
): string[] {
  const usable = contenders.filter((_, i) => setups[i]?.isReference !== true);
  return [...recommendation(usable), ...priceOfBounds(setups, contenders)];
}

function recommendation(contenders: readonly ContenderResult[]): string[] {
  if (contenders.length < 2) return [];
  const { errors } = bestOf(contenders);
  const sound = contenders.filter(({ label }) => errors.includes(label));
  const { p99Ms } = bestOf(sound);
  const [first] = sound.filter(({ label }) => p99Ms.includes(label));
  if (first === undefined) return [];
  const isCached = first.figures.hits !== null;
  const hits = isCached ? `, most hits ${inWords(bestOf(contenders).hits)}` : '';
  const among = sound.length < contenders.length ? ' among those with the fewest errors' : '';
  return [`Best for this traffic${among}: 99th percentile ${inWords(p99Ms)}${hits}.`];
}

/** What the bounds cost and save, where one contender has them and another one is the same without. */
function priceOfBounds(setups: readonly ContenderSetup[], contenders: readonly ContenderResult[]): string[] {
  const free = setups.findIndex(({ bounds }) => bounds.factor === Number.POSITIVE_INFINITY);
  const bound = setups.findIndex(
    (setup) => setup.strategy === setups[free]?.strategy && setup.bounds.factor !== Number.POSITIVE_INFINITY,
  );
  const [without, within] = [contenders[free], contenders[bound]];
  if (without === undefined || within === undefined) return [];
  const worst = ({ series }: ContenderResult) => Math.max(0, ...series.p99Ms.map((ms) => ms ?? 0));
  const [saved, points] = [
    worst(without) - worst(within),
    ((without.figures.hits?.mean ?? 0) - (within.figures.hits?.mean ?? 0)) * 100,
  ];
  const cost = without.figures.hits === null ? 'costs no hits' : `costs ${points.toFixed(1)} points of hits`;
  const gain = `${saved < 0 ? 'adds' : 'saves'} ${Math.abs(saved).toFixed(saved < 100 ? 1 : 0)} ms of the 99th percentile`;
  return [`The bound of ${within.label} ${cost} and ${gain} at the worst moment.`];
}

function inWords(labels: readonly string[]): string {
  if (labels.length < 2) return labels.join();
  return `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`;
}
