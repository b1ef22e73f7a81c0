// The command `status`: the statistics of a running gateway in the terminal.
import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayStats } from '../contracts.ts';
import { askAdmin } from './ask-admin.ts';
import { exitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { statusText } from './status-text.ts';

/** The options of `status`. */
export interface StatusOptions {
  readonly admin: string;
  readonly token?: string;
  /** Seconds between two answers; `true`: one second; left out: one answer. */
  readonly watch?: number | true;
  readonly json?: boolean;
}

/** Cursor to the corner, and the rest of the screen empty. */
const CLEAR = '\x1b[H\x1b[2J';

/**
 * Prints how a running gateway is, once or again and again until a signal comes.
 * @returns the exit code
 * @throws UsageError if the address is not a URL; Error if it does not answer the first time
 */
export async function status({ admin, token, watch, json = false }: StatusOptions, io: Io): Promise<number> {
  const ask = async () => {
    const stats = await askAdmin<GatewayStats>(admin, token ?? io.env.EVENKEEL_ADMIN_TOKEN, 'stats');
    return json ? `${JSON.stringify(stats)}\n` : statusText(stats, Date.now());
  };
  let text = await ask();
  if (watch === undefined) {
    io.stdout.write(text);
    return exitCode.fine;
  }
  const everyMs = watch === true ? 1_000 : watch * 1_000;
  const ended = new AbortController();
  const end = () => ended.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) io.process.on(signal, end);
  try {
    while (!ended.signal.aborted) {
      const isScreen = io.isTerminal === true && !json;
      io.stdout.write(isScreen ? `${CLEAR}${text}` : json ? text : `${text}\n`);
      await (io.sleep ?? pause)(everyMs, ended.signal);
      // A gateway that restarts is soon back.
      text = await ask().catch((error: Error) => `${error.message}\n`);
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  } finally {
    for (const signal of signals) io.process.off(signal, end);
  }
  return exitCode.fine;
}

const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal });
