// The strategy `maglev`.

import { KEY_SPACE } from '../hashing/hash.ts';
import { maglevRow, maglevSteps, maglevTable, primeFrom } from '../hashing/maglev-table.ts';
import { bag, checkBag } from '../options/bag.ts';
import { anInteger } from '../options/rule.ts';
import { atOnce, type Steps } from '../steps.ts';
import { firstEligible, walkingOrder } from './jumps.ts';
import type { Backend, KeyedStrategy, StrategyFactory, Weighted } from './strategy.ts';

/** Keeps `position * rows` an exact integer. */
const MAX_ROWS = 1_000_000;

/** Settings of {@link maglev}. */
export interface MaglevOptions {
  /**
   * Rows of the look-up table, from 101 to 1,000,000; rounded up to a prime.
   * @defaultValue 65,537, or 100 for each backend where that is more, up to 1,000,000
   */
  readonly rows?: number;
}

const OPTIONS = bag<MaglevOptions>({ rows: anInteger(101, MAX_ROWS) });

/**
 * Google's Maglev hashing: a table whose rows the backends claim in turn. Without bounds its shares are more
 * even than those of a ring with 160 points. When a backend is removed, a few keys of other backends move,
 * too. A pick is O(1); a change of the pool fills the table again.
 *
 * @throws RangeError if `rows` is out of range
 * @see Eisenbud et al., Maglev: A Fast and Reliable Software Network Load Balancer, NSDI 2016
 */
export function maglev(options: MaglevOptions = {}): StrategyFactory {
  checkBag(options, OPTIONS, 'maglev');
  const { rows } = options;
  const rowsFor = (count: number) => primeFrom(rows ?? Math.min(MAX_ROWS, Math.max(65_537, 100 * count)));
  return () => maglevStrategy(rows === undefined ? 'maglev' : `maglev/${primeFrom(rows)}`, rowsFor);
}

/** The tables of a pool. */
interface Tables {
  readonly backends: readonly Backend[];
  readonly candidates: readonly Backend[];
  readonly bySlot: readonly (Backend | undefined)[];
  readonly table: Uint16Array;
}

const NO_TABLES: Tables = { backends: [], candidates: [], bySlot: [], table: new Uint16Array(0) };

function maglevStrategy(name: string, rowsFor: (count: number) => number): KeyedStrategy {
  let { backends, candidates, bySlot, table } = NO_TABLES;
  /** The tables for the next update. */
  let prepared = NO_TABLES;

  const home = (key: number): Backend | undefined =>
    table.length === 0 ? undefined : bySlot[table[maglevRow(key, table.length)] as number];

  function* tablesOf(next: readonly Backend[]): Steps<Tables> {
    const order = yield* walkingOrder(next, candidates);
    const slots: Backend[] = [];
    for (const b of next) slots[b.slot] = b;
    yield;
    // In the order of ids already.
    const rows = yield* maglevSteps(order, rowsFor(next.length));
    return { backends: next, candidates: order, bySlot: slots, table: rows };
  }

  return {
    name,
    home,
    *prepare(next) {
      prepared = yield* tablesOf(next);
    },
    update(next) {
      const tables = prepared.backends === next ? prepared : atOnce(tablesOf(next));
      prepared = NO_TABLES;
      ({ backends, candidates, bySlot, table } = tables);
    },
    pick(key, eligible) {
      const first = home(key);
      return first !== undefined && eligible(first) ? first : firstEligible(key, home, candidates, eligible);
    },
    *arcs(of: readonly Weighted[] = backends) {
      const rows = maglevTable(
        of.map((b, slot) => ({ id: b.id, slot, weight: b.weight })),
        rowsFor(of.length),
      );
      for (const [row, slot] of rows.entries())
        yield [Math.ceil(((row + 1) * KEY_SPACE) / rows.length), of[slot]?.id] as const;
    },
  };
}
