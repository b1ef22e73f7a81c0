// `npm run ordinary`: figures of everyday situations beside their targets, from simulations with the
// production code.
import { crisisRows } from './crisis.ts';
import { ejectionRows } from './ejection.ts';
import { placementRows } from './placement.ts';
import { restartRows } from './restarts.ts';
import type { Row } from './row.ts';
import { trialRows } from './trials.ts';

const ROWS: readonly Row[] = [...crisisRows, ...trialRows, ...restartRows, ...ejectionRows, ...placementRows];

const USAGE = `npm run ordinary -- [row...]

Simulates ordinary life on a virtual clock with the production code, and prints each figure beside its target. Rows:
  ${ROWS.map(({ name }) => name).join(', ')}; all by default

Exits with 0 where every target is met, with 1 where one is missed, with 2 for a wrong command line.`;

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  if (names.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const unknown = names.find((name) => !ROWS.some((row) => row.name === name));
  if (unknown !== undefined) {
    console.error(`ordinary: there is no row ${JSON.stringify(unknown)}; see --help`);
    return 2;
  }
  let missed = 0;
  for (const row of ROWS) {
    if (names.length > 0 && !names.includes(row.name)) continue;
    const startedAt = performance.now();
    const { figure, met } = await row.measure();
    if (!met) missed++;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(`${met ? 'met   ' : 'missed'}  ${row.name}: ${row.what}`);
    console.log(`        ${figure}   (target: ${row.target}; ${seconds} s)`);
  }
  return missed === 0 ? 0 : 1;
}
