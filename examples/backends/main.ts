// The command `npm run backends`.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { stopSignal } from '../terminal/stop-signal.ts';
import { ExampleBackend } from './backend.ts';
import { helpText, type Options, readOptions } from './options.ts';
import { applyLine } from './switches.ts';

const WRONG_USAGE = 2;
const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta', 'iota', 'kappa'];

const { stdin, stdout, stderr } = process;

async function main(): Promise<void> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) stdout.write(helpText());
    else await run(options, stopSignal());
  } catch (error) {
    stderr.write(`${(error as Error).message} (--help lists the options)\n`);
    process.exitCode = WRONG_USAGE;
  }
}

/** Runs backends until the signal aborts. */
async function run({ port, count, host }: Options, signal: AbortSignal): Promise<void> {
  const backends = Array.from({ length: count }, (_, i) => {
    const id = NAMES[i] ?? `backend-${i + 1}`;
    return new ExampleBackend({ id, host, port: port === 0 ? 0 : port + i });
  });
  try {
    await openAll(backends);
    for (const { entry } of backends) stdout.write(`${entry.id.padEnd(10)} ${entry.url}\n`);
    stdout.write('Ctrl-C ends them; "alpha hang" makes one hang; --help lists their paths\n');
    const lines = createInterface({ input: stdin });
    lines.on('line', async (line) => stdout.write(`${await applyLine(line, backends)}\n`));
    if (!signal.aborted) await once(signal, 'abort');
    lines.close();
  } finally {
    await Promise.all(backends.map((backend) => backend.close()));
  }
}

/** @throws the first error, after all were tried, so that the open ones can be closed */
async function openAll(backends: readonly ExampleBackend[]): Promise<void> {
  const opened = await Promise.allSettled(backends.map((backend) => backend.open()));
  const failed = opened.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

await main();
