import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinned } from './cores.ts';

/** How long a process may take to end by itself. */
const PATIENCE_MS = 2_000;
/** Of what a process complains about, the end is kept. */
const COMPLAINT_CHARACTERS = 2_000;

/** What to run, and where. */
export interface Command {
  /** How people call it. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Processors that it is pinned to. */
  readonly cores: readonly number[];
}

/** A process that serves until it is stopped. */
export interface Server {
  readonly name: string;
  readonly pid: number;
  /** @throws Error with what it said last, where it has ended by itself */
  assertRunning(): void;
  stop(): Promise<void>;
}

/** Every process that was started, so that none outlives this one. */
export class Processes {
  readonly #running = new Set<ChildProcess>();

  /** Starts something that serves. */
  serve(command: Command): Server {
    const child = this.#start(command);
    const complaint = textOf(child, 'stderr');
    child.stdout?.resume();
    return {
      name: command.name,
      pid: child.pid as number,
      assertRunning: () => {
        if (hasEnded(child)) throw new Error(`${command.name} ended ${endOf(child)}\n${complaint()}`.trim());
      },
      stop: () => end(child),
    };
  }

  /**
   * Runs something to its end.
   * @returns what it wrote to its standard output
   * @throws Error where it fails, or takes longer than it may
   */
  async run(command: Command, timeoutMs: number): Promise<string> {
    const child = this.#start(command);
    const complaint = textOf(child, 'stderr');
    const output = textOf(child, 'stdout', Number.POSITIVE_INFINITY);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    await once(child, 'close');
    clearTimeout(timer);
    if (child.exitCode === 0) return output();
    throw new Error(`${command.name} ended ${endOf(child)}\n${complaint()}`.trim());
  }

  /** Ends all that still run, politely at first. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map(end));
  }

  /** Ends all that still run, at once. */
  killAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }

  #start({ name, file, args, cores }: Command): ChildProcess {
    const child = spawn(...pinned(cores, file, args), {
      stdio: ['ignore', 'pipe', 'pipe'],
      // What loaders and debuggers of this process want must not get into what is measured.
      env: { PATH: process.env.PATH, LANG: 'C', NODE_ENV: 'production' },
    });
    if (child.pid === undefined) throw new Error(`${name} did not start`);
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }
}

function textOf(
  child: ChildProcess,
  stream: 'stdout' | 'stderr',
  limit = COMPLAINT_CHARACTERS,
): () => string {
  let text = '';
  child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.length > limit) text = text.slice(-limit);
  });
  return () => text.trim();
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

const endOf = ({ exitCode, signalCode }: ChildProcess) =>
  signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = new AbortController();
  const kill = async () => {
    await sleep(PATIENCE_MS, undefined, { signal: impatience.signal });
    child.kill('SIGKILL');
  };
  await Promise.race([ended, kill().catch(() => {})]);
  impatience.abort();
  await ended;
}
