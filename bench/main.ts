// The command `npm run bench`.

import { writeFileSync } from 'node:fs';
import { compile } from './bundle.ts';
import { measureInChild } from './child-process.ts';
import { runCommand, showProgress } from './command.ts';
import type { Job } from './job.ts';
import { machineFacts } from './machine.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { report } from './report.ts';
import { Results } from './results.ts';
import { targetRows } from './rows.ts';
import { countingJobs, timingJobs } from './schedule.ts';
import { textStyle } from './text.ts';

process.exitCode = await runCommand({ name: 'bench', usage: USAGE, readOptions, run: bench });

async function bench({ rounds, timeMs, jsonFile }: Options): Promise<number> {
  const results = await measure(rounds, timeMs);
  const machine = machineFacts(rounds, timeMs);
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  console.log(report(results, machine, textStyle(colour)));
  if (jsonFile === undefined) return 0;
  const targets = Object.fromEntries(targetRows(results));
  writeFileSync(jsonFile, `${JSON.stringify({ machine, targets, samples: results }, undefined, 2)}\n`);
  return 0;
}

async function measure(rounds: number, timeMs: number): Promise<Results> {
  const results = new Results();
  const bundle = await compile();
  const deleteBundle = () => bundle.delete();
  // Also when it is interrupted; child processes get the terminal's signal themselves.
  process.once('exit', deleteBundle);
  const stop = () => process.exit(130);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const work = async (step: string, jobs: readonly Job[]) => {
      for (const [i, job] of jobs.entries()) {
        showProgress(`${step}: ${job.measure}, n = ${job.n} (${i + 1} of ${jobs.length})`);
        results.add(job, await measureInChild(bundle.script, job));
      }
    };
    await work('counting', countingJobs(timeMs));
    for (let round = 1; round <= rounds; round++)
      await work(`round ${round} of ${rounds}`, timingJobs(timeMs));
  } finally {
    showProgress('');
    bundle.delete();
    process.off('exit', deleteBundle);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
  return results;
}
