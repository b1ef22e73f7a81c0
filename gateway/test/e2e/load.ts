import { Agent, get } from 'node:http';

/** What became of requests. */
export interface LoadResult {
  answered: number;
  /**
   * Connections that were refused, or closed before the first byte of an answer: no backend may know of
   * these.
   */
  turnedAway: number;
  /** Answers that were wrong, or broke off, or never came. */
  readonly failures: string[];
}

/**
 * Clients that send one request after the other, each over a connection that it keeps, unless it is told
 * otherwise.
 */
export class Load {
  readonly result: LoadResult = { answered: 0, turnedAway: 0, failures: [] };
  readonly #clients: Promise<void>[];
  #isOver = false;

  constructor(url: string, clients: number, { keepAlive = true }: { keepAlive?: boolean } = {}) {
    this.#clients = Array.from({ length: clients }, () => this.#run(url, keepAlive));
  }

  /** Ends it. @returns what became of all requests */
  async stop(): Promise<LoadResult> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    return this.result;
  }

  async #run(url: string, keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (!this.#isOver) await this.#send(url, agent);
    agent.destroy();
  }

  #send(url: string, agent: Agent): Promise<void> {
    return new Promise((resolve) => {
      const fail = (message: string) => {
        this.result.failures.push(message);
        resolve();
      };
      const request = get(url, { agent, timeout: 20_000 }, (response) => {
        response.resume();
        response.on('error', ({ message }) => fail(message));
        response.on('end', () => {
          if (response.statusCode !== 200) return fail(`status ${response.statusCode}`);
          this.result.answered++;
          resolve();
        });
      });
      request.on('error', ({ code, message }: NodeJS.ErrnoException) => {
        if (code !== 'ECONNREFUSED' && code !== 'ECONNRESET') return fail(message);
        this.result.turnedAway++;
        setTimeout(resolve, 5);
      });
      request.on('timeout', () => request.destroy(new Error('no answer')));
    });
  }
}
