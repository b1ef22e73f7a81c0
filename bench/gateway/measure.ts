// The measurements of a proxy.

import { setTimeout as sleep } from 'node:timers/promises';
import { BODIES, type BodyPath } from './bodies.ts';
import type { Contender } from './contenders/contender.ts';
import type { Ground } from './ground.ts';
import { assertProxies } from './guard.ts';
import type { FixedRateOrder, FixedRateResult } from './load/fixed-rate-order.ts';
import { CONNECTIONS, type LoadGenerator, PATIENCE_MS } from './load/load.ts';
import type { SlowClientsOrder, SlowClientsResult } from './load/slow-clients-order.ts';
import type { Origins } from './origins/origins.ts';
import { freePorts, HOST, listening } from './ports.ts';
import type { Server } from './processes.ts';
import type { Sample } from './samples.ts';
import { type MemoryScenario, type RateScenario, type RequestKind, SMALL } from './schedule.ts';
import { usageOf, watchMemory } from './usage.ts';

/** The subject of a measurement: a running proxy, or the origins without one. */
export interface Target {
  readonly name: string;
  readonly port: number;
  /** The proxy's process. */
  readonly server?: Server;
}

/** A running proxy that passed its test. */
export interface RunningProxy extends Target {
  readonly scheme: RequestKind['scheme'];
  readonly server: Server;
}

/** The tools of a measurement. */
export interface Instruments {
  readonly ground: Ground;
  readonly load: LoadGenerator;
  readonly origins: Origins;
}

/** How to start a proxy. */
interface Start {
  /** The bodies for its test. */
  readonly paths: readonly BodyPath[];
  readonly scheme?: RequestKind['scheme'];
  readonly workers?: number;
}

/**
 * Starts a proxy and tests it.
 * @throws Error if it does not pass the test
 */
export async function startProxy(
  { ground, origins }: Instruments,
  contender: Contender,
  { paths, scheme = 'http', workers = 1 }: Start,
): Promise<RunningProxy> {
  const [port = 0] = await freePorts(1);
  const cores = workers === 1 ? ground.cores.proxy : (ground.cores.workers ?? []);
  const tls = scheme === 'https' ? ground.tls : undefined;
  const server = contender.start({ port, tls, originPorts: origins.ports, cores, workers });
  await listening(server, port);
  await assertProxies({ name: contender.name, port, tls }, origins.ports.length, paths);
  return { name: contender.name, port, scheme, server };
}

/** The highest throughput, and the proxy's use of resources. */
export async function saturate(
  { ground, load }: Instruments,
  { port, scheme, server }: RunningProxy,
  { path, close }: Pick<RequestKind, 'path' | 'close'>,
  seconds: number,
): Promise<Sample> {
  const before = usageOf(server.pid);
  const memory = watchMemory(server.pid);
  try {
    const url = `${scheme}://${HOST}:${port}${path}`;
    const order = { url, seconds, close, bodyBytes: BODIES[path] };
    const result = await load.run(order, ground.processes, ground.cores.load);
    server.assertRunning();
    const cpuUs = usageOf(server.pid).cpuUs - before.cpuUs;
    return {
      requestsPerSecond: result.requests / result.seconds,
      cpuUs: cpuUs / result.requests,
      busy: cpuUs / 1e6 / result.seconds,
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      rssBytes: memory.peakBytes(),
      failures: result.failures,
    };
  } finally {
    memory.stop();
  }
}

/**
 * Latencies at a fixed rate of requests, independent of the responses, and the processor time of proxies.
 * @returns the results in the order of the targets
 */
export async function atFixedRate(
  { ground }: Instruments,
  targets: readonly Target[],
  { requestsPerSecond, seconds }: RateScenario,
): Promise<FixedRateResult[]> {
  const order: FixedRateOrder = {
    targets: targets.map(({ port, server }) => ({ port, pid: server?.pid })),
    path: SMALL.path,
    bodyBytes: BODIES[SMALL.path],
    rate: requestsPerSecond,
    seconds,
    connections: CONNECTIONS,
  };
  // Each may need as long again where it cannot keep up.
  const timeoutMs = 3 * seconds * targets.length * 1_000 + PATIENCE_MS;
  const results = await runProgram<FixedRateResult[]>(ground, 'fixed-rate', order, timeoutMs);
  for (const { server } of targets) server?.assertRunning();
  return results;
}

/** Memory of a proxy that was just started, before, during and after a thousand slow clients. */
export async function measureMemory(
  instruments: Instruments,
  proxy: RunningProxy,
  { loadSeconds, slowClients, takeMs, stallMs, stalledClients }: MemoryScenario,
): Promise<Sample> {
  const { pid } = proxy.server;
  const startBytes = usageOf(pid).rssBytes;
  const before = await saturate(instruments, proxy, SMALL, loadSeconds);
  const slow = await withSlowClients(instruments, proxy, {
    port: proxy.port,
    path: '/1m',
    bodyBytes: BODIES['/1m'],
    clients: slowClients,
    stallMs,
    takeMs,
  });
  const after = await saturate(instruments, proxy, SMALL, loadSeconds);
  const stalled = await withSlowClients(instruments, proxy, {
    port: proxy.port,
    path: '/16m',
    bodyBytes: BODIES['/16m'],
    clients: stalledClients,
    stallMs,
    takeMs: 0,
  });
  return {
    startBytes,
    busyBytes: before.rssBytes as number,
    slowPeakBytes: slow.peakBytes,
    afterBytes: after.rssBytes as number,
    stalledPeakBytes: stalled.peakBytes,
    failures: before.failures + slow.failures + after.failures + stalled.failures,
  };
}

async function withSlowClients(
  { ground }: Instruments,
  { server }: RunningProxy,
  order: SlowClientsOrder,
): Promise<{ peakBytes: number; failures: number }> {
  const memory = watchMemory(server.pid);
  try {
    const timeoutMs = order.stallMs + order.takeMs + 3 * PATIENCE_MS;
    const { failures } = await runProgram<SlowClientsResult>(ground, 'slow-clients', order, timeoutMs);
    server.assertRunning();
    // Remaining processes are ended in between.
    await sleep(200);
    return { peakBytes: memory.peakBytes(), failures };
  } finally {
    memory.stop();
  }
}

async function runProgram<Result>(
  { processes, script, cores }: Ground,
  program: 'fixed-rate' | 'slow-clients',
  order: object,
  timeoutMs: number,
): Promise<Result> {
  const args = [script(program), JSON.stringify(order)];
  const command = { name: program, file: process.execPath, args, cores: cores.load };
  return JSON.parse(await processes.run(command, timeoutMs));
}
