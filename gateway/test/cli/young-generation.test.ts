// What V8 makes of the flag while it runs.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { NO_GROWTH } from '../../src/cli/young-generation.ts';

/** Makes objects that survive, with a flag that is set at run time. @returns the growth in bytes */
function growthWith(flag: string): number {
  const script = `
    const v8 = require('node:v8');
    const size = () => v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size;
    const churn = (count) => {
      const kept = [];
      for (let i = 0; i < count; i++) kept[i % 100_000] = { list: [i] };
    };
    // The first collections settle the size that the flag keeps.
    churn(${flag === NO_GROWTH ? 200_000 : 0});
    const before = size();
    v8.setFlagsFromString(${JSON.stringify(flag)});
    churn(600_000);
    console.log(size() - before);`;
  return Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }));
}

it('the young generation grows no more once it is told so', () => {
  expect(growthWith('--semi-space-growth-factor=2')).toBeGreaterThan(0);
  expect(growthWith(NO_GROWTH)).toBe(0);
});
