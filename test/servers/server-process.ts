// Servers of the operating system that tests start and stop: a process each, on a free port of 127.0.0.1.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Whether a program is installed. A missing one is named in the name of the suite that needs it. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

/**
 * A port that is free, and below those that the system gives to connections and to who listens on port 0:
 * another program would have to ask for this very number. With 10,000 more, where a node of a Redis cluster
 * listens, it still is.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Starts a server on a free port; on another one, and says so, where a program took that meanwhile. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      return await start(port);
    } catch (error) {
      if (tries === 5 || !/in use/i.test(String(error))) throw error;
      console.warn(`port ${port} was taken meanwhile: another one is tried`);
    }
  }
}

/** A program that runs until it is stopped, and can be started again. */
export class ServerProcess {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #ready: string;
  #child: ChildProcess | undefined;

  /** @param ready - what the program prints when it serves */
  constructor(program: string, args: readonly string[], ready: string) {
    this.#program = program;
    this.#args = args;
    this.#ready = ready;
  }

  async start(): Promise<void> {
    const child = spawn(this.#program, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        if (said.length > 100_000) return;
        said += chunk;
        if (said.includes(this.#ready)) resolve();
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`${this.#program} ended: ${said}`)));
    });
  }

  /** Ends the process at once. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGCONT');
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Lets it hang, or go on. */
  freeze(isFrozen: boolean): void {
    this.#child?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT');
  }
}
