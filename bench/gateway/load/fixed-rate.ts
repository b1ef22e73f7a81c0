// A program that makes load at a fixed rate and measures latencies.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { HOST } from '../ports.ts';
import { AnswerReader } from './answers.ts';
import { arrivals } from './arrivals.ts';
import type { FixedRateOrder, FixedRateResult } from './fixed-rate-order.ts';

/** The length of the beginning that is not counted. */
const WARM_UP_RATIO = 0.1;
/** The time limit for the last responses. */
const PATIENCE_MS = 10_000;

/** The times of the requests, and the time from which they count. */
interface Clock {
  readonly dueMs: Float64Array;
  readonly startedAt: number;
}

if (isMainThread) console.log(JSON.stringify(await main(JSON.parse(process.argv[2] as string))));
else tick(workerData);

/** The time in milliseconds, equal in all threads. */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

/** Wakes the main thread when a request is due, as timers have a resolution of only a millisecond. */
function tick({ dueMs, startedAt }: Clock): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (const due of dueMs) {
    const waitMs = startedAt + due - now();
    if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs);
    parentPort?.postMessage(undefined);
  }
}

async function main(order: FixedRateOrder): Promise<FixedRateResult> {
  const dueMs = arrivals(order.rate, order.seconds);
  const latenciesMs = new Float64Array(dueMs.length);
  const request = `GET ${order.path} HTTP/1.1\r\nHost: bench.example\r\n\r\n`;
  const idle: (() => void)[] = [];
  let startedAt = 0;
  let sent = 0;
  let answered = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));

  const sendDue = () => {
    const elapsed = now() - startedAt;
    while (idle.length > 0 && sent < dueMs.length && (dueMs[sent] as number) <= elapsed) idle.shift()?.();
  };

  const serve = (socket: Socket) => {
    const reader = new AnswerReader(order.bodyBytes);
    let current = -1;
    const send = () => {
      current = sent++;
      socket.write(request, 'latin1');
    };
    socket.on('data', (chunk: Buffer) => {
      const state = current < 0 ? 'wrong' : reader.read(chunk);
      if (state === 'partial') return;
      if (state === 'wrong') {
        // Its request gets no response and is counted as a failure.
        socket.destroy();
        return;
      }
      // Measured from the due time, not from the time of sending. Otherwise slow responses would hide
      // queueing (coordinated omission).
      latenciesMs[current] = now() - startedAt - (dueMs[current] as number);
      current = -1;
      if (++answered === dueMs.length) finish();
      idle.push(send);
      sendDue();
    });
    socket.on('error', () => {});
    idle.push(send);
  };

  const sockets = Array.from({ length: order.connections }, () => connect(order.port, HOST).setNoDelay());
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  sockets.forEach(serve);
  startedAt = now();
  const clock: Clock = { dueMs, startedAt };
  const ticker = new Worker(new URL(import.meta.url), { workerData: clock });
  ticker.on('message', sendDue);
  const patience = new AbortController();
  const signal = patience.signal;
  await Promise.race([
    finished,
    sleep(order.seconds * 1_000 + PATIENCE_MS, undefined, { signal }).catch(() => {}),
  ]);
  patience.abort();
  await ticker.terminate();
  for (const socket of sockets) socket.destroy();
  return { ...summaryOf(latenciesMs), failures: dueMs.length - answered };
}

function summaryOf(latenciesMs: Float64Array): Pick<FixedRateResult, 'meanMs' | 'p50Ms' | 'p99Ms'> {
  const counted = latenciesMs.slice(Math.ceil(latenciesMs.length * WARM_UP_RATIO)).sort();
  const quantile = (part: number) => counted[Math.floor((counted.length - 1) * part)] as number;
  return {
    meanMs: counted.reduce((sum, value) => sum + value, 0) / counted.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}
