// Runs the same simulations on several runtimes: the digests must be equal.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Check } from './check.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('./digests.ts', import.meta.url));
const RUNTIMES: readonly (readonly [name: string, ...command: string[]])[] = [
  ['Node 20', 'npx', '-y', '-p', 'node@20', 'node'],
  ['Node 24', 'npx', '-y', '-p', 'node@24', 'node'],
  ['Bun', 'npx', '-y', 'bun'],
];

export const runtimesCheck: Check = {
  name: 'runtimes',
  about: 'the same simulations on Node 20, Node 24 and Bun',
  async run(show) {
    const folder = await mkdtemp(join(tmpdir(), 'evenkeel-runtimes-'));
    try {
      const file = join(folder, 'digests.mjs');
      await build({
        entryPoints: [PROGRAM],
        bundle: true,
        format: 'esm',
        platform: 'neutral',
        outfile: file,
      });
      const here = (await run(process.execPath, [file])).stdout.trim();
      show({ what: `this Node, ${process.version}`, figure: here });
      for (const [name, command, ...args] of RUNTIMES) {
        // From the folder: npx takes what the repository has installed otherwise.
        const digests = await run(command as string, [...args, file], { cwd: folder }).then(
          ({ stdout }) => stdout.trim(),
          (error: Error) => `cannot be run: ${error.message.split('\n')[0]}`,
        );
        show({ what: name, figure: digests, target: 'the same digests', met: digests === here });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    return [];
  },
};
