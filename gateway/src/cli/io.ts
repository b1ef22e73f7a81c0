// What the command line takes from the process: arguments aside, everything that tests replace.
import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import type { GatewayConfig } from '../config/schema.ts';
import type { GatewayLog } from '../contracts.ts';
import { pinoLog } from '../observation/pino-log.ts';

/** A stream of text. */
interface TextOutput {
  write(text: string): unknown;
}

/** The surroundings of a command. */
export interface Io {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Emits signals, `uncaughtException` and `unhandledRejection`. */
  readonly process: Pick<EventEmitter, 'on' | 'off'>;
  /** For example `20.20.2`. */
  readonly nodeVersion: string;
  /** Whether standard output is a terminal. @defaultValue false */
  readonly isTerminal?: boolean;
  /** Whether standard error is one. @defaultValue false */
  readonly isErrTerminal?: boolean;
  /** Characters in a line of the terminal. @defaultValue 80 */
  readonly columns?: number;
  /** Waits; rejects when the signal aborts. @defaultValue by the timers of Node */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Ends the process at once. @defaultValue nothing happens */
  readonly exit?: (code: number) => void;
  /** @param worker - the number that each line is to have, in a gateway with several */
  readonly openLog: (config: GatewayConfig['log'], worker?: number) => GatewayLog;
}

/** The real process. A reader that closes the pipe early, such as `head`, is not an error. */
export function processIo(): Io {
  const { stdout, stderr, env, versions } = process;
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
  const openLog = (config: GatewayConfig['log'], worker?: number) => pinoLog(config, undefined, worker);
  return {
    stdout,
    stderr,
    env,
    process,
    nodeVersion: versions.node,
    isTerminal: stdout.isTTY === true,
    isErrTerminal: stderr.isTTY === true,
    // A terminal may have another width when the report is shown.
    get columns() {
      return stdout.columns ?? 80;
    },
    exit: (code) => process.exit(code),
    openLog,
  };
}

/**
 * Waits until a slow reader has read everything.
 * @returns the error that prevented it; `undefined` if everything was read, or the reader has left
 */
export async function unwritten(stream: Writable): Promise<Error | undefined> {
  if (stream.writableLength > 0) await new Promise<void>((resolve) => void stream.write('', () => resolve()));
  const error: NodeJS.ErrnoException | null = stream.errored;
  return error === null || error.code === 'EPIPE' ? undefined : error;
}
