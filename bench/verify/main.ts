// The command `npm run verify`.

import { machineFacts } from '../machine.ts';
import { type Style, textStyle } from '../text.ts';
import type { Check, CheckScale, Finding } from './check.ts';
import { CHECKS } from './checks.ts';
import { type Chosen, chosen, usage } from './options.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let asked: Chosen | undefined;
  try {
    asked = chosen(args, CHECKS);
  } catch (error) {
    console.error(`verify: ${(error as Error).message}; see --help`);
    return 2;
  }
  if (asked === undefined) {
    console.log(usage(CHECKS));
    return 0;
  }
  // Checks stop what they have started when this process exits.
  for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const])
    process.once(signal, () => process.exit(code));
  const style = textStyle(process.stdout.isTTY === true && !process.env.NO_COLOR);
  const { node, cpus, cpu } = machineFacts(1, 0);
  console.log(`Node ${node}, ${cpus} x ${cpu}`);
  let missed = 0;
  for (const check of asked.checks) missed += await missedBy(check, asked.scale, style);
  console.log(missed === 0 ? style.good('\nEvery target is met.') : style.bad(`\nMissed: ${missed}.`));
  return missed === 0 ? 0 : 1;
}

/** Runs a check and shows what it finds. @returns the number of missed targets */
async function missedBy({ name, about, run }: Check, scale: CheckScale, style: Style): Promise<number> {
  console.log(`\n${style.bold(name)}: ${about}`);
  const startedAt = performance.now();
  let missed = 0;
  const show = (finding: Finding) => {
    if (finding.met === false) missed++;
    console.log(findingLine(finding, style));
  };
  try {
    for (const finding of await run(show, scale)) show(finding);
  } catch (error) {
    const figure = error instanceof Error ? error.message : String(error);
    show({ what: 'the check', figure, target: 'it can be carried through', met: false });
  }
  console.log(style.dim(`  ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`));
  return missed;
}

function findingLine({ what, figure, target, met = true }: Finding, style: Style): string {
  if (target === undefined) return `          ${what}: ${figure}`;
  return `  ${met ? style.good('met   ') : style.bad('missed')}  ${what}: ${figure} ${style.dim(`(target: ${target})`)}`;
}
