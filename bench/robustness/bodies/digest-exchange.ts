// Large bodies through a gateway, in both directions, compared by their SHA-256.

import { createHash, randomFillSync } from 'node:crypto';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WIRES, type Wire } from './wires.ts';

const PIECE_BYTES = 65_536;
/** A slow reader reads so many bytes, and then nothing for a while. */
const SIP_BYTES = 1_048_576;
const SIP_PAUSE_MS = 20;
/** Time limit of one transfer. */
const PATIENCE_MS = 90_000;

/** The directions of a body: to the client, and to the backend. */
export const DIRECTIONS = ['download', 'upload'] as const;

/** One transfer of the body. */
export interface Transfer {
  readonly wire: Wire;
  readonly direction: (typeof DIRECTIONS)[number];
  /** Whether its length is told before it; otherwise only its end says where it ends. */
  readonly hasLength: boolean;
  /** Whether the side that receives the body reads slowly. */
  readonly isSlow?: boolean;
  /** The side that receives the body reads none of it before this. */
  readonly held?: Promise<void>;
}

/** A body, the backend that sends and receives it, and the clients that do. */
export class DigestExchange {
  readonly #body: Buffer;
  readonly #digest: string;
  readonly #held = new Map<string, Promise<void>>();
  /** Of each download: how many bytes the gateway has taken. */
  readonly #taken = new Set<() => number>();
  #transfers = 0;

  constructor(bytes: number) {
    this.#body = randomFillSync(Buffer.alloc(bytes));
    this.#digest = createHash('sha256').update(this.#body).digest('hex');
  }

  /** The bytes that the gateway has taken from the backend, of each download under way. */
  get taken(): readonly number[] {
    return [...this.#taken].map((taken) => taken());
  }

  /** The backend: sends the body, or responds to an upload with its digest. */
  readonly serve: RequestListener = (request, response) => {
    request.on('error', () => {});
    if (request.method === 'GET') this.#send(response, request.headers['x-length'] === 'yes');
    else this.#receive(request, response).catch(() => response.destroy());
  };

  /** Compiled code and buffers, which any body causes, are no growth in what is measured afterwards. */
  async warmUp(ports: readonly number[]): Promise<void> {
    for (const wire of WIRES)
      for (const direction of DIRECTIONS) await this.transfer(ports, { wire, direction, hasLength: true });
  }

  /** @returns `undefined` for the right bytes, or what is wrong */
  async transfer(ports: readonly number[], transfer: Transfer): Promise<string | undefined> {
    const timeout = new AbortController();
    const late = sleep(PATIENCE_MS, 'no end in time', { signal: timeout.signal }).catch(() => undefined);
    try {
      return await Promise.race([this.#transfer(ports, transfer), late]);
    } catch (error) {
      return (error as Error).message;
    } finally {
      timeout.abort();
    }
  }

  async #transfer(ports: readonly number[], transfer: Transfer): Promise<string | undefined> {
    const { wire, direction, hasLength, isSlow = false, held } = transfer;
    const path = `/${++this.#transfers}`;
    const headers = { 'X-Length': hasLength ? 'yes' : 'no', 'X-Slow': isSlow ? 'yes' : 'no' };
    let digest: string;
    if (direction === 'download') {
      const body = await wire.send(ports, { path, headers });
      await held;
      digest = await digestOf(body, isSlow);
    } else {
      if (held !== undefined) this.#held.set(path, held);
      const length = hasLength ? { 'Content-Length': this.#body.length } : {};
      const body = pieces(this.#body);
      digest = await text(await wire.send(ports, { path, headers: { ...headers, ...length }, body }));
    }
    return digest === this.#digest ? undefined : 'other bytes';
  }

  #send(response: ServerResponse, hasLength: boolean): void {
    const socket = response.socket as Socket;
    const before = socket.bytesWritten;
    const taken = () => socket.bytesWritten - socket.writableLength - before;
    this.#taken.add(taken);
    response.once('close', () => this.#taken.delete(taken));
    response.writeHead(200, hasLength ? { 'Content-Length': this.#body.length } : {});
    pipeline(pieces(this.#body), response).catch(() => {});
  }

  async #receive(request: Parameters<RequestListener>[0], response: ServerResponse): Promise<void> {
    await this.#held.get(request.url ?? '');
    response.end(await digestOf(request, request.headers['x-slow'] === 'yes'));
  }
}

function pieces(body: Buffer): Readable {
  const count = Math.ceil(body.length / PIECE_BYTES);
  const piece = (_: unknown, nth: number) => body.subarray(nth * PIECE_BYTES, (nth + 1) * PIECE_BYTES);
  return Readable.from(Array.from({ length: count }, piece), { objectMode: false });
}

async function digestOf(body: Readable, isSlow: boolean): Promise<string> {
  const hash = createHash('sha256');
  let sip = 0;
  for await (const piece of body) {
    hash.update(piece as Buffer);
    sip += (piece as Buffer).length;
    if (!isSlow || sip < SIP_BYTES) continue;
    sip = 0;
    await sleep(SIP_PAUSE_MS);
  }
  return hash.digest('hex');
}
