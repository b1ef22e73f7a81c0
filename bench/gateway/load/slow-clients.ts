// A program that runs many clients that read slowly.

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../ports.ts';
import { AnswerReader, type AnswerState } from './answers.ts';
import type { SlowClientsOrder, SlowClientsResult } from './slow-clients-order.ts';

/** Bytes read from a socket at a time. */
const READ_BYTES = 65_536;
/** Tolerance of time limits. */
const PATIENCE_MS = 20_000;
/** Connections opened at a time; fewer than fit into a listener's queue. */
const BATCH = 100;

const order: SlowClientsOrder = JSON.parse(process.argv[2] as string);
console.log(JSON.stringify(await main()));
process.exit();

async function main(): Promise<SlowClientsResult> {
  const clients: Promise<boolean>[] = [];
  while (clients.length < order.clients) {
    const batch = Math.min(BATCH, order.clients - clients.length);
    clients.push(...Array.from({ length: batch }, () => client(connect(order.port, HOST))));
    await sleep(20);
  }
  const results = await Promise.all(clients);
  return { failures: results.filter((isRight) => !isRight).length };
}

/** Runs one client. @returns whether it got the right response */
async function client(socket: Socket): Promise<boolean> {
  const reader = new AnswerReader(order.bodyBytes);
  let isOpen = true;
  socket.on('error', () => {});
  socket.on('close', () => (isOpen = false));
  // Without a listener for `data`, this client decides when to read.
  socket.on('readable', () => {});
  socket.write(`GET ${order.path} HTTP/1.1\r\nHost: bench.example\r\n\r\n`);
  const take = (): AnswerState => {
    const chunk: Buffer | null = socket.read(Math.min(READ_BYTES, socket.readableLength));
    return chunk === null ? 'partial' : reader.read(chunk);
  };
  await sleep(order.stallMs);
  const leaves = order.takeMs === 0;
  const pauseMs = leaves ? 100 : (order.takeMs * READ_BYTES) / order.bodyBytes;
  const deadline = Date.now() + order.takeMs + PATIENCE_MS;
  let state = take();
  const isWaiting = () => state === 'partial' && !(leaves && reader.missing > 0);
  while (isWaiting() && Date.now() < deadline && (isOpen || socket.readableLength > 0)) {
    await sleep(pauseMs);
    state = take();
  }
  socket.destroy();
  return leaves ? reader.missing > 0 : state === 'complete';
}
