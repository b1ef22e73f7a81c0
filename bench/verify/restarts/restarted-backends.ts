// Backends in processes of their own, and their restarts.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./backend.ts', import.meta.url));
const PATIENCE_MS = 20_000;

/** How a backend ends: it finishes what it has, or it is killed. */
export type Ending = 'drain' | 'kill';

/** Backends that are restarted one after the other. */
export class RestartedBackends {
  readonly ports: readonly number[];
  /** The ids of POST requests that some backend has received. */
  readonly received = new Set<string>();
  /** When backends were told to end, in milliseconds of `performance.now()`. */
  readonly endings: number[] = [];
  readonly #running = new Map<number, ChildProcess>();

  constructor(ports: readonly number[]) {
    this.ports = ports;
  }

  async start(): Promise<void> {
    for (const port of this.ports) await this.#start(port);
  }

  /**
   * Restarts all, one after the other.
   * @param awayMs - from the end of a process to the start of the next one
   */
  async restartAll(ending: Ending, everyMs: number, awayMs: number): Promise<void> {
    for (const port of this.ports) {
      const beganAt = performance.now();
      await this.#end(port, ending);
      await sleep(awayMs);
      await this.#start(port);
      await sleep(Math.max(0, everyMs - (performance.now() - beganAt)));
    }
  }

  kill(): void {
    for (const child of this.#running.values()) child.kill('SIGKILL');
    this.#running.clear();
  }

  async #start(port: number): Promise<void> {
    const child = fork(PROGRAM, [String(port)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#running.set(port, child);
    const listening = new Promise<void>((resolve) => {
      child.on('message', (message) => {
        if (message === 'listening') resolve();
        else this.received.add((message as { received: string }).received);
      });
    });
    const late = AbortSignal.timeout(PATIENCE_MS);
    await Promise.race([
      listening,
      once(child, 'exit', { signal: late }).then(() => {
        throw new Error(`the backend at port ${port} does not start`);
      }),
    ]);
  }

  async #end(port: number, ending: Ending): Promise<void> {
    const child = this.#running.get(port) as ChildProcess;
    const ended = once(child, 'exit');
    this.endings.push(performance.now());
    child.kill(ending === 'drain' ? 'SIGTERM' : 'SIGKILL');
    await ended;
  }
}
