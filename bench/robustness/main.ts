// The command `npm run robustness`.

import { writeFileSync } from 'node:fs';
import { verdict } from '../chaos/verdicts.ts';
import { messageOf, runCommand, showProgress } from '../command.ts';
import { machineFacts } from '../machine.ts';
import { textStyle } from '../text.ts';
import { Lab } from './lab.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { resultText, summary } from './report.ts';
import { isKept, type Result, type Scale, type Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

process.exitCode = await runCommand({ name: 'robustness', usage: USAGE, readOptions, run: attack });

async function attack({ names, scale, jsonFile }: Options): Promise<number> {
  const style = textStyle(process.stdout.isTTY === true && !process.env.NO_COLOR);
  const { node, cpus, cpu } = machineFacts(1, 0);
  console.log(`${style.bold('evenkeel under attack')}  Node ${node}, ${cpus} x ${cpu}\n`);
  const results: Result[] = [];
  for (const scenario of SCENARIOS.filter(({ name }) => names.includes(name))) {
    showProgress(`${scenario.name} ...`);
    const result = await resultOf(scenario, scale);
    showProgress('');
    console.log(resultText(result, style));
    results.push(result);
  }
  console.log(summary(results, style));
  if (jsonFile !== undefined) {
    const kept = isKept(results);
    writeFileSync(jsonFile, `${JSON.stringify({ node, cpus, cpu, scale, kept, results }, undefined, 2)}\n`);
  }
  return isKept(results) ? 0 : 1;
}

async function resultOf(scenario: Scenario, scale: Scale): Promise<Result> {
  const { name, title } = scenario;
  const lab = new Lab();
  const interrupted = (signal: NodeJS.Signals) => {
    lab.killAll();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  const startedAt = performance.now();
  const tookMs = () => performance.now() - startedAt;
  try {
    const finding = await scenario.run(lab, scale);
    return { name, title, tookMs: tookMs(), ...finding };
  } catch (error) {
    const verdicts = [verdict('it can be carried through', messageOf(error), false)];
    return { name, title, tookMs: tookMs(), figures: {}, verdicts };
  } finally {
    await lab.clear();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}
