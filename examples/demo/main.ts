// The command `npm start`.

import { stopSignal } from '../terminal/stop-signal.ts';
import { openInBrowser } from './browser.ts';
import { Demo } from './demo.ts';
import { helpText, type Options, readOptions } from './options.ts';
import type { Report } from './report/report.ts';
import { jsonView, lineView, terminalView, type View } from './view/view.ts';

const FINE = 0;
const LOST = 1;
const WRONG_USAGE = 2;

const { stdout, stderr, env } = process;

async function main(): Promise<void> {
  const options = optionsOrNothing();
  if (options === undefined) return;
  if (options.help) {
    stdout.write(helpText());
    return;
  }
  const view = viewFor(options);
  const demo = new Demo(options, view, stopSignal());
  try {
    const report = await demo.run((addresses) => {
      view.open(addresses);
      if (options.open) openInBrowser(addresses.dashboard);
    });
    if (report !== undefined) await finish(report, options, view, demo);
  } finally {
    view.close();
    await demo.close();
  }
}

async function finish(report: Report, { keep }: Options, view: View, demo: Demo): Promise<void> {
  const code = tell(report);
  if (keep && report.addresses !== null) {
    view.keep(report.addresses);
    await demo.keepOn();
  }
  // Also after a signal ended a demo that was kept running.
  process.exitCode = code;
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

/** Reports a failure, if there was one. @returns the exit code */
function tell({ requests, losses, bounds, comparison }: Report): number {
  const lost = requests.lost + comparison.other.lost;
  const broken = bounds?.admissions?.broken ?? 0;
  if (lost > 0) stderr.write(`${lost} requests were lost, the first one: ${losses[0]}\n`);
  if (broken > 0) stderr.write(`a load bound was broken at ${broken} admissions\n`);
  return lost + broken > 0 ? LOST : FINE;
}

await main();
