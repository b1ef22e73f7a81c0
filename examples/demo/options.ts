import { parseArgs } from 'node:util';
import { type StrategyName, strategies } from '../../src/index.ts';

/** What the command line asks for. */
export interface Options {
  readonly strategy: StrategyName;
  /** Length of the stream; `undefined` leaves it to the demo. */
  readonly requests: number | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

const MOST_REQUESTS = 1_000_000;

/** @throws Error with one line that says what is wrong */
export function readOptions(args: readonly string[]): Options {
  const { requests, strategy, json, help } = parse(args);
  return {
    requests: requests === undefined ? undefined : readCount(requests),
    strategy: readStrategy(strategy),
    json,
    help,
  };
}

/** What `--help` prints. */
export function helpText(): string {
  const names = Object.keys(strategies) as StrategyName[];
  const width = Math.max(...names.map((name) => name.length));
  return `Four HTTP servers, a skewed stream of requests, and evenkeel between them: watch keys stay at home, and no
request get lost, while one backend refuses connections, hangs and answers 500s, and a fifth one joins.

Usage: npm start -- [options]

  --requests N      requests to send, 1 to ${MOST_REQUESTS.toLocaleString('en')}; by default as many as fit into some ten seconds
  --strategy NAME   how backends are chosen (default: consistent-hash)
  --json            print one JSON document and nothing else
  -h, --help        print this

Strategies:

${names.map((name) => `  ${name.padEnd(width)}   ${strategies[name].summary}`).join('\n')}
`;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        requests: { type: 'string' },
        strategy: { type: 'string', default: 'consistent-hash' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    // The platform's message goes on, over several lines, with advice that does not fit here.
    const [problem = ''] = (error as Error).message.split(/\. |\.?\n/);
    throw new TypeError(problem.replace('argument is ambiguous', 'must be followed by its value'));
  }
}

function readCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_REQUESTS) return count;
  throw new RangeError(
    `--requests must be an integer from 1 to ${MOST_REQUESTS}, got ${JSON.stringify(text)}`,
  );
}

function readStrategy(name: string): StrategyName {
  if (Object.hasOwn(strategies, name)) return name as StrategyName;
  const names = Object.keys(strategies).join(', ');
  throw new RangeError(`--strategy must be one of ${names}, got ${JSON.stringify(name)}`);
}
