// The targets of evenkeel, and whether they are met.

import type { MeasureName } from './job.ts';
import { FACTORS, MEMORIES, nameOf } from './promises/evenness.ts';
import type { Quantity, Results } from './results.ts';
import { EVENNESS_SIZES, SIZES } from './schedule.ts';
import { formatBytes, formatCount, formatRatio } from './text.ts';

/** A result for one number of backends. */
interface Cell {
  readonly n: number;
  readonly value: number;
  /** The result as text. */
  readonly text: string;
  /** Whether the target is met; `undefined` if there is no target. */
  readonly ok: boolean | undefined;
}

/** One line of the table of targets. */
export interface Row {
  readonly what: string;
  readonly target: string;
  readonly cells: readonly Cell[];
}

const PICK: Quantity = ['evenkeel-pick', 'pick'];

/** All targets of evenkeel with their results, under headings. */
export function targetRows(results: Results): ReadonlyMap<string, readonly Row[]> {
  return new Map([
    ['A look-up', lookUpRows(results)],
    [
      'acquire + release: both bounds, memory of keys, live array followed, 10 in flight a backend',
      leaseRows(results),
    ],
    ['The ring', ringRows(results)],
    ['Keys that move', movementRows(results)],
    ['Most loaded backend over the mean, 100,000 keys', evennessRows(results)],
  ]);
}

/** The most that a lease may take of the time of a plain pick, by the number of backends. */
const LEASE_OVER_PICK = new Map([
  [4, 2.6],
  [100, 3.2],
  [1_000, 3.8],
]);

function lookUpRows(results: Results): Row[] {
  const against = (what: string, peer: MeasureName, target: number): Row => ({
    what,
    target: `>= ${target} x`,
    cells: SIZES.map((n) => atLeast(target, results.ratio([peer, 'get'], PICK, n), n)),
  });
  return [
    against('as fast as hashring, its cache missed', 'hashring-get', 20),
    against('as fast as consistent-hash, 160 points', 'consistent-hash-get', 1.7),
    {
      what: 'time over hashing the key alone',
      target: '<= 1.7 x at 100',
      cells: SIZES.map((n) =>
        atMost(n === 100 ? 1.7 : undefined, results.ratio(PICK, ['evenkeel-pick', 'hash'], n), n),
      ),
    },
  ];
}

function leaseRows(results: Results): Row[] {
  const overPick = (measure: MeasureName, n: number) =>
    results.ratio([measure, 'lease'], [measure, 'pick'], n);
  return [
    {
      what: 'time over the plain pick, new keys',
      target: '<= 2.6, 3.2, 3.8 x',
      cells: SIZES.map((n) => atMost(LEASE_OVER_PICK.get(n), overPick('evenkeel-new-keys', n), n)),
    },
    {
      what: 'the same with a memory of 131,072 known keys',
      target: '',
      cells: SIZES.map((n) => atMost(undefined, overPick('evenkeel-known-keys', n), n)),
    },
    {
      what: 'time with all four guards over without',
      target: '<= 2 x',
      cells: SIZES.map((n) =>
        atMost(2, results.ratio(['evenkeel-guarded', 'guarded'], ['evenkeel-guarded', 'plain'], n), n),
      ),
    },
    {
      what: 'time with the array followed over without',
      target: '<= 1.15 x',
      cells: SIZES.map((n) =>
        atMost(1.15, results.ratio(['evenkeel-followed', 'followed'], ['evenkeel-followed', 'fixed'], n), n),
      ),
    },
    {
      what: 'bytes allocated, the most in 3 processes',
      target: `<= ${formatBytes(results.median(['evenkeel-garbage', 'lease'], 4))}, the lease`,
      cells: SIZES.map((n) => {
        const value = Math.max(...results.of(['evenkeel-garbage', 'allocated'], n));
        // Includes the code that V8 compiles in the background: less than a byte a lease.
        const ok = value <= results.median(['evenkeel-garbage', 'lease'], n) + 1;
        return { n, value, text: formatBytes(value), ok };
      }),
    },
  ];
}

function ringRows(results: Results): Row[] {
  const against = (what: string, name: string, target: number, sizes: readonly number[]): Row => ({
    what,
    target: `>= ${target} x`,
    cells: sizes.map((n) =>
      atLeast(target, results.ratio(['hashring-change', name], ['evenkeel-change', name], n), n),
    ),
  });
  const memory = results.ratio(['evenkeel-memory', 'bytes'], ['hashring-memory', 'bytes'], 1_000);
  return [
    against('built as fast as hashring', 'build', 5, [1_000]),
    against('one backend added as fast as hashring', 'add', 40, [100, 1_000]),
    against('one backend removed as fast as hashring', 'remove', 40, [100, 1_000]),
    { what: 'memory over that of hashring', target: '<= 0.2 x', cells: [atMost(0.2, memory, 1_000)] },
  ];
}

function movementRows(results: Results): Row[] {
  const of = (name: string, n: number) => results.of(['movement', name], n);
  const sumOf = (name: string, n: number) => of(name, n).reduce((sum, value) => sum + value, 0);
  const zero = (what: string, count: (n: number) => number): Row => ({
    what,
    target: '0',
    cells: SIZES.map((n) => ({ n, value: count(n), text: formatCount(count(n)), ok: count(n) === 0 })),
  });
  const own = (what: string, share: string, moved: string): Row => ({
    what,
    target: 'exactly its share',
    cells: SIZES.map((n) => ({
      n,
      value: of(moved, n)[0] as number,
      text: formatCount(of(moved, n)[0] as number),
      ok: of(moved, n).every((value, process) => value === of(share, n)[process]),
    })),
  });
  return [
    own('when a backend goes', 'share', 'moved'),
    own('when a backend comes', 'gained', 'moved in'),
    zero('between the others', (n) => sumOf('strayed', n) + sumOf('strayed in', n)),
    zero('not back home when it is back', (n) => sumOf('not back', n)),
    {
      what: 'different rings in 3 processes, pool shuffled',
      target: '1',
      cells: SIZES.map((n) => {
        const value = new Set(of('digest', n)).size;
        return { n, value, text: formatCount(value), ok: value === 1 };
      }),
    },
  ];
}

function evennessRows(results: Results): Row[] {
  return FACTORS.flatMap((factor) => {
    const cells = (
      memory: number,
      name: string,
      isMet: (value: number, broken: number) => boolean | undefined,
    ) =>
      EVENNESS_SIZES.map((n): Cell => {
        const of = (quantity: string) =>
          results.median(['evenness', `${nameOf(factor, memory)} ${quantity}`], n);
        const value = of(name);
        return { n, value, text: value.toFixed(3), ok: isMet(value, of('broken')) };
      });
    const isBounded = (_: number, broken: number) => broken === 0;
    const [all, few] = MEMORIES;
    return [
      {
        what: `c = ${factor}, all remembered`,
        target: 'bound kept at each key',
        cells: cells(all, 'remembered', isBounded),
      },
      {
        what: `c = ${factor}, ${formatCount(few)} remembered`,
        target: 'bound kept at each key',
        cells: cells(few, 'remembered', isBounded),
      },
      {
        what: `c = ${factor}, the same by all keys ever sent`,
        target: '',
        cells: cells(few, 'placed', () => undefined),
      },
    ];
  });
}

function atLeast(target: number, value: number, n: number): Cell {
  return { n, value, text: formatRatio(value), ok: value >= target };
}

function atMost(target: number | undefined, value: number, n: number): Cell {
  return { n, value, text: formatRatio(value), ok: target === undefined ? undefined : value <= target };
}
