// The command `npm run bench:gateway`.

import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { runCommand, showProgress } from '../command.ts';
import { machineFacts } from '../machine.ts';
import { textStyle } from '../text.ts';
import { measureAll } from './bench.ts';
import { prepareGround } from './ground.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { report } from './report.ts';
import { fullSchedule, only, quickSchedule } from './schedule.ts';
import { targetRows } from './targets.ts';

process.exitCode = await runCommand({ name: 'bench', usage: USAGE, readOptions, run: bench });

async function bench({ quick, rounds, names, rows, jsonFile }: Options): Promise<number> {
  const schedule = only(rows, quick ? quickSchedule(rounds) : fullSchedule(rounds));
  const [loadBefore = 0] = loadavg();
  const ground = await prepareGround();
  try {
    const measured = await measureAll(ground, schedule, names, showProgress);
    showProgress('');
    const machine = machineFacts(rounds, 1_000 * (schedule.saturation[0]?.seconds ?? 0));
    const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
    const circumstances = { machine, cores: ground.cores, schedule, loadBefore };
    console.log(report(measured, circumstances, textStyle(colour)));
    if (jsonFile === undefined) return 0;
    const all = { ...circumstances, ...measured, targets: targetRows(measured.samples) };
    writeFileSync(jsonFile, `${JSON.stringify(all, undefined, 2)}\n`);
    return 0;
  } finally {
    showProgress('');
    await ground.clear();
  }
}
