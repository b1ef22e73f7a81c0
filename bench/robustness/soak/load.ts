// The load of the soak test.

import { setTimeout as sleep } from 'node:timers/promises';
import { exponential, oneOf, type Random } from '../../../src/simulator/random.ts';
import { http1Client, type SoakClient } from './http1-client.ts';
import { http2Client } from './http2-client.ts';
import { leavingClient } from './leaving-client.ts';
import type { Entry, Ledger } from './ledger.ts';
import { tunnelClient } from './tunnel-client.ts';

/** Number of concurrent requests. */
const HTTP1_CLIENTS = 16;
const HTTP2_CONNECTIONS = 2;
const STREAMS = 6;
const TUNNEL_CLIENTS = 4;
const LEAVING_CLIENTS = 8;
/** Longer than all timeouts together, and than the limit for a request that hangs. */
const PATIENCE_MS = 15_000;

/** Sizes around the limit of bodies that are kept for a retry (64 KiB), and far below. */
const BODY_BYTES = [16, 700, 700, 9_000, 9_000, 60_000, 200_000];
/** Share of tunnels among the requests of clients that leave. */
const LEFT_TUNNELS = 0.1;
/** Share of uploads whose client leaves in mid-body. */
const LEAVERS = 0.04;

/** Clients of all kinds, which run until they are stopped. */
export class SoakLoad {
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #meanPauseMs: number;
  readonly #clients: SoakClient[] = [];
  readonly #running: Promise<void>[] = [];
  #isOver = false;

  /** @param meanPauseMs - milliseconds from a response to the next request of the same client */
  constructor(port: number, ledger: Ledger, random: Random, meanPauseMs: number) {
    this.#ledger = ledger;
    this.#random = random;
    this.#meanPauseMs = meanPauseMs;
    const add = (client: SoakClient, times: number, open: () => Entry) => {
      this.#clients.push(client);
      for (let i = 0; i < times; i++) this.#running.push(this.#run(client, open));
    };
    for (let i = 0; i < HTTP1_CLIENTS; i++)
      add(http1Client(port, ledger, PATIENCE_MS), 1, () => this.#request());
    for (let i = 0; i < HTTP2_CONNECTIONS; i++)
      add(http2Client(port, ledger, PATIENCE_MS), STREAMS, () => this.#request());
    for (let i = 0; i < TUNNEL_CLIENTS; i++)
      add(tunnelClient(port, ledger, PATIENCE_MS), 1, () =>
        ledger.open('TUNNEL', oneOf(random, BODY_BYTES), 0),
      );
    for (let i = 0; i < LEAVING_CLIENTS; i++) add(leavingClient(port, ledger, random), 1, () => this.#left());
  }

  /** Stops the clients after their current requests. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
    for (const client of this.#clients) client.close();
  }

  async #run(client: SoakClient, open: () => Entry): Promise<void> {
    while (!this.#isOver) {
      await client.send(open());
      await sleep(exponential(this.#random, this.#meanPauseMs));
    }
  }

  #left(): Entry {
    const random = this.#random;
    const [sent, answer] = [oneOf(random, BODY_BYTES), oneOf(random, BODY_BYTES)];
    if (random() < LEFT_TUNNELS) return this.#ledger.open('TUNNEL', sent, 0);
    return random() < 0.4 ? this.#ledger.open('GET', 0, answer) : this.#ledger.open('POST', sent, answer);
  }

  #request(): Entry {
    const random = this.#random;
    const answerBytes = oneOf(random, BODY_BYTES);
    if (random() < 0.6) return this.#ledger.open('GET', 0, answerBytes);
    const entry = this.#ledger.open('POST', oneOf(random, BODY_BYTES), answerBytes);
    entry.left = random() < LEAVERS;
    return entry;
  }
}
