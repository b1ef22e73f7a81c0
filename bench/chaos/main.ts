// The command `npm run chaos`.

import { runCommand, showProgress } from '../command.ts';
import { textStyle } from '../text.ts';
import { runChaos } from './chaos.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { textReport } from './report.ts';

process.exitCode = await runCommand({ name: 'chaos', usage: USAGE, readOptions, run: chaos });

async function chaos(options: Options): Promise<number> {
  const report = await runChaos(options, showProgress);
  showProgress('');
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  console.log(options.json ? JSON.stringify(report, undefined, 2) : textReport(report, textStyle(colour)));
  return report.kept ? 0 : 1;
}
