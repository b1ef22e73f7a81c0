// The command `register`: keeps a server registered while it runs.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiscoveredBackend, Registration } from 'evenkeel/discovery';
import { etcd } from 'evenkeel/discovery/etcd';
import { type BackendRecord, keepRegistered, type RegistryRecords } from 'evenkeel/internal';
import { readBaseUrl } from '../upstream/base-url.ts';
import { redisSource } from '../upstream/pool-source.ts';
import { exitCode } from './exit-code.ts';
import type { Io } from './io.ts';

/** Settings of {@link register}. */
export interface RegisterCommandOptions {
  readonly url: string;
  readonly id?: string;
  readonly weight?: number;
  readonly zone?: string;
  readonly pool?: string;
  /** In seconds. */
  readonly ttl?: number;
  /** Milliseconds between the end of the registration and that of the server. */
  readonly drainMs?: number;
  readonly redis?: string;
  readonly etcd?: string;
  /** The URL of a gateway's admin listener. */
  readonly gateway?: string;
  readonly prefix?: string;
}

const DRAIN_MS = 2_000;
const STEP_MS = 50;
const TIMEOUT_MS = 5_000;

/**
 * Runs a command, registers its server as soon as that accepts connections, and ends the registration before
 * the server. Without a command, it registers a server that runs already, until a signal comes.
 * @returns the exit code of the command
 */
export async function register(
  options: RegisterCommandOptions,
  command: readonly string[],
  io: Io,
): Promise<number> {
  const tell = (line: string) => void io.stderr.write(`evenkeel: ${line}\n`);
  const stopped = new AbortController();
  const [program, ...args] = command;
  const child = program === undefined ? undefined : spawn(program, args, { stdio: 'inherit', env: io.env });
  let code: number = exitCode.fine;
  const ended = child === undefined ? once(stopped.signal, 'abort') : endOf(child);
  void ended.then((result) => {
    if (typeof result === 'number') code = result;
    stopped.abort();
  });
  const signals = ['SIGINT', 'SIGTERM'] as const;
  let asked: NodeJS.Signals | undefined;
  const listeners = signals.map((signal) => {
    const stop = () => {
      asked ??= signal;
      stopped.abort();
    };
    io.process.on(signal, stop);
    return [signal, stop] as const;
  });
  let registration: Registration | undefined;
  let close = () => {};
  try {
    if (await hasOpened(options.url, stopped.signal)) {
      ({ registration, close } = start(options, io, tell));
      void registration.ready.then(() => tell(`${options.id ?? options.url} is registered`));
      if (!stopped.signal.aborted) await once(stopped.signal, 'abort');
      // Gateways must know before the server refuses.
      if (asked !== undefined) {
        await registration.drain();
        await sleep(options.drainMs ?? DRAIN_MS);
      }
    }
  } finally {
    await registration?.close();
    close();
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill(asked ?? 'SIGTERM');
      await ended;
    }
    for (const [signal, stop] of listeners) io.process.off(signal, stop);
  }
  return code;
}

async function endOf(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 143)));
  });
}

/** Whether a server accepts connections before the signal aborts. */
async function hasOpened(url: string, signal: AbortSignal): Promise<boolean> {
  const { host, port } = readBaseUrl(url);
  while (!signal.aborted) {
    const socket = connect({ host, port });
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return true;
    await sleep(STEP_MS);
  }
  return false;
}

function start(options: RegisterCommandOptions, { env }: Io, report: (line: string) => void) {
  const { url, id, weight, zone, pool = 'default', ttl = 15, prefix } = options;
  const self: DiscoveredBackend = {
    url,
    ...(id !== undefined && { id }),
    ...(weight !== undefined && { weight }),
    ...(zone !== undefined && { zone }),
  };
  const settings = { ttlMs: ttl * 1_000, report };
  if (options.redis !== undefined) {
    const { source, close } = redisSource(options.redis, { pool, prefix });
    return { registration: source.register(self, settings), close };
  }
  if (options.etcd !== undefined) {
    const registry = etcd({ url: options.etcd, pool, ...(prefix !== undefined && { prefix }) });
    return { registration: registry.register(self, settings), close: () => {} };
  }
  const records = adminRecords(options.gateway ?? '', options.pool, env.EVENKEEL_ADMIN_TOKEN);
  const owner = { owner: randomUUID(), since: Date.now() };
  return { registration: keepRegistered(records, self, settings, owner), close: () => {} };
}

/** The registrations of one gateway, by its admin listener. */
function adminRecords(base: string, pool: string | undefined, token: string | undefined): RegistryRecords {
  const call = async (method: 'PUT' | 'DELETE', { backend }: BackendRecord, query: string) => {
    const { id, ...rest } = backend;
    const response = await fetch(`${base.replace(/\/+$/, '')}/backends/${encodeURIComponent(id)}${query}`, {
      method,
      headers: {
        'content-type': 'application/json',
        'x-evenkeel-admin': '1',
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(method === 'PUT' && { body: JSON.stringify({ ...rest, ...(pool && { pool }) }) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`status ${response.status}: ${(await response.text()).slice(0, 200)}`);
    await response.body?.cancel();
  };
  return {
    put: (record, ttlMs) => call('PUT', record, `?ttl=${Math.max(1, Math.ceil(ttlMs / 1_000))}`),
    drop: (record) => call('DELETE', record, pool === undefined ? '' : `?pool=${encodeURIComponent(pool)}`),
  };
}
