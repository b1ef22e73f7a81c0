// The command line of `npm run verify`.

import { parseArgs } from 'node:util';
import type { Check, CheckScale } from './check.ts';

/** The usage text. */
export function usage(checks: readonly Check[]): string {
  const widest = Math.max(...checks.map(({ name }) => name.length));
  return `npm run verify -- [--only NAME]... [--minutes N] [--seed N]

Runs the slow checks one after the other, and prints each figure beside its target. Checks:
${checks.map(({ name, about }) => `  ${name.padEnd(widest)}  ${about}`).join('\n')}

  --only NAME   runs this one alone, and others for which it is given again
  --minutes N   length of the soak, from 1 to 600; 60 if it is asked for by name, else 1
  --seed N      of the soak; by chance if it is left out
  --help        shows this

Exits with 0 where every target is met, with 1 where one is missed, with 2 for a wrong command line.`;
}

/** What the command line asks for. */
export interface Chosen {
  /** In their order. */
  readonly checks: readonly Check[];
  readonly scale: CheckScale;
}

const HOUR = 60;

/**
 * Reads the command line. @returns `undefined` if it asks for help
 * @throws Error with a message of one line if the command line is invalid
 */
export function chosen(args: readonly string[], checks: readonly Check[]): Chosen | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const names = checks.map(({ name }) => name);
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new RangeError(`--only must be one of ${names.join(', ')}, got ${JSON.stringify(unknown)}`);
  const minutes = Number(values.minutes ?? (values.only?.includes('soak') ? HOUR : 1));
  if (!(minutes >= 1 && minutes <= 10 * HOUR))
    throw new RangeError(`--minutes must be a number from 1 to 600, got ${values.minutes}`);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (!Number.isInteger(seed)) throw new RangeError(`--seed must be an integer, got ${values.seed}`);
  return {
    checks: checks.filter(({ name }) => values.only?.includes(name) ?? true),
    scale: { minutes, seed },
  };
}
