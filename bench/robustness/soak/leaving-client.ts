// A client of the soak test that leaves at a random byte of what it sends or receives.

import { setTimeout as sleep } from 'node:timers/promises';
import { breakOff } from '../../../gateway/src/http1/break-off.ts';
import { handshake } from '../../../gateway/test/conformance/cases/websocket-handshake.ts';
import { oneOf, type Random } from '../../../src/simulator/random.ts';
import { HOST } from '../../gateway/ports.ts';
import { rawConnection } from '../raw-connection.ts';
import { contentOf } from './content.ts';
import { pathOf } from './faulty-backend.ts';
import type { SoakClient } from './http1-client.ts';
import type { Entry, Ledger } from './ledger.ts';

/** How a connection is left: with a FIN in both directions, a reset, or a FIN while it still reads. */
const WAYS = ['close', 'reset', 'half-close'] as const;
/** What is said before the body of a POST. */
const FRAMINGS = ['length', 'chunked', 'expect'] as const;
const CHUNK_BYTES = 4_096;
/** How many bytes the head of a response has at least. */
const RESPONSE_HEAD_BYTES = 100;
/** How long it waits for a response, which may be a short refusal. */
const PATIENCE_MS = 2_000;
/** How long it stays after a half-close. */
const LISTENS_MS = 50;

/**
 * A client that opens a connection for each request, and leaves somewhere between the first byte that it
 * sends and the last one that it should receive.
 */
export function leavingClient(port: number, ledger: Ledger, random: Random): SoakClient {
  const send = async (entry: Entry) => {
    const { head, body } = requestOf(entry, random);
    const request = Buffer.concat([head, body]);
    // Half of them leave while they send.
    const most = random() < 0.5 ? request.length : request.length + RESPONSE_HEAD_BYTES + entry.answerBytes;
    const place = Math.floor(random() * (most + 1));
    const way = oneOf(random, WAYS);
    const cut = Math.floor(random() * request.length);
    const socket = rawConnection(port);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const sent = request.subarray(0, place);
    // Of an upload that was not sent to its end, nothing may look whole to a backend.
    entry.left = entry.kind === 'POST' && sent.length < request.length;
    // In two pieces: the parser has to stop in the middle.
    socket.write(sent.subarray(0, cut));
    socket.write(sent.subarray(cut));
    if (place > request.length) await received(socket, place - request.length);
    else await sleep(random() * 3);
    if (way === 'reset') breakOff(socket);
    else if (way === 'close') socket.destroy();
    else {
      socket.resume().end();
      await Promise.race([closed, sleep(LISTENS_MS)]);
      socket.destroy();
    }
    ledger.leave(entry);
  };
  return { send, close: () => {} };
}

/** Waits until so many bytes have come, or the gateway has closed the connection. */
function received(socket: ReturnType<typeof rawConnection>, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    let count = 0;
    const over = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('data', (chunk: Buffer) => {
      count += chunk.length;
      if (count >= bytes) over();
    });
    socket.on('end', over).on('close', over);
  });
}

function requestOf(entry: Entry, random: Random): { head: Buffer; body: Buffer } {
  const { id, kind, sentBytes } = entry;
  const lines = [`Host: ${HOST}`, `X-Id: ${id}`];
  if (kind === 'TUNNEL') {
    const head = handshake(`X-Id: ${id}`).replace('/socket', pathOf(entry));
    return { head: Buffer.from(head, 'latin1'), body: contentOf(id, sentBytes) };
  }
  let body = contentOf(id, sentBytes);
  if (kind === 'POST') {
    const framing = oneOf(random, FRAMINGS);
    if (framing === 'chunked') {
      lines.push('Transfer-Encoding: chunked');
      body = chunked(body);
    } else lines.push(`Content-Length: ${sentBytes}`);
    // It does not wait for the answer, as a client need not.
    if (framing === 'expect') lines.push('Expect: 100-continue');
  }
  const head = [`${kind} ${pathOf(entry)} HTTP/1.1`, ...lines].join('\r\n');
  return { head: Buffer.from(`${head}\r\n\r\n`, 'latin1'), body };
}

function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += CHUNK_BYTES) {
    const chunk = body.subarray(at, at + CHUNK_BYTES);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\nX-Sum: 1\r\n\r\n')]);
}
