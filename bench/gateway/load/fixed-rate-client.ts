// Connections to one server that send requests when they are due.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { HOST } from '../ports.ts';
import { AnswerReader } from './answers.ts';
import { now } from './clock.ts';
import type { FixedRateOrder } from './fixed-rate-order.ts';

/** The latencies of one turn. */
export interface Turn {
  readonly latenciesMs: readonly number[];
  readonly failures: number;
}

/** The requests of the turn that runs. */
interface Running {
  readonly dueMs: Float64Array;
  readonly startedAt: number;
  readonly latenciesMs: number[];
  sent: number;
  failures: number;
  finish(): void;
}

/** Sends requests at given times, each on a connection that has no other one. */
export class FixedRateClient {
  readonly #order: Omit<FixedRateOrder, 'targets'>;
  readonly #port: number;
  readonly #sockets: Socket[] = [];
  readonly #idle: (() => void)[] = [];
  #running: Running | undefined;

  constructor(port: number, order: Omit<FixedRateOrder, 'targets'>) {
    this.#port = port;
    this.#order = order;
  }

  /** Opens all connections. */
  async open(): Promise<void> {
    const { connections } = this.#order;
    this.#sockets.push(...Array.from({ length: connections }, () => connect(this.#port, HOST).setNoDelay()));
    await Promise.all(this.#sockets.map((socket) => once(socket, 'connect')));
    for (const socket of this.#sockets) this.#serve(socket);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Sends what is due; to be called at each time. */
  sendDue(): void {
    const turn = this.#running;
    if (turn === undefined) return;
    const elapsed = now() - turn.startedAt;
    const isDue = () => turn.sent < turn.dueMs.length && (turn.dueMs[turn.sent] as number) <= elapsed;
    while (this.#idle.length > 0 && isDue()) this.#idle.shift()?.();
  }

  /**
   * Runs one turn to the last response.
   * @param dueMs - milliseconds from `startedAt`, ascending
   * @param patienceMs - after which every request without a response has failed
   */
  async run(dueMs: Float64Array, startedAt: number, patienceMs: number): Promise<Turn> {
    const latenciesMs: number[] = [];
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      const finish = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#running = { dueMs, startedAt, latenciesMs, sent: 0, failures: 0, finish };
    });
    this.#running = undefined;
    return { latenciesMs, failures: dueMs.length - latenciesMs.length };
  }

  #serve(socket: Socket): void {
    const { path, bodyBytes } = this.#order;
    const request = `GET ${path} HTTP/1.1\r\nHost: bench.example\r\n\r\n`;
    const reader = new AnswerReader(bodyBytes);
    let due: number | undefined;
    const send = () => {
      const turn = this.#running as Running;
      due = turn.startedAt + (turn.dueMs[turn.sent++] as number);
      socket.write(request, 'latin1');
    };
    const settle = (latencyMs: number | undefined) => {
      const turn = this.#running;
      due = undefined;
      if (turn === undefined) return;
      if (latencyMs === undefined) turn.failures++;
      else turn.latenciesMs.push(latencyMs);
      if (turn.latenciesMs.length + turn.failures === turn.dueMs.length) turn.finish();
    };
    socket.on('data', (chunk: Buffer) => {
      const state = due === undefined ? 'wrong' : reader.read(chunk);
      if (state === 'wrong') socket.destroy();
      if (state !== 'complete') return;
      // Measured from the due time, not from the time of sending. Otherwise slow responses would hide
      // queueing (coordinated omission).
      settle(now() - (due as number));
      this.#idle.push(send);
      this.sendDue();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      const place = this.#idle.indexOf(send);
      if (place >= 0) this.#idle.splice(place, 1);
      if (due !== undefined) settle(undefined);
    });
    this.#idle.push(send);
  }
}
