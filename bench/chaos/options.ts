// The command line of `npm run chaos`.

import { parseArgs } from 'node:util';

/** The usage text. */
export const USAGE = `npm run chaos -- [--requests N] [--seed N] [--verify] [--json]

Lets one thing after the other go wrong with 20 simulated backends while requests go through the load balancer, on a virtual
clock: nothing sleeps, nothing is sent, and one seed always gives the same run. Then lets 1,000 backends flap. Prints what was
injected, and every promise with its verdict.

  --requests N   requests of each of the three runs with 20 backends, from 1,000 to 1,000,000; 200,000 by default
  --seed N       whole number from 0 to 4294967295 that decides about everything random; 1 by default
  --verify       runs the whole first scenario twice to compare the digests, not only a tenth of it
  --json         prints one JSON document and nothing else
  --help         shows this

Exits with 0 where every promise was kept, with 1 where one was broken, with 2 for a wrong command line.`;

/** The options of the command line. */
export interface Options {
  readonly help: boolean;
  readonly requests: number;
  readonly seed: number;
  readonly verify: boolean;
  readonly json: boolean;
}

/** @throws Error with a message of one line if the command line is invalid */
export function readOptions(args: readonly string[]): Options {
  const { requests, seed, ...flags } = parse(args);
  return {
    ...flags,
    requests: integer('requests', requests, 1_000, 1_000_000),
    seed: integer('seed', seed, 0, 2 ** 32 - 1),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        requests: { type: 'string', default: '200000' },
        seed: { type: 'string', default: '1' },
        verify: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    // Only the first line: the rest of the platform's message is advice that does not apply here.
    const [problem = ''] = (error as Error).message.split(/\. |\.?\n/);
    throw new TypeError(problem.replace('argument is ambiguous', 'must be followed by its value'));
  }
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new RangeError(`--${name} must be an integer from ${least} to ${most}, got ${JSON.stringify(text)}`);
}
