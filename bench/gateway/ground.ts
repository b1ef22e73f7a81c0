import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAll } from '../bundle.ts';
import { type Cores, divideCores, moveTo } from './cores.ts';
import { Processes } from './processes.ts';

/** Programs that run in processes of their own, by the name that they are started under. */
const PROGRAMS = {
  evenkeel: './contenders/evenkeel.ts',
  'http-proxy-3': './contenders/http-proxy-3.ts',
  'reply-from': './contenders/reply-from.ts',
  origin: './origins/origin.ts',
  'fixed-rate': './load/fixed-rate.ts',
  'slow-clients': './load/slow-clients.ts',
} as const;

export type Program = keyof typeof PROGRAMS;

/** What everything that is measured stands on. */
export interface Ground {
  readonly processes: Processes;
  readonly cores: Cores;
  /** For files that are deleted at the end. */
  readonly directory: string;
  /** The compiled file of a program. */
  script(program: Program): string;
  /** Ends every process that was started, and deletes every file that was written. */
  clear(): Promise<void>;
}

/** Compiles the programs, and sees to it that nothing stays behind, however this process ends. */
export async function prepareGround(): Promise<Ground> {
  const cores = divideCores();
  moveTo(cores.load);
  const processes = new Processes();
  const entries = Object.entries(PROGRAMS).map(([name, file]) => [
    name,
    fileURLToPath(new URL(file, import.meta.url)),
  ]);
  const bundle = await compileAll(Object.fromEntries(entries), [
    'http-proxy-3',
    '@fastify/reply-from',
    'fastify',
  ]);
  const directory = mkdtempSync(join(tmpdir(), 'evenkeel-bench-'));
  const deleteFiles = () => {
    rmSync(directory, { recursive: true, force: true });
    bundle.delete();
  };
  const leave = () => {
    processes.killAll();
    deleteFiles();
  };
  const stop = () => process.exit(130);
  process.once('exit', leave);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    processes,
    cores,
    directory,
    script: (program) => join(bundle.directory, `${program}.js`),
    clear: async () => {
      await processes.stopAll();
      deleteFiles();
      process.off('exit', leave);
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
