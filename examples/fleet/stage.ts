// What the examples of fleets have in common: programs and servers that are started, and all end together.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readArguments, readInteger } from '../terminal/arguments.ts';
import { stopSignal } from '../terminal/stop-signal.ts';
import { Gateway } from './gateway.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** For a program to end, before it is killed. */
const END_MS = 5_000;
const WRONG_USAGE = 2;

const HELP = `Options:
  --port <n>  first of 100 ports that are used (default: 4000)
  --keep      stays when all is shown, until Ctrl-C
  --help      prints this help
`;

/** Something in an example that cannot be, told in one line. */
class StageError extends Error {}

/** Everything that one example has started. */
export class Stage {
  /** The first of the ports that the example may use. */
  readonly port: number;
  /** Aborts on Ctrl-C, or when a program has ended that should not. */
  readonly signal: AbortSignal;
  readonly #ends: (() => Promise<void>)[] = [];
  readonly #failed = new AbortController();
  #isClosing = false;

  constructor(port: number, stop: AbortSignal) {
    this.port = port;
    this.signal = AbortSignal.any([stop, this.#failed.signal]);
  }

  /** Calls a function at the end. */
  atTheEnd(end: () => unknown): void {
    this.#ends.push(async () => void (await end()));
  }

  /**
   * Starts a program that runs until the end.
   * @param from - the package that has it
   */
  async program(name: string, args: readonly string[], from: string): Promise<Program> {
    const program = new Program(name, [name, ...args], {}, (error) => this.#fail(error));
    this.atTheEnd(() => program.stop());
    try {
      await program.start();
    } catch (error) {
      throw new StageError(`${(error as Error).message}: apt-get install ${from}`);
    }
    return program;
  }

  /** Starts gateways with one file, and waits until they are ready. */
  async gateways(count: number, file: string, env: Readonly<Record<string, string>>): Promise<Gateway[]> {
    const gateways = Array.from({ length: count }, (_, i) => new Gateway(this.port + 1 + i));
    const programs = gateways.map(({ port, adminPort }) => {
      const command = [process.execPath, '--import', 'tsx', 'gateway/src/cli/main.ts', 'serve'];
      const ports = { PORT: String(port), ADMIN_PORT: String(adminPort) };
      return new Program(
        `the gateway at port ${port}`,
        [...command, '-c', `examples/fleet/${file}`],
        { ...ports, ...env },
        (error) => this.#fail(error),
      );
    });
    this.atTheEnd(() => Promise.all(programs.map((program) => program.stop())));
    await Promise.all(programs.map((program) => program.start()));
    console.log(`${count} gateways with examples/fleet/${file}:`);
    for (const { url, adminUrl } of gateways) console.log(`  ${url}  dashboard: ${adminUrl}`);
    await this.until(async () =>
      (await Promise.all(gateways.map((gateway) => gateway.isReady()))).every(Boolean),
    );
    return gateways;
  }

  /** Starts a server that says its name. @returns what ends it before */
  async backend(name: string, port: number, host = '127.0.0.1'): Promise<() => Promise<void>> {
    const server = createServer((_, response) => response.end(name));
    const listening = Promise.race([once(server, 'listening'), once(server, 'error')]);
    server.listen(port, host);
    const [error] = await listening;
    if (error !== undefined) throw new StageError(`${host}:${port} cannot be used: ${error.code}`);
    const close = async () => {
      server.close();
      server.closeAllConnections();
    };
    this.#ends.push(close);
    return close;
  }

  /** Waits until something holds. @returns the milliseconds that it took */
  async until(holds: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<number> {
    const startedAt = performance.now();
    for (;;) {
      this.signal.throwIfAborted();
      if (await holds()) return Math.round(performance.now() - startedAt);
      if (performance.now() - startedAt > withinMs)
        throw new StageError(`waited in vain for ${withinMs / 1_000} s for what is announced last`);
      await this.wait(5);
    }
  }

  wait(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.signal });
  }

  /** Ends everything, the last one first. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const end of this.#ends.reverse()) await end();
  }

  #fail(error: Error): void {
    if (!this.#isClosing) this.#failed.abort(error);
  }
}

/** A program of the operating system, or of this repository, in a process of its own. */
class Program {
  readonly #name: string;
  readonly #command: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #failed: (error: Error) => void;
  #child: ChildProcess | undefined;

  /** @param failed - called if it ends by itself */
  constructor(
    name: string,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
    failed: (error: Error) => void,
  ) {
    this.#name = name;
    this.#command = command;
    this.#env = env;
    this.#failed = failed;
  }

  /** @throws Error if it does not start */
  async start(): Promise<void> {
    const [program = '', ...args] = this.#command;
    const env = { ...process.env, ...this.#env };
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new Error(`${program} cannot be started (${(error as NodeJS.ErrnoException).code})`);
    }
    this.#child = child;
    child.once('exit', (code, signal) => {
      // Ctrl-C in a terminal reaches programs before this process knows of it.
      if (this.#child === child && signal !== 'SIGINT' && code !== 130)
        setTimeout(
          () => this.#failed(new StageError(`${this.#name} has ended (${signal ?? code})`)),
          100,
        ).unref();
    });
  }

  /** Without effect if it does not run. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await exited;
    clearTimeout(timer);
  }
}

/** Runs an example from its command line to its end, and sets the exit code. */
export async function play(show: (stage: Stage) => Promise<void>): Promise<void> {
  let options: { readonly port: number; readonly keep: boolean };
  try {
    const { port, keep, help } = readArguments(process.argv.slice(2), {
      port: { type: 'string', default: '4000' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    });
    if (help) return void process.stdout.write(HELP);
    options = { port: readInteger('--port', port, 1_024, 65_000), keep };
  } catch (error) {
    console.error(`${(error as Error).message} (--help lists the options)`);
    process.exitCode = WRONG_USAGE;
    return;
  }
  const stop = stopSignal();
  const stage = new Stage(options.port, stop);
  try {
    await show(stage);
    if (options.keep) {
      console.log('\nCtrl-C ends it.');
      await once(stage.signal, 'abort');
    }
  } catch (error) {
    if (!stop.aborted) tell(stage.signal.aborted ? stage.signal.reason : error);
  } finally {
    await stage.close();
  }
}

function tell(error: unknown): void {
  console.error(error instanceof StageError ? error.message : error);
  process.exitCode = 1;
}
