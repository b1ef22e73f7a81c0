// What a figure is: one entry of a table from which statistics, their merge over workers, metrics, the
// dashboard and the page of figures all read. A new figure is a new entry, and nothing else.
import type { BackendState } from 'evenkeel';
import type { LatencyStats } from './latency-histogram.ts';
import { FIRST, type Merge, SUM, TOTAL, TOTAL_COUNTS, TOTAL_LATENCY } from './merge.ts';

/** What a figure's value is; metrics and the dashboard treat each kind in one way. */
export type FigureKind =
  | 'text'
  | 'flag'
  | 'state'
  | 'gauge'
  | 'counter'
  | 'counts'
  | 'latency'
  | 'group'
  | 'list';

/** Where and how the dashboard shows a figure of a backend. */
export interface Cell {
  /** The heading of the column; one that does not exist yet is added at the end. */
  readonly column: string;
  /** `since`: the time from this moment until now. */
  readonly format: 'count' | 'number' | 'percent' | 'seconds' | 'since';
  /** Words around the value, which stands for `{}`: in small print below the first value of the column. */
  readonly words?: string;
  /** Nothing is shown while the figure is this number, or equals the figure of this name. */
  readonly hiddenAt?: number | string;
}

/** How a figure is read, merged and shown. */
export interface Figure<Source, Value> {
  readonly kind: FigureKind;
  /** Of the value in the statistics; metrics are in base units. Left out for plain numbers. */
  readonly unit?: 's' | 'ms' | 'ms since 1970';
  /** One sentence: the help text of the metric, and the line in the page of figures. */
  readonly help: string;
  /** The name of its metric family, and the label that tells the values of `counts` and `state` apart. */
  readonly metric?: { readonly name: string; readonly label?: string };
  readonly cell?: Cell;
  /** The figures of a `group` or of each item of a `list`. */
  readonly table?: unknown;
  readonly merge: Merge<Value>;
  readonly read: (source: Source) => Value;
}

/** The statistics that a table of figures describes. */
export type StatsOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Figure<never, infer Value> ? Value : never;
};

type SourceOf<Table> = Table[keyof Table] extends { readonly read: (source: infer Source) => unknown }
  ? Source
  : never;

type Entry<Source, Value> = Omit<Figure<Source, Value>, 'kind' | 'merge' | 'table'> & {
  readonly merge?: Merge<NoInfer<Value>>;
};

/** Makes the figures of one kind of source; the kind decides how values are merged unless the entry does. */
export function figuresOf<Source>() {
  const made =
    <Base>(kind: FigureKind, merge: unknown) =>
    <Value extends Base>(entry: Entry<Source, Value>): Figure<Source, Value> => ({
      merge: merge as Merge<Value>,
      ...entry,
      kind,
    });
  return {
    /** A name or a reason. */
    text: made<string | undefined>('text', FIRST),
    /** True or false. */
    flag: made<boolean>('flag', FIRST),
    /** One of the states of a backend. */
    state: made<BackendState>('state', FIRST),
    /** A number that rises and falls. */
    gauge: made<number | undefined>('gauge', SUM),
    /** A number that only rises. */
    counter: made<number>('counter', TOTAL),
    /** Several counters, told apart by a word. */
    counts: made<Readonly<Record<string, number>>>('counts', TOTAL_COUNTS),
    /** A histogram. */
    latency: made<LatencyStats>('latency', TOTAL_LATENCY),

    /** Figures that stand together under one name; `undefined` if their source is. */
    group<Table, Part extends SourceOf<Table> | undefined>(
      table: Table,
      help: string,
      part: (source: Source) => Part,
    ): Figure<Source, StatsOf<Table> | Extract<Part, undefined>> {
      type Value = StatsOf<Table> | Extract<Part, undefined>;
      return {
        kind: 'group',
        help,
        table,
        read: (source) => {
          const own = part(source);
          return (own === undefined ? undefined : readFigures(table, own as SourceOf<Table>)) as Value;
        },
        merge: {
          words: 'each by its own rule',
          fold({ running, all }) {
            const known = all.filter((value) => value !== undefined) as StatsOf<Table>[];
            if (known.length === 0 && all.length > 0) return undefined as Value;
            const current = running.filter((value) => value !== undefined) as StatsOf<Table>[];
            return mergeFigures(table, current, known) as Value;
          },
        },
      };
    },

    /** Items with figures of their own; the same item of several workers has the same `key`. */
    list<Table>(
      {
        table,
        key,
        help,
      }: { readonly table: Table; readonly key: keyof Table & string; readonly help: string },
      items: (source: Source) => readonly StatsOf<Table>[],
    ): Figure<Source, readonly StatsOf<Table>[]> {
      return {
        kind: 'list',
        help,
        table,
        read: items,
        merge: {
          words: `each by its \`${key}\`; what only ended workers had is left out`,
          fold({ running, all }) {
            const totals = grouped(all.flat(), key);
            return [...grouped(running.flat(), key)].map(([name, own]) =>
              mergeFigures(table, own, totals.get(name) ?? own),
            );
          },
        },
      };
    },
  };
}

/** Reads all figures of a table. */
export function readFigures<Table>(table: Table, source: SourceOf<Table>): StatsOf<Table> {
  const values = entriesOf(table).map(([name, figure]) => [name, figure.read(source as never)]);
  return Object.fromEntries(values) as StatsOf<Table>;
}

/**
 * Makes one of the statistics of several workers.
 * @param running - of workers that run
 * @param all - the same, and those of workers that have ended
 */
export function mergeFigures<Table>(
  table: Table,
  running: readonly StatsOf<Table>[],
  all: readonly StatsOf<Table>[],
): StatsOf<Table> {
  const merged = entriesOf(table).map(([name, { merge }]) => {
    const valuesOf = (one: StatsOf<Table>) => one[name as keyof Table] as never;
    return [name, merge.fold({ running: running.map(valuesOf), all: all.map(valuesOf) })];
  });
  return Object.fromEntries(merged) as StatsOf<Table>;
}

/** The entries of a table, in its order. */
export function entriesOf(table: unknown): [name: string, figure: Figure<never, never>][] {
  return Object.entries(table as Readonly<Record<string, Figure<never, never>>>);
}

/** Items by the value of one property, in the order in which the values come. */
function grouped<Item, Key extends keyof Item>(items: readonly Item[], key: Key): Map<Item[Key], Item[]> {
  const groups = new Map<Item[Key], Item[]>();
  for (const item of items) {
    const group = groups.get(item[key]);
    if (group === undefined) groups.set(item[key], [item]);
    else group.push(item);
  }
  return groups;
}
