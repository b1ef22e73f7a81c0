// The command line of `npm run backends`.

import { readArguments, readInteger } from '../terminal/arguments.ts';
import { endpoints } from './endpoints/endpoints.ts';
import { switches } from './switches.ts';

/** The options of the command line. */
export interface Options {
  /** The port of the first backend; the others get the following ones. 0 gives each a free port. */
  readonly port: number;
  readonly count: number;
  readonly host: string;
  readonly help: boolean;
}

/** @throws Error with a message of one line if the command line is invalid */
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

/** The text of `--help`. */
export function helpText(): string {
  return `HTTP servers to try a load balancer with.

Usage: npx tsx examples/backends/main.ts [options]

  --port N      port of the first server, the others get the following ones; 0 for free ports (default: 9001)
  --count N     number of servers, 1 to 100 (default: 4)
  --host NAME   address to listen on (default: 127.0.0.1)
  -h, --help    print this

Each serves:

${endpointText()}

While they run, you can give one a fault. Type its name, a command, and Enter:

${switchText()}
`;
}

function endpointText(): string {
  const all = [
    { path: '/health', summary: 'its health and load, as JSON' },
    ...endpoints,
    { path: '/ws', summary: 'a WebSocket that echoes every message' },
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
