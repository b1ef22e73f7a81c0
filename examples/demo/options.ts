// The command line of `npm start`.

import { type StrategyName, strategies } from 'evenkeel';
import { readArguments, readInteger } from '../terminal/arguments.ts';

/** The options of the command line. */
export interface Options {
  readonly strategy: StrategyName;
  /** Number of requests; `undefined` for the default. */
  readonly requests: number | undefined;
  /** Whether to inject the load balancer into the client instead of running a gateway. */
  readonly inProcess: boolean;
  /** Whether to run on after the summary, until Ctrl-C. */
  readonly keep: boolean;
  /** Whether to open the dashboard in a browser. */
  readonly open: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

const MOST_REQUESTS = 1_000_000;

/** @throws Error with a message of one line if the command line is invalid */
export function readOptions(args: readonly string[]): Options {
  const { requests, strategy, ...flags } = readArguments(args, {
    requests: { type: 'string' },
    strategy: { type: 'string', default: 'consistent-hash' },
    'in-process': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    open: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  const { 'in-process': inProcess, keep, open, json, help } = flags;
  if (inProcess && (keep || open)) {
    throw new TypeError(`--${keep ? 'keep' : 'open'} needs the dashboard, which --in-process does not have`);
  }
  return {
    requests: requests === undefined ? undefined : readInteger('--requests', requests, 1, MOST_REQUESTS),
    strategy: readStrategy(strategy),
    inProcess,
    keep,
    open,
    json,
    help,
  };
}

/** The text of `--help`. */
export function helpText(): string {
  const names = Object.keys(strategies) as StrategyName[];
  const width = Math.max(...names.map((name) => name.length));
  return `A demo: evenkeel's gateway in front of four HTTP servers, and a skewed stream of requests. Keys stay on their backends and no
request is lost while one backend refuses connections, hangs and responds with 500, and a fifth one joins.

Usage: npm start -- [options]

  --requests N      requests to send, 1 to ${MOST_REQUESTS.toLocaleString('en')}; by default as many as fit into about ten seconds
  --strategy NAME   how backends are chosen (default: consistent-hash)
  --keep            run on after the summary, with light traffic and the dashboard, until Ctrl-C
  --open            open the dashboard in a browser
  --in-process      without the gateway: inject the load balancer into the client, and check every admission against its bounds
  --json            print one JSON document and nothing else
  -h, --help        print this

Strategies:

${names.map((name) => `  ${name.padEnd(width)}   ${strategies[name].summary}`).join('\n')}
`;
}

function readStrategy(name: string): StrategyName {
  if (Object.hasOwn(strategies, name)) return name as StrategyName;
  const names = Object.keys(strategies).join(', ');
  throw new RangeError(`--strategy must be one of ${names}, got ${JSON.stringify(name)}`);
}
