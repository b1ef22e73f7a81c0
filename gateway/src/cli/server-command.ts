// A command that runs a server, in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/** A command that cannot be run; its exit code is that of a shell. */
export class StartError extends Error {
  readonly exitCode: number;

  constructor(program: string, code: string | undefined) {
    super(`${program} cannot be started: ${code === 'ENOENT' ? 'there is no such command' : code}`);
    this.exitCode = code === 'ENOENT' ? 127 : 126;
  }
}

/** A running command. */
export class ServerCommand {
  readonly #child: ChildProcess;
  /** Its exit code; 128 and the number of the signal that ended it. */
  readonly ended: Promise<number>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      ),
    );
  }

  /** @throws StartError */
  static async start(
    [program = '', ...args]: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<ServerCommand> {
    const child = spawn(program, args, { stdio: 'inherit', env });
    const command = new ServerCommand(child);
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new StartError(program, (error as NodeJS.ErrnoException).code);
    }
    return command;
  }

  /** Without effect when it has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
  }
}
