// The command `demo`: backends, a gateway and traffic in one process.
import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayConfigInput } from '../config/schema.ts';
import type { Gateway, ListeningAddress } from '../contracts.ts';
import { createGateway } from '../gateway.ts';
import { DemoBackend } from './demo/demo-backend.ts';
import { DemoLines } from './demo/demo-lines.ts';
import { DemoTraffic } from './demo/demo-traffic.ts';
import { exitCode } from './exit-code.ts';
import type { Io } from './io.ts';

/** Settings of {@link demo}. */
export interface DemoOptions {
  /** Stops after this many seconds. @defaultValue runs until a signal comes */
  readonly seconds?: number;
}

const LOOPBACK = '127.0.0.1';
const NAMES = ['alpha', 'beta', 'gamma'];
/** Seconds between two stops of the last backend, and how long it stays stopped. */
const OUTAGE = { every: 30, from: 10, to: 16 };

/**
 * Runs small backends, a gateway in front of them and light traffic, and prints a line every second.
 * @returns the exit code, after a signal or when the time is up
 */
export async function demo(
  io: Io,
  { seconds = Number.POSITIVE_INFINITY }: DemoOptions = {},
): Promise<number> {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  for (const signal of ['SIGINT', 'SIGTERM']) io.process.on(signal, stop);
  const backends = NAMES.map((name) => new DemoBackend(name));
  let gateway: Gateway | undefined;
  try {
    await Promise.all(backends.map((backend) => backend.start()));
    gateway = createGateway(configFor(backends));
    const [http, admin] = await gateway.listen();
    const url = urlOf(http);
    io.stdout.write(openingText(backends, url, urlOf(admin)));
    await run(gateway, url, backends, io, seconds, stopped.signal);
    return exitCode.fine;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM']) io.process.off(signal, stop);
    await gateway?.close(0);
    await Promise.all(backends.map((backend) => backend.stop()));
  }
}

async function run(
  gateway: Gateway,
  url: string,
  backends: readonly DemoBackend[],
  { stdout }: Io,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const lines = new DemoLines();
  const traffic = new DemoTraffic(url);
  try {
    for (let second = 1; second <= seconds; second++) {
      await sleep(1_000, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      for (const line of lines.next(second, gateway.stats(), traffic.failed)) stdout.write(`${line}\n`);
      const fell = await outage(backends.at(-1) as DemoBackend, second % OUTAGE.every);
      if (fell !== undefined) stdout.write(`${' '.repeat(9)}${fell}\n`);
    }
  } finally {
    traffic.stop();
  }
}

/** @returns the line that tells of a stop or a start; `undefined` without one */
async function outage(backend: DemoBackend, second: number): Promise<string | undefined> {
  if (second === OUTAGE.from) {
    await backend.stop();
    return `${backend.id} is stopped: it refuses connections`;
  }
  if (second !== OUTAGE.to) return undefined;
  await backend.start();
  return `${backend.id} is started again`;
}

function configFor(backends: readonly DemoBackend[]): GatewayConfigInput {
  return {
    listeners: [{ host: LOOPBACK, port: 0 }],
    admin: { host: LOOPBACK, port: 0 },
    pools: {
      demo: {
        backends: backends.map(({ id, url }) => ({ id, url })),
        // Short times, so that changes show soon.
        health: {
          intervalMs: 1_000,
          fastIntervalMs: 500,
          request: { timeoutMs: 500 },
          thresholds: { fall: 2 },
        },
        ejection: { baseMs: 2_000, maxMs: 2_000 },
        slowStart: { windowMs: 4_000 },
      },
    },
  };
}

function openingText(backends: readonly DemoBackend[], gateway: string, dashboard: string): string {
  const { every, from, to } = OUTAGE;
  return `
  Dashboard  ${dashboard}
  Gateway    ${gateway}
  Backends   ${backends.map(({ id, url }) => `${id} ${url}`).join('  ')}

  Try  curl ${gateway}ping
  One backend is stopped for ${to - from} of every ${every} seconds. Ctrl-C ends all.

`;
}

function urlOf(address: ListeningAddress | undefined): string {
  return `http://${LOOPBACK}:${address?.port ?? 0}/`;
}
