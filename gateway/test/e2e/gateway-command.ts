import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Throws where nobody catches it, when a signal asks for it. */
const FAULT = 'data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("a fault on demand")})';

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly pid: number; readonly msg: string };

/** How a command is started. */
export interface StartOptions {
  /** Where its standard output goes. @defaultValue a pipe that is read */
  readonly stdout?: 'pipe' | number;
  /** A socket that it gets as number 3. */
  readonly socket?: number;
  /** Whether the pipe is read at all. @defaultValue true */
  readonly reads?: boolean;
  /** Whether SIGUSR2 is to make it throw where nobody catches it. */
  readonly canFail?: boolean;
  /** Variables of its environment, in addition to those of the tests. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** `evenkeel`, in a process of its own that does not outlive its test. */
export class GatewayCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  stdout = '';
  stderr = '';

  constructor(
    args: readonly string[],
    { stdout = 'pipe', socket, reads = true, canFail = false, variables }: StartOptions = {},
  ) {
    const { FORCE_COLOR: _, NODE_OPTIONS: __, ...env } = process.env;
    const loaders = ['--import', 'tsx', ...(canFail ? ['--import', FAULT] : [])];
    this.child = spawn(process.execPath, [...loaders, 'gateway/src/cli/main.ts', ...args], {
      cwd: ROOT,
      env: { ...env, ...variables },
      stdio: ['ignore', stdout, 'pipe', ...(socket === undefined ? [] : [socket])],
    });
    if (reads) this.child.stdout?.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
    onTestFinished(async () => {
      this.signal('SIGKILL');
      this.child.stdout?.destroy();
      await this.ended;
    });
  }

  /** Its log, as far as it has come. */
  get lines(): LogLine[] {
    const whole = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Waits for a line of its log. @param from - how many lines to overlook */
  async line(pattern: RegExp, from = 0): Promise<LogLine> {
    let found: LogLine | undefined;
    await eventually(() => {
      found = this.lines.slice(from).find(({ msg }) => pattern.test(msg));
      if (found === undefined && this.child.exitCode !== null)
        throw new Error(`it ended with ${this.child.exitCode}: ${this.stdout}${this.stderr}`);
      return found !== undefined;
    }, `a line ${pattern}`);
    return found as LogLine;
  }

  /** Waits until it listens. @returns the address of the first listener */
  async listening(): Promise<string> {
    return (await this.line(/^listening on /)).url as string;
  }

  /** Waits until operators may come in. */
  async admin(): Promise<string> {
    return (await this.line(/^operators come in at /)).url as string;
  }
}

/** Waits until something is so, for 45 seconds at the most. */
export async function eventually(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const until = performance.now() + 45_000;
  while (!(await isSo())) {
    if (performance.now() > until) throw new Error(`there was never ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A backend. */
export async function origin(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A folder for one test. @returns a function that writes a file in it, and gives its path */
export function folder(): (name: string, content: string) => string {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-e2e-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return (name, content) => {
    writeFileSync(join(path, name), content);
    return join(path, name);
  };
}

/** A configuration file. @returns its path, and a function that writes it */
export function configFile(): { path: string; write: (config: object) => void } {
  const inFolder = folder();
  const write = (config: object) => inFolder('gateway.json', JSON.stringify(config));
  return { path: write({}), write };
}
