import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GatewayConfigInput } from '../../../src/config/schema.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const CHILD = fileURLToPath(new URL('./evenkeel-child.ts', import.meta.url));

/** The gateway in a process of its own, for what is to be measured of a process. */
export interface GatewayProcess {
  readonly port: number;
  readonly pid: number;
  /** Whether it still runs. */
  readonly running: () => boolean;
  /** Resident memory in bytes; `undefined` where the platform does not tell. */
  readonly memory: () => number | undefined;
  stop(): Promise<void>;
}

/** @param fileLimit - how many files it may have open. @defaultValue as many as this process */
export async function startProcess(config: GatewayConfigInput, fileLimit?: number): Promise<GatewayProcess> {
  const node = [process.execPath, '--import', 'tsx', CHILD, JSON.stringify(config)];
  const limited = ['-c', `ulimit -n ${fileLimit}; exec "$0" "$@"`, ...node];
  const child =
    fileLimit === undefined
      ? spawn(node[0] as string, node.slice(1), { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] })
      : spawn('sh', limited, { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
  const said = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const [line] = await Promise.race([said, once(child, 'exit').then(() => [''] as [string])]);
  if (line === '') throw new Error('the gateway does not start');
  const pid = child.pid as number;
  return {
    port: Number(line),
    pid,
    running: () => child.exitCode === null && child.signalCode === null,
    memory: () => {
      if (process.platform !== 'linux') return undefined;
      const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return Number(kilobytes) * 1_024;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
