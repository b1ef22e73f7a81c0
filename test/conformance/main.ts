import { cases } from './cases/index.ts';
import { chosen, type Options, readOptions, USAGE } from './options.ts';
import { outcomeLine, summary } from './report.ts';
import { crashed, type Outcome, runAll } from './runner.ts';
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
  return run(options);
}

async function run(options: Options): Promise<number> {
  const { json, failures } = options;
  const target = await (targets[options.target] as (typeof targets)[string])();
  const show = (outcome: Outcome) => {
    if (!json && (!failures || outcome.verdict === 'FAIL')) console.log(outcomeLine(outcome));
  };
  const outcomes = await runAll(chosen(cases, options), target, options.concurrency, show);
  if (json)
    console.log(JSON.stringify({ target: target.name, node: process.version, outcomes }, undefined, 2));
  else console.log(`\n${target.name}\n${summary(outcomes)}`);
  return outcomes.some(({ verdict }) => verdict === 'FAIL') ? 1 : 0;
}
