// A program that makes load at a fixed rate and measures latencies.

import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { threadsCpuUs } from '../usage.ts';
import { arrivals } from './arrivals.ts';
import { now } from './clock.ts';
import { FixedRateClient } from './fixed-rate-client.ts';
import type { FixedRateOrder, FixedRateResult, RateTarget } from './fixed-rate-order.ts';

/**
 * The length of a turn. Other load of the machine comes and goes: in many short turns it meets all targets
 * alike.
 */
const TURN_SECONDS = 0.2;
/** Turns of each target that are not counted, at the beginning. */
const WARM_UP_TURNS = 2;
/** The time limit for the last responses of a turn. */
const PATIENCE_MS = 10_000;
/** From the order to the thread that wakes this one to the beginning of a turn. */
const LEAD_MS = 2;

/** The times of the requests of a turn, and the time from which they count. */
interface Schedule {
  readonly dueMs: Float64Array;
  readonly startedAt: number;
}

/** One target and what it did. */
interface Measured {
  readonly target: RateTarget;
  readonly client: FixedRateClient;
  readonly latenciesMs: number[];
  cpuUs: number;
  failures: number;
}

if (isMainThread) console.log(JSON.stringify(await main(JSON.parse(process.argv[2] as string))));
else parentPort?.on('message', tick);

/** Wakes the main thread when a request is due, as timers have a resolution of only a millisecond. */
function tick({ dueMs, startedAt }: Schedule): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (const due of dueMs) {
    const waitMs = startedAt + due - now();
    if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs);
    parentPort?.postMessage(undefined);
  }
}

/** @returns the results in the order of the targets */
async function main({ targets, ...order }: FixedRateOrder): Promise<FixedRateResult[]> {
  const all = targets.map((target): Measured => {
    return {
      target,
      client: new FixedRateClient(target.port, order),
      latenciesMs: [],
      cpuUs: 0,
      failures: 0,
    };
  });
  const ticker = new Worker(new URL(import.meta.url));
  let current = all[0]?.client;
  ticker.on('message', () => current?.sendDue());
  await Promise.all(all.map(({ client }) => client.open()));
  const turns = Math.ceil(order.seconds / TURN_SECONDS);
  for (let turn = -WARM_UP_TURNS; turn < turns; turn++) {
    const dueMs = arrivals(order.rate, TURN_SECONDS, turn);
    for (const measured of inTurn(all, turn + WARM_UP_TURNS)) {
      current = measured.client;
      const before = cpuUsOf(measured.target);
      const startedAt = now() + LEAD_MS;
      const schedule: Schedule = { dueMs, startedAt };
      const running = measured.client.run(dueMs, startedAt, TURN_SECONDS * 1_000 + PATIENCE_MS);
      ticker.postMessage(schedule);
      const { latenciesMs, failures } = await running;
      measured.failures += failures;
      if (turn < 0) continue;
      measured.cpuUs += cpuUsOf(measured.target) - before;
      measured.latenciesMs.push(...latenciesMs);
    }
    // It stays wrong, and each further turn would wait for responses that do not come.
    if (all.some(({ failures }) => failures > 0)) break;
  }
  await ticker.terminate();
  for (const { client } of all) client.close();
  return all.map(resultOf);
}

/** Each turn begins with another target, so that none always runs after the same one. */
function inTurn<T>(all: readonly T[], turn: number): T[] {
  const first = turn % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

function cpuUsOf({ pid }: RateTarget): number {
  return pid === undefined ? 0 : threadsCpuUs(pid);
}

function resultOf({ target, latenciesMs, cpuUs, failures }: Measured): FixedRateResult {
  const sorted = Float64Array.from(latenciesMs).sort();
  const quantile = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
  return {
    meanMs: sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    ...(target.pid === undefined ? {} : { cpuUs: cpuUs / Math.max(1, sorted.length) }),
    failures,
  };
}
