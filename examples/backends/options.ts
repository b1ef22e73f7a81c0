import { readArguments, readInteger } from '../terminal/arguments.ts';
import { endpoints } from './endpoints/endpoints.ts';
import { switches } from './switches.ts';

/** What the command line asks for. */
export interface Options {
  /** Of the first backend; the others have the following ones. 0 gives each a free one. */
  readonly port: number;
  readonly count: number;
  readonly host: string;
  readonly help: boolean;
}

/** @throws Error with one line that says what is wrong */
export function readOptions(args: readonly string[]): Options {
  const { port, count, host, help } = readArguments(args, {
    port: { type: 'string', default: '9001' },
    count: { type: 'string', default: '4' },
    host: { type: 'string', default: '127.0.0.1' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  const many = readInteger('--count', count, 1, 100);
  return { port: readInteger('--port', port, 0, 65_536 - many), count: many, host, help };
}

/** What `--help` prints. */
export function helpText(): string {
  return `HTTP servers to put a load balancer in front of.

Usage: npx tsx examples/backends/main.ts [options]

  --port N      port of the first one, the others follow; 0 for free ones (default: 9001)
  --count N     how many, 1 to 100 (default: 4)
  --host NAME   address to listen on (default: 127.0.0.1)
  -h, --help    print this

Each answers:

${endpointText()}

While they run, one can be put into trouble. Type its name, a word, and Enter:

${switchText()}
`;
}

function endpointText(): string {
  const all = [
    { path: '/health', summary: 'says as JSON that it is well, and its load' },
    ...endpoints,
    { path: '/ws', summary: 'a WebSocket that gives back every message' },
    {
      path: '/products/…',
      summary: 'pages of a shop with a small cache; also /, /categories/…, /images/…, /search?q=…',
    },
  ];
  return all.map(({ path, summary }) => `  ${path.padEnd(14)}${summary}`).join('\n');
}

function switchText(): string {
  return Object.entries(switches)
    .map(([word, { summary }]) => `  ${`alpha ${word}`.padEnd(18)}${summary}`)
    .join('\n');
}
