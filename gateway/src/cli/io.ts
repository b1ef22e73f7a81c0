import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import type { GatewayConfig } from '../config/schema.ts';
import type { GatewayLog } from '../contracts.ts';
import { pinoLog } from '../observation/pino-log.ts';

/** Somewhere to write text. */
interface TextOutput {
  write(text: string): unknown;
}

/** All that the command line takes from its surroundings. */
export interface Io {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Emits signals, `uncaughtException` and `unhandledRejection`. */
  readonly process: Pick<EventEmitter, 'on' | 'off'>;
  /** For example `20.20.2`. */
  readonly nodeVersion: string;
  /** Whether somebody sits at a terminal. @defaultValue false */
  readonly isTerminal?: boolean;
  readonly openLog: (config: GatewayConfig['log']) => GatewayLog;
}

/** The real surroundings. A reader that leaves early, such as `head`, is no mistake. */
export function processIo(): Io {
  const { stdout, stderr, env, versions } = process;
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
  const openLog = (config: GatewayConfig['log']) => pinoLog(config);
  return {
    stdout,
    stderr,
    env,
    process,
    nodeVersion: versions.node,
    isTerminal: stdout.isTTY === true,
    openLog,
  };
}

/**
 * Waits until a slow reader has taken everything.
 * @returns why something could not be written; `undefined` where all was, or the reader has left
 */
export async function unwritten(stream: Writable): Promise<Error | undefined> {
  if (stream.writableLength > 0) await new Promise<void>((resolve) => void stream.write('', () => resolve()));
  const error: NodeJS.ErrnoException | null = stream.errored;
  return error === null || error.code === 'EPIPE' ? undefined : error;
}
