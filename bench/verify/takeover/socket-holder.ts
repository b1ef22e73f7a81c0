// A parent that holds a listening socket, as systemd does: gateways get it, and leave it open when they end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./holder.py', import.meta.url));
/** By its path: another Python may come first. */
const PYTHON = '/usr/bin/python3';

/** Holds one socket. It is a program of Python: Node would accept connections at a socket that it holds. */
export class SocketHolder {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #running = new Set<number>();

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.port = port;
  }

  static async start(): Promise<SocketHolder> {
    const child = spawn(PYTHON, [PROGRAM], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child, 'spawn');
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    return new SocketHolder(child, lines, Number((await lines.next()).value));
  }

  /** Starts a command with the socket as number 3. @returns its process */
  async run(...command: string[]): Promise<number> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const pid = Number((await this.#lines.next()).value);
    this.#running.add(pid);
    return pid;
  }

  /** Ends all of it. */
  stop(): void {
    for (const pid of this.#running) kill(pid, 'SIGKILL');
    this.#child.kill('SIGKILL');
  }
}

/** @returns whether the process was there */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
