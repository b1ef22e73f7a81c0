// The command `npm run bench:gateway`.

import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { machineFacts } from '../machine.ts';
import { textStyle } from '../text.ts';
import { measureAll } from './bench.ts';
import { prepareGround } from './ground.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { report } from './report.ts';
import { fullSchedule, quickSchedule } from './schedule.ts';
import { targetRows } from './targets.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`bench: ${messageOf(error)}; see --help`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  try {
    await bench(options);
    return 0;
  } catch (error) {
    console.error(`bench: ${messageOf(error)}`);
    return 1;
  }
}

async function bench({ quick, rounds, names, jsonFile }: Options): Promise<void> {
  const schedule = quick ? quickSchedule(rounds) : fullSchedule(rounds);
  const [loadBefore = 0] = loadavg();
  const ground = await prepareGround();
  try {
    const measured = await measureAll(ground, schedule, names, showProgress);
    showProgress('');
    const machine = machineFacts(rounds, 1_000 * (schedule.saturation[0]?.seconds ?? 0));
    const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
    const circumstances = { machine, cores: ground.cores, schedule, loadBefore };
    console.log(report(measured, circumstances, textStyle(colour)));
    if (jsonFile === undefined) return;
    const all = { ...circumstances, ...measured, targets: targetRows(measured.samples) };
    writeFileSync(jsonFile, `${JSON.stringify(all, undefined, 2)}\n`);
  } finally {
    showProgress('');
    await ground.clear();
  }
}

/** Shows the progress on a terminal, on one line that is overwritten. */
function showProgress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\x1b[2K${text}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
