// What a replay says, in one sentence.
import type { ContenderResult, Figures, SimulationResult } from '../result.ts';

/** What the default strategy would do with another number of backends. */
export interface PoolSize {
  readonly backends: number;
  readonly figures: Figures;
}

/** What bound, strategy and number of backends would have done. */
export function answerOf(
  { contenders, backends }: SimulationResult,
  sizes: readonly PoolSize[],
  count = backends.length,
): string {
  const find = (label: string) => contenders.find((contender) => contender.label === label);
  const own =
    find('consistent-hash') ?? contenders.find(({ label }) => label !== 'round-robin') ?? contenders[0];
  if (own === undefined) return '';
  const parts = [`with ${count} backends ${own.label} has ${hitsText(own)} and a mean of ${ms(own.figures)}`];
  const other = find('round-robin');
  if (other !== undefined && other !== own)
    parts.push(`round-robin ${hitsText(other)} and ${ms(other.figures)}`);
  const free = find('no bound');
  if (free !== undefined) parts.push(boundText(own, free));
  if (sizes.length > 0) {
    const texts = sizes.map(({ backends, figures }) => {
      return `with ${backends} backends it would be ${percent(figures.hits?.mean)} and ${ms(figures)}`;
    });
    parts.push(texts.join(', '));
  }
  const sentence = parts.join('; ');
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

function boundText({ figures: own }: ContenderResult, { figures: free }: ContenderResult): string {
  const points = 100 * ((free.hits?.mean ?? 0) - (own.hits?.mean ?? 0));
  const cost =
    Math.abs(points) < 0.05
      ? 'the bound costs no hits'
      : `the bound ${points > 0 ? 'costs' : 'brings'} ${Math.abs(points).toFixed(1)} points of hits`;
  return `${cost} and takes the busiest backend from ${free.mostOverMean.mean.toFixed(2)} to ${own.mostOverMean.mean.toFixed(2)} times its share`;
}

function hitsText({ figures }: ContenderResult): string {
  return `${percent(figures.hits?.mean)} cache hits`;
}

function percent(share: number | undefined): string {
  return share === undefined ? 'no' : `${(100 * share).toFixed(1)} %`;
}

function ms({ meanMs }: Figures): string {
  return `${meanMs.mean.toFixed(1)} ms`;
}
