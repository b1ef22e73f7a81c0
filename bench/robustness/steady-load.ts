// A steady load of well-behaved clients.

import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../gateway/ports.ts';

/** The results of the load. */
export interface LoadResult {
  readonly answered: number;
  /** Reasons of failed requests, the first few. */
  readonly failures: readonly string[];
  readonly failed: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

/** The settings of the load. */
export interface LoadOptions {
  readonly path?: string;
  /** Number of clients, each with one request at a time. @defaultValue 4 */
  readonly clients?: number;
  /** Milliseconds between a response and the next request. @defaultValue 10 */
  readonly pauseMs?: number;
  /** Request body, sent with POST. @defaultValue none, with GET */
  readonly body?: Buffer;
  /** Statuses that count as good, in addition to 200. */
  readonly statuses?: readonly number[];
  /** Time limit for a response, in milliseconds. @defaultValue 10,000 */
  readonly patienceMs?: number;
}

/** Well-behaved clients at a modest rate, over persistent connections. */
export class SteadyLoad {
  readonly #port: number;
  readonly #options: LoadOptions;
  readonly #clients: Promise<void>[];
  readonly #latenciesMs: number[] = [];
  readonly #failures: string[] = [];
  #failed = 0;
  #isOver = false;

  constructor(port: number, options: LoadOptions = {}) {
    this.#port = port;
    this.#options = options;
    this.#clients = Array.from({ length: options.clients ?? 4 }, () => this.#run());
  }

  /** Stops the load after the last responses. */
  async stop(): Promise<LoadResult> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    const sorted = [...this.#latenciesMs].sort((a, b) => a - b);
    return {
      answered: sorted.length,
      failures: this.#failures,
      failed: this.#failed,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      longestMs: sorted.at(-1) ?? 0,
    };
  }

  async #run(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#isOver) {
      const startedAt = performance.now();
      const failure = await this.#send(agent);
      if (failure === undefined) this.#latenciesMs.push(performance.now() - startedAt);
      else {
        this.#failed++;
        if (this.#failures.length < 5) this.#failures.push(failure);
      }
      await sleep(this.#options.pauseMs ?? 10);
    }
    agent.destroy();
  }

  /** @returns the reason of a failure */
  #send(agent: Agent): Promise<string | undefined> {
    const { path = '/1k', body, statuses = [], patienceMs = 10_000 } = this.#options;
    return new Promise((resolve) => {
      const method = body === undefined ? 'GET' : 'POST';
      const outgoing = request({ agent, host: HOST, port: this.#port, path, method }, (response) => {
        const { statusCode = 0 } = response;
        response.on('error', ({ message }) => settle(message));
        response.on('end', () => {
          const isGood = statusCode === 200 || statuses.includes(statusCode);
          settle(isGood ? undefined : `status ${statusCode}`);
        });
        response.resume();
      });
      const settle = (failure: string | undefined) => {
        clearTimeout(timer);
        resolve(failure);
      };
      const timer = setTimeout(() => outgoing.destroy(new Error('no response in time')), patienceMs);
      outgoing.on('error', ({ message }) => settle(message));
      outgoing.end(body);
    });
  }
}

/** Runs the load for a time. */
export async function loadFor(ms: number, port: number, options?: LoadOptions): Promise<LoadResult> {
  const load = new SteadyLoad(port, options);
  await sleep(ms);
  return load.stop();
}

/** A summary of a few words, for the table. */
export function loadText({ answered, failed, failures }: LoadResult): string {
  const all = answered + failed;
  return failed === 0 ? `${answered} of ${all}` : `${answered} of ${all}; ${failures[0]}`;
}
