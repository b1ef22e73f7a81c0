// The command line of `npm run bench`.

import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The usage text. */
export const USAGE = `npm run bench -- [--rounds N] [--quick] [--json FILE]

Measures evenkeel against its targets and against other rings from npm, each contender in its own process.

  --rounds N    rounds that the medians are taken over, from 1 to 100; 5 by default (less than two minutes)
  --quick       one short round: shows that everything runs, not how fast it is
  --json FILE   also writes every measurement to a file
  --help        shows this

Exits with 0 where everything was measured, also if a target was missed; with 1 where measuring failed; with 2 for
a wrong command line.`;

const MAX_ROUNDS = 100;

/** The options of the command line. */
export interface Options {
  readonly help: boolean;
  readonly rounds: number;
  /** The least time of each task in a round, in milliseconds. */
  readonly timeMs: number;
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
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    rounds: values.rounds === undefined ? (values.quick ? 1 : 5) : roundsOf(values.rounds),
    timeMs: values.quick ? 30 : 120,
    jsonFile: values.json === undefined ? undefined : writableFile(values.json),
  };
}

/** @throws RangeError that names the allowed values */
export function roundsOf(text: string): number {
  const rounds = Number(text);
  if (!/^\d+$/.test(text) || rounds < 1 || rounds > MAX_ROUNDS) {
    throw new RangeError(`--rounds must be an integer from 1 to ${MAX_ROUNDS}, got ${JSON.stringify(text)}`);
  }
  return rounds;
}

/**
 * Checks that the file can be written before minutes of measuring.
 * @throws Error if it cannot be written
 */
export function writableFile(text: string): string {
  const file = resolve(text);
  const isThere = statSync(file, { throwIfNoEntry: false });
  try {
    if (text === '' || isThere?.isDirectory() === true) throw new Error('not a file');
    accessSync(isThere === undefined ? dirname(file) : file, constants.W_OK);
  } catch {
    throw new Error(`--json must name a file that can be written, got ${JSON.stringify(text)}`);
  }
  return file;
}
