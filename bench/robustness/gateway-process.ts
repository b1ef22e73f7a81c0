// Runs a gateway in a process of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GatewayConfigInput } from '../../gateway/src/config/schema.ts';
import type { GatewayFigures } from './figures.ts';

const CHILD = fileURLToPath(new URL('./gateway-child.ts', import.meta.url));
/** Time limit for a message of the gateway. */
const PATIENCE_MS = 20_000;

/** The environment of a gateway. */
export interface Circumstances {
  /** Limit of open files. @defaultValue that of this process */
  readonly fileLimit?: number;
  /** Additional flags for V8. */
  readonly nodeFlags?: readonly string[];
}

/** A gateway in a process of its own. */
export class GatewayProcess {
  readonly #child: ChildProcess;
  #ports: readonly number[] = [];
  #complaint = '';

  constructor(config: GatewayConfigInput, { fileLimit, nodeFlags = [] }: Circumstances = {}) {
    const flags = ['--expose-gc', ...nodeFlags, '--import', 'tsx'];
    const command = [process.execPath, ...flags, CHILD, JSON.stringify(config)];
    const limited = ['bash', '-c', `ulimit -n ${fileLimit}; exec "$0" "$@"`, ...command];
    const [file, ...args] = fileLimit === undefined ? command : limited;
    this.#child = spawn(file as string, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-2_000);
    });
    this.#child.stdout?.resume();
    // Sending to an ended process fails. The pending promise rejects with that error.
    this.#child.on('error', () => {});
  }

  /** @throws Error if it does not start */
  async listening(): Promise<void> {
    this.#ports = await this.#message();
  }

  /** The port of its first listener. */
  get port(): number {
    return this.#ports[0] as number;
  }

  /** The ports of its listeners. */
  get ports(): readonly number[] {
    return this.#ports;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @throws Error if it has ended or does not respond */
  async figures(): Promise<GatewayFigures> {
    if (!this.hasEnded) this.#child.send('figures');
    return this.#message();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Closes the reading end of its standard output. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #message<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (settled: () => void) => {
        clearTimeout(timer);
        this.#child.off('message', took);
        this.#child.off('exit', ended);
        settled();
      };
      const took = (message: unknown) => settle(() => resolve(message as T));
      const ended = () => settle(() => reject(new Error(`the gateway has ended\n${this.#complaint}`.trim())));
      const timer = setTimeout(
        () => settle(() => reject(new Error('the gateway does not respond'))),
        PATIENCE_MS,
      );
      this.#child.once('message', took);
      this.#child.once('exit', ended);
      if (this.hasEnded) ended();
    });
  }
}
