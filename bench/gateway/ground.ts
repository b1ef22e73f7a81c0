// The environment of the benchmark: compiled programs, processes and files.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAll } from '../bundle.ts';
import { type Cores, divideCores, moveTo } from './cores.ts';
import { Processes } from './processes.ts';
import { type TlsFiles, writeTlsFiles } from './tls-files.ts';

/** Programs that run in processes of their own, by name. */
const PROGRAMS = {
  evenkeel: new URL('./contenders/evenkeel.ts', import.meta.url),
  'http-proxy-3': new URL('./contenders/http-proxy-3.ts', import.meta.url),
  'reply-from': new URL('./contenders/reply-from.ts', import.meta.url),
  origin: new URL('./origins/origin.ts', import.meta.url),
  'fixed-rate': new URL('./load/fixed-rate.ts', import.meta.url),
  'slow-clients': new URL('./load/slow-clients.ts', import.meta.url),
} as const;

export type Program = keyof typeof PROGRAMS;

/** The environment of all measurements. */
export interface Ground {
  readonly processes: Processes;
  readonly cores: Cores;
  /** A folder for files that are deleted at the end. */
  readonly directory: string;
  /** For proxies that end TLS. */
  readonly tls: TlsFiles;
  /** The compiled file of a program. */
  script(program: Program): string;
  /** Ends all started processes and deletes all written files. */
  clear(): Promise<void>;
}

/** Compiles the programs. Files and processes are removed however this process ends. */
export async function prepareGround(): Promise<Ground> {
  const cores = divideCores();
  moveTo(cores.load);
  const processes = new Processes();
  const directory = mkdtempSync(join(tmpdir(), 'evenkeel-bench-'));
  const deleteFiles = () => rmSync(directory, { recursive: true, force: true });
  const leave = () => {
    processes.killAll();
    deleteFiles();
  };
  const stop = () => process.exit(130);
  process.once('exit', leave);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const tls = await writeTlsFiles(directory);
  const bundle = await compilePrograms();
  return {
    processes,
    cores,
    directory,
    tls,
    script: (program) => join(bundle.directory, `${program}.js`),
    clear: async () => {
      await processes.stopAll();
      deleteFiles();
      bundle.delete();
      process.off('exit', leave);
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

/** What the gateway's package installs along; some of it cannot be bundled. */
const GATEWAY_DEPENDENCIES = ['commander', 'jose', 'pino', 'pino-pretty', 'prom-client', 'yaml', 'zod'];

function compilePrograms(): ReturnType<typeof compileAll> {
  const entries = Object.entries(PROGRAMS).map(([name, url]) => [name, fileURLToPath(url)]);
  return compileAll(Object.fromEntries(entries), [
    'http-proxy-3',
    '@fastify/reply-from',
    'fastify',
    ...GATEWAY_DEPENDENCIES,
  ]);
}
