// `npm run bench:requests`: what a request costs in `Loadbalancer` beside its target, over `Balancer` and an
// await in the same process.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAll } from '../bundle.ts';
import { refuseOptions } from '../command.ts';
import { NAMES, type Name, WAYS } from './ways.ts';

/** Processes; the median of their ratios counts. */
const PROCESSES = 3;

refuseOptions('bench:requests', 'Measures what a request costs in `Loadbalancer` beside its target.');
const compiled = await compileAll({ child: fileURLToPath(new URL('./child.ts', import.meta.url)) }, []);
const results: Record<Name, number>[] = [];
try {
  for (let i = 0; i < PROCESSES; i++)
    results.push(
      JSON.parse(execFileSync(process.execPath, [join(compiled.directory, 'child.js')]).toString()),
    );
} finally {
  compiled.delete();
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;
let missed = 0;
for (const name of NAMES) {
  const { what, target } = WAYS[name];
  const ns = median(results.map((result) => result[name]));
  const ratio = median(results.map((result) => result[name] / result.balancer));
  if (target !== undefined && ratio > target) missed++;
  const goal = target === undefined ? '' : ` (target: at most ${target})`;
  console.log(`${what.padEnd(56)} ${ns.toFixed(0).padStart(7)} ns  ${ratio.toFixed(2)} x${goal}`);
}
process.exitCode = missed === 0 ? 0 : 1;
