import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('..', import.meta.url));
const child = fileURLToPath(new URL('./child.ts', import.meta.url));

/** Compiled code to run in child processes. */
export interface Bundle {
  /** Path of the script that a child process runs. */
  readonly script: string;
  /** Deletes the compiled code. */
  delete(): void;
}

/**
 * Compiles the library as it is published, with the package's own settings of tsup, and beside it what the child processes run:
 * code that a loader transforms on the fly is not the code that users run.
 */
export async function compile(): Promise<Bundle> {
  // In node_modules, so that the peers are found from there as from here.
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, 'bench-'));
  const bundle = {
    script: join(outDir, 'child.js'),
    delete: () => rmSync(outDir, { recursive: true, force: true }),
  };
  try {
    await build({
      config: join(root, 'tsup.config.ts'),
      entry: { index: join(root, 'src/index.ts'), child },
      outDir,
      format: 'esm',
      platform: 'node',
      // As a host installs them, too.
      external: ['consistent-hash', 'hashring', 'tinybench'],
      // The library becomes a file of its own that both entries share.
      splitting: true,
      dts: false,
      sourcemap: false,
      clean: false,
      silent: true,
    });
  } catch (error) {
    bundle.delete();
    throw error;
  }
  return bundle;
}
