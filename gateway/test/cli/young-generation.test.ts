// What V8 makes of the flags while it runs.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const file = fileURLToPath(new URL('../../src/cli/young-generation.ts', import.meta.url));

it('the young generation is settled at 8 MiB, and stays there', async () => {
  const { outputFiles } = await build({ entryPoints: [file], write: false, format: 'cjs', platform: 'node' });
  const script = `${outputFiles[0]?.text}
    settleYoungGeneration();
    const settled = youngGenerationBytes();
    const kept = [];
    for (let i = 0; i < 600_000; i++) kept[i % 100_000] = { list: [i] };
    console.log(JSON.stringify([settled, youngGenerationBytes()]));`;
  const output = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  const [settled, later] = JSON.parse(output);
  expect(settled).toBe(8 * 1_048_576);
  // Large objects come and go.
  expect(later / settled).toBeLessThan(1.5);
});
