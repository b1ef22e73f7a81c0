// The command `register`: keeps a server registered while it runs.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Registration } from 'evenkeel/discovery';
import { readBaseUrl } from '../upstream/base-url.ts';
import { exitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type Place, type RegisterOptions, readPlace } from './register-place.ts';
import { ServerCommand, StartError } from './server-command.ts';

/** Settings of {@link register}. */
export interface RegisterCommandOptions extends RegisterOptions {
  /** Milliseconds between the end of the registration and that of the server. */
  readonly drainMs?: number;
}

const DRAIN_MS = 2_000;
const STEP_MS = 50;
const CONNECT_MS = 1_000;
/** A server that accepts no connection by then is told of. */
const PATIENCE_MS = 5_000;
const HOUR_MS = 3_600_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command, registers its server as soon as that accepts connections, and ends the registration before
 * the server. Without a command, it registers a server that runs already, until a signal comes. A second
 * signal ends the server at once.
 * @returns the exit code of the command, as a shell has it: 128 and the number of a signal, 127 if there is
 * no such command
 * @throws UsageError if an option is wrong; Error if a client of the registry is not installed
 */
export async function register(
  options: RegisterCommandOptions,
  command: readonly string[],
  io: Io,
): Promise<number> {
  const tell = (line: string) => void io.stderr.write(`evenkeel: ${line}\n`);
  const place = readPlace(options, io.env);
  const stopped = new AbortController();
  const hurried = new AbortController();
  let asked: NodeJS.Signals | undefined;
  const listeners = SIGNALS.map((signal) => {
    const stop = () => {
      if (asked !== undefined) hurried.abort();
      asked ??= signal;
      stopped.abort();
    };
    io.process.on(signal, stop);
    return [signal, stop] as const;
  });
  // Neither listeners of signals nor the timers of a registration keep a process alive.
  const alive = setInterval(() => {}, HOUR_MS);
  try {
    const server = command.length === 0 ? undefined : await ServerCommand.start(command, io.env);
    void server?.ended.then(() => stopped.abort());
    try {
      const isAsked = () => asked !== undefined;
      await keepRegistered(place, {
        options,
        stopped: stopped.signal,
        hurried: hurried.signal,
        isAsked,
        tell,
      });
    } finally {
      server?.kill(asked ?? 'SIGTERM');
    }
    return server === undefined ? exitCode.fine : await server.ended;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    tell(error.message);
    return error.exitCode;
  } finally {
    clearInterval(alive);
    place.close();
    for (const [signal, stop] of listeners) io.process.off(signal, stop);
  }
}

interface Course {
  readonly options: RegisterCommandOptions;
  /** Aborts when the server has ended, or is to end. */
  readonly stopped: AbortSignal;
  /** Aborts when it is to end at once. */
  readonly hurried: AbortSignal;
  /** Whether a signal came: then the server still runs. */
  isAsked(): boolean;
  readonly tell: (line: string) => void;
}

/** Registers a server from its first connection until it is to end. */
async function keepRegistered(place: Place, course: Course): Promise<void> {
  const { options, stopped, hurried, tell } = course;
  if (!(await hasOpened(options.url, stopped, tell))) return;
  const registration: Registration = place.register(tell);
  void registration.ready.then(() => tell(`${options.id ?? options.url} is registered`));
  if (!stopped.aborted) await once(stopped, 'abort');
  const leave = async () => {
    // Gateways must know before the server refuses.
    if (course.isAsked()) {
      await registration.drain();
      await sleep(options.drainMs ?? DRAIN_MS, undefined, { signal: hurried }).catch(() => {});
    }
    await registration.close();
  };
  await (hurried.aborted ? undefined : Promise.race([leave(), once(hurried, 'abort')]));
}

/** Whether a server accepts connections before the signal aborts. */
async function hasOpened(url: string, signal: AbortSignal, tell: (line: string) => void): Promise<boolean> {
  const { host, port } = readBaseUrl(url);
  const late = setTimeout(() => tell(`still waiting for ${url} to accept connections`), PATIENCE_MS);
  try {
    while (!signal.aborted) {
      const socket = connect({ host, port, timeout: CONNECT_MS });
      socket.once('timeout', () => socket.destroy(new Error('timeout')));
      const isOpen = await once(socket, 'connect', { signal }).then(
        () => true,
        () => false,
      );
      socket.on('error', () => {}).destroy();
      if (isOpen) return !signal.aborted;
      await sleep(STEP_MS);
    }
    return false;
  } finally {
    clearTimeout(late);
  }
}
