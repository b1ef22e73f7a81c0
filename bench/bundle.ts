// Compiles the programs that the benches run in child processes.

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

/** A folder of compiled programs, each in `<name>.js`. */
interface CompiledPrograms {
  readonly directory: string;
  delete(): void;
}

/** Compiles what the child processes of the ring's bench run. */
export async function compile(): Promise<Bundle> {
  const compiled = await compileAll({ child }, ['consistent-hash', 'hashring', 'tinybench']);
  return { script: join(compiled.directory, 'child.js'), delete: compiled.delete };
}

/**
 * Compiles the library as it is published, with the package's own settings of tsup, and the programs of child
 * processes beside it. Users do not run code that a loader transforms on the fly, so it must not be measured.
 * @param programs - source files by the names of the compiled programs
 * @param external - packages that are loaded at run time, as a host installs them
 */
export async function compileAll(
  programs: Readonly<Record<string, string>>,
  external: readonly string[],
): Promise<CompiledPrograms> {
  // In node_modules, so that the peers are found from there, too.
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'bench-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  // Deletes the folder even if the process ends early.
  process.once('exit', remove);
  const compiled = {
    directory,
    delete: () => {
      process.off('exit', remove);
      remove();
    },
  };
  try {
    await build({
      // Not the configuration of the package, which has several builds: they would write into one folder.
      config: false,
      target: 'es2022',
      treeshake: true,
      esbuildOptions: (options) => {
        options.minifySyntax = true;
      },
      entry: { index: join(root, 'src/index.ts'), ...programs },
      outDir: directory,
      format: 'esm',
      platform: 'node',
      external: [...external],
      // The library becomes a file of its own that all entries share.
      splitting: true,
      dts: false,
      sourcemap: false,
      clean: false,
      silent: true,
    });
  } catch (error) {
    compiled.delete();
    throw error;
  }
  return compiled;
}
