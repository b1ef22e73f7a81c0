// The command `npm run chaos`.

import { textStyle } from '../text.ts';
import { runChaos } from './chaos.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { textReport } from './report.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`chaos: ${error instanceof Error ? error.message : String(error)}; see --help`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const report = await runChaos(options, showProgress);
  showProgress('');
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  console.log(options.json ? JSON.stringify(report, undefined, 2) : textReport(report, textStyle(colour)));
  return report.kept ? 0 : 1;
}

/** Shows the progress on a terminal, on one line that is overwritten. */
function showProgress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\x1b[2K${text}`);
}
