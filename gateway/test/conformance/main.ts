import { cases } from './cases/index.ts';
import { REFUSING } from './lab.ts';
import { chosen, type Options, readOptions, USAGE } from './options.ts';
import { outcomeLine, summary } from './report.ts';
import { crashed, type Outcome, runAll } from './runner.ts';
import type { Target } from './target.ts';
import { targets } from './targets/index.ts';

// What would end a gateway's process is a finding, not the end of this one.
process.on('uncaughtException', crashed);
process.on('unhandledRejection', crashed);
process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
    chosen(cases, options);
  } catch (error) {
    console.error(`conformance: ${(error as Error).message}; see --help`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const target = await (targets[options.target] as (typeof targets)[string])();
  try {
    await (await target.start({ backends: [REFUSING] })).stop();
  } catch (error) {
    console.error(`conformance: ${target.name} does not start: ${(error as Error).message}`);
    return 2;
  }
  return run(target, options);
}

async function run(target: Target, options: Options): Promise<number> {
  const { json, failures } = options;
  const show = (outcome: Outcome) => {
    if (!json && (!failures || outcome.verdict === 'FAIL')) console.log(outcomeLine(outcome));
  };
  const outcomes = await runAll(chosen(cases, options), target, options.concurrency, show);
  if (json)
    console.log(JSON.stringify({ target: target.name, node: process.version, outcomes }, undefined, 2));
  else console.log(`\n${target.name}\n${summary(outcomes)}`);
  return outcomes.some(({ verdict }) => verdict === 'FAIL') ? 1 : 0;
}
