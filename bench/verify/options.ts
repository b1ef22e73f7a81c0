// The command line of `npm run verify`.

import { parseArgs } from 'node:util';
import type { Check } from './check.ts';

/** The usage text. */
export function usage(checks: readonly Check[]): string {
  const widest = Math.max(...checks.map(({ name }) => name.length));
  return `npm run verify -- [--only NAME]...

Runs the slow checks one after the other, and prints each figure beside its target. Checks:
${checks.map(({ name, about }) => `  ${name.padEnd(widest)}  ${about}`).join('\n')}

  --only NAME   runs this one alone, and others for which it is given again
  --help        shows this

Exits with 0 where every target is met, with 1 where one is missed, with 2 for a wrong command line.`;
}

/**
 * The checks that the command line asks for, in their order; `undefined` if it asks for help.
 * @throws Error with a message of one line if the command line is invalid
 */
export function chosen(args: readonly string[], checks: readonly Check[]): readonly Check[] | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string', multiple: true }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return undefined;
  const names = checks.map(({ name }) => name);
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new RangeError(`--only must be one of ${names.join(', ')}, got ${JSON.stringify(unknown)}`);
  return checks.filter(({ name }) => values.only?.includes(name) ?? true);
}
