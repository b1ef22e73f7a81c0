// The command `npm run papers`: published figures, and what the engine gives.
import { parseArgs } from 'node:util';
import { textStyle } from '../text.ts';
import { byKey, byLoad } from './comparison.ts';
import { type PaperRow, PUBLISHED } from './published.ts';

const GROUPS = [...PUBLISHED, byKey, byLoad];

const USAGE = `npm run papers -- [--only NAME]...

Reproduces figures of papers with the engine, and holds every strategy against a reference written from its paper.

  --only NAME   one of ${GROUPS.map(({ name }) => name).join(', ')}
  --help        shows this`;

process.exitCode = await main();

async function main(): Promise<number> {
  let only: readonly string[] | undefined;
  try {
    const { values } = parseArgs({
      options: { only: { type: 'string', multiple: true }, help: { type: 'boolean', default: false } },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    only = values.only;
    const unknown = only?.find((name) => !GROUPS.some((group) => group.name === name));
    if (unknown !== undefined)
      throw new RangeError(
        `--only must be one of ${GROUPS.map(({ name }) => name).join(', ')}, got ${JSON.stringify(unknown)}`,
      );
  } catch (error) {
    console.error(`papers: ${(error as Error).message}; see --help`);
    return 2;
  }
  const style = textStyle(process.stdout.isTTY === true && !process.env.NO_COLOR);
  let missed = 0;
  let paper = '';
  for (const { name, measure } of GROUPS) {
    if (only !== undefined && !only.includes(name)) continue;
    for (const row of await measure()) {
      if (row.paper !== paper) console.log(`\n${style.bold((paper = row.paper))}`);
      if (!row.met) missed++;
      console.log(lineOf(row, style.good, style.bad));
    }
  }
  console.log(missed === 0 ? '\nEvery figure is reproduced.' : `\nNot reproduced: ${missed}.`);
  return missed === 0 ? 0 : 1;
}

function lineOf(
  { what, theirs, ours, met }: PaperRow,
  good: (text: string) => string,
  bad: (text: string) => string,
): string {
  return `  ${met ? good('equal ') : bad('differs')} ${what}\n          theirs ${theirs}\n          ours   ${ours}`;
}
