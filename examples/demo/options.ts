import { type StrategyName, strategies } from 'evenkeel';
import { readArguments, readInteger } from '../terminal/arguments.ts';

/** What the command line asks for. */
export interface Options {
  readonly strategy: StrategyName;
  /** Length of the stream; `undefined` leaves it to the demo. */
  readonly requests: number | undefined;
  /** Without a gateway: the load balancer is injected into the client. */
  readonly inProcess: boolean;
  /** Runs on after the summary, until Ctrl-C. */
  readonly keep: boolean;
  /** Opens the dashboard in a browser. */
  readonly open: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

const MOST_REQUESTS = 1_000_000;

/** @throws Error with one line that says what is wrong */
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
    throw new TypeError(
      `--${keep ? 'keep' : 'open'} is for the dashboard, which there is none of with --in-process`,
    );
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

/** What `--help` prints. */
export function helpText(): string {
  const names = Object.keys(strategies) as StrategyName[];
  const width = Math.max(...names.map((name) => name.length));
  return `Four HTTP servers, a skewed stream of requests, and evenkeel's gateway between them: watch keys stay at home, and
no request get lost, while one backend refuses connections, hangs and answers 500s, and a fifth one joins.

Usage: npm start -- [options]

  --requests N      requests to send, 1 to ${MOST_REQUESTS.toLocaleString('en')}; by default as many as fit into some ten seconds
  --strategy NAME   how backends are chosen (default: consistent-hash)
  --keep            run on after the summary, with light traffic, until Ctrl-C: the dashboard stays up
  --open            open the dashboard in a browser
  --in-process      without the gateway: through the class that is injected, every admission held against its bounds
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
