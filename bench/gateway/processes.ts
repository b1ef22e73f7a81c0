// Starts and ends processes.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinned } from './cores.ts';

/** Time for a process to end after a signal, before it is killed. */
const PATIENCE_MS = 2_000;
/** Characters of a process's error output that are kept, from its end. */
const COMPLAINT_CHARACTERS = 2_000;

/** A command to run. */
export interface Command {
  /** The name in messages. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** The processors that it may use. */
  readonly cores: readonly number[];
  /** Further environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that serves until it is stopped. */
export interface Server {
  readonly name: string;
  readonly pid: number;
  /** @throws Error with its last error output if it ended by itself */
  assertRunning(): void;
  stop(): Promise<void>;
}

/** All processes that were started, so that none outlives this one. */
export class Processes {
  readonly #running = new Set<ChildProcess>();

  /** Starts a server. */
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
   * Runs a command to its end.
   * @returns its standard output
   * @throws Error if it fails or exceeds the time limit
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

  /** Ends all running processes: by a signal first, then by killing them. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map(end));
  }

  /** Kills all running processes. */
  killAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }

  #start({ name, file, args, cores, env }: Command): ChildProcess {
    const child = spawn(...pinned(cores, file, args), {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Measured processes must not inherit the flags of loaders and debuggers.
      env: { PATH: process.env.PATH, LANG: 'C', NODE_ENV: 'production', ...env },
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
