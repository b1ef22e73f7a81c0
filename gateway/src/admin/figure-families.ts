// Makes the metric families that a table of figures describes.
import type { BackendState } from 'evenkeel';
import { entriesOf, type Figure, type StatsOf } from '../observation/figure.ts';
import type { LatencyStats } from '../observation/latency-histogram.ts';
import { durations, labelled, type MetricFamily, single } from './metric-family.ts';

/** Every state of a backend, in the order of the samples. */
export const STATES: readonly BackendState[] = ['up', 'down', 'draining', 'barred'];

/**
 * The families of all figures of a table that name one, those of its groups included; not those of its lists.
 */
export function figureFamilies<Table>(table: Table): MetricFamily<Partial<StatsOf<Table>>>[] {
  return entriesOf(table).flatMap(([name, figure]) => {
    const valueIn = (stats: Partial<StatsOf<Table>>) => stats[name as keyof Table] as unknown;
    if (figure.kind === 'group') {
      return figureFamilies(figure.table as Record<string, never>).map((family) => ({
        ...family,
        samples: (stats: Partial<StatsOf<Table>>) => {
          const part = valueIn(stats);
          return part === undefined ? [] : family.samples(part as never);
        },
      }));
    }
    return figure.metric === undefined ? [] : familyOf(figure, figure.metric, valueIn);
  });
}

function familyOf<Stats>(
  { kind, help, unit }: Figure<never, never>,
  { name, label = '' }: { readonly name: string; readonly label?: string },
  valueIn: (stats: Stats) => unknown,
): MetricFamily<Stats> {
  const numberOf = (stats: Stats) => {
    const value = valueIn(stats);
    if (value === undefined) return undefined;
    return unit === 'ms' || unit === 'ms since 1970' ? Number(value) / 1_000 : Number(value);
  };
  switch (kind) {
    case 'latency':
      return durations(name, help, (stats) => valueIn(stats) as LatencyStats);
    case 'counts':
      return labelled('counter', name, help, label, (stats) => valueIn(stats) as Record<string, number>);
    case 'state':
      return labelled('gauge', name, help, label, (stats) => {
        const state = valueIn(stats);
        return state === undefined
          ? undefined
          : Object.fromEntries(STATES.map((one) => [one, +(one === state)]));
      });
    case 'counter':
      return single('counter', name, help, numberOf);
    default:
      return single('gauge', name, help, numberOf);
  }
}
