import { runDemo } from './demo.ts';
import { helpText, type Options, readOptions } from './options.ts';
import type { Report } from './report/report.ts';
import { jsonView, lineView, terminalView, type View } from './view/view.ts';

const LOST = 1;
const WRONG_USAGE = 2;
/** 128 and the number of the signal, as shells have it. */
const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const;

const { stdout, stderr, env } = process;

async function main(): Promise<void> {
  const options = optionsOrNothing();
  if (options === undefined) return;
  if (options.help) {
    stdout.write(helpText());
    return;
  }
  const view = viewFor(options);
  try {
    const report = await runDemo(options, view, stopSignal());
    if (report !== undefined) tell(report);
  } finally {
    view.close();
  }
}

function optionsOrNothing(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    stderr.write(`${(error as Error).message} (--help lists the options)\n`);
    process.exitCode = WRONG_USAGE;
    return undefined;
  }
}

function viewFor({ json }: Options): View {
  if (json) return jsonView(stdout);
  const isForced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0';
  return stdout.isTTY && env.TERM !== 'dumb' ? terminalView(stdout) : lineView(stdout, isForced);
}

/** Aborts when somebody presses Ctrl-C, or nobody reads any more. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Not only once: npm and tsx pass on a signal that the terminal has sent to everybody already.
    process.on(name, () => {
      process.exitCode = STOPPED[name];
      controller.abort();
    });
  }
  stdout.on('error', () => controller.abort());
  return controller.signal;
}

/** Says what went wrong, if anything did. */
function tell({ requests, losses, bounds, comparison }: Report): void {
  const lost = requests.lost + comparison.other.lost;
  const broken = bounds?.broken ?? 0;
  if (lost > 0) stderr.write(`${lost} requests were lost, the first one: ${losses[0]}\n`);
  if (broken > 0) stderr.write(`a load bound was broken at ${broken} admissions\n`);
  if (lost + broken > 0) process.exitCode = LOST;
}

await main();
