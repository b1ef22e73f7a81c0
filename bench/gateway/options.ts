// The command line of `npm run bench:gateway`.

import { parseArgs } from 'node:util';
import { roundsOf, writableFile } from '../options.ts';
import { CONTENDER_NAMES, type ContenderName } from './contenders/contender.ts';
import { ROW_NAMES, type RowName } from './schedule.ts';

const ROUNDS = 3;
const QUICK_ROUNDS = 2;

/** The usage text. */
export const USAGE = `npm run bench:gateway -- [--rounds N] [--quick] [--only NAME]... [--row ROW]... [--json FILE]

Measures the gateway against its targets and against other reverse proxies: each one process on a core of its own, load
and origins on the others. nginx, haproxy and wrk are used where they are installed. Needs Linux.

  --rounds N    interleaved rounds that the medians are taken over, from 1 to 100; ${ROUNDS} by default (less than a quarter of an hour)
  --quick       ${QUICK_ROUNDS} short rounds with 1 KB alone (less than three minutes): shows that everything runs, not how fast it is
  --only NAME   measures this one alone, and others for which it is given again:
                ${CONTENDER_NAMES.join(', ')}
  --row ROW     measures these alone, and others for which it is given again:
                ${ROW_NAMES.join(', ')}
  --json FILE   also writes every measurement to a file
  --help        shows this

Exits with 0 where everything was measured, also if a target was missed; with 1 where measuring failed; with 2 for
a wrong command line.`;

/** The options of the command line. */
export interface Options {
  readonly help: boolean;
  readonly quick: boolean;
  readonly rounds: number;
  /** The contenders to measure. */
  readonly names: readonly ContenderName[];
  /** The rows to measure. */
  readonly rows: readonly RowName[];
  /** The file for JSON results; `undefined` for none. */
  readonly jsonFile: string | undefined;
}

/** @throws Error with a message of one line if the command line is invalid */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      row: { type: 'string', multiple: true },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const defaultRounds = values.quick ? QUICK_ROUNDS : ROUNDS;
  return {
    help: values.help,
    quick: values.quick,
    rounds: values.rounds === undefined ? defaultRounds : roundsOf(values.rounds),
    names: values.only?.map((text) => oneOf(CONTENDER_NAMES, '--only', text)) ?? CONTENDER_NAMES,
    rows: values.row?.map((text) => oneOf(ROW_NAMES, '--row', text)) ?? ROW_NAMES,
    jsonFile: values.json === undefined ? undefined : writableFile(values.json),
  };
}

function oneOf<Name extends string>(names: readonly Name[], option: string, text: string): Name {
  const name = names.find((known) => known === text);
  if (name !== undefined) return name;
  throw new Error(`${option} must be one of ${names.join(', ')}, got ${JSON.stringify(text)}`);
}
