import { Agent, get } from 'node:http';

/** What became of requests. */
export interface LoadResult {
  answered: number;
  /** Connections that were refused, and those that were closed while they were idle: nobody has lost anything. */
  turnedAway: number;
  /** All others. */
  readonly failures: string[];
}

/** Clients that send one request after the other, each over a connection that it keeps, unless it is told otherwise. */
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
      const request = get(url, { agent, timeout: 20_000 }, (response) => {
        response.resume();
        response.on('error', (error) => fail(error));
        response.on('end', () => {
          if (response.statusCode === 200) this.result.answered++;
          else this.result.failures.push(`status ${response.statusCode}`);
          resolve();
        });
      });
      const fail = (error: NodeJS.ErrnoException) => {
        const isIdle = request.reusedSocket && error.code === 'ECONNRESET';
        if (error.code === 'ECONNREFUSED' || isIdle) this.result.turnedAway++;
        else this.result.failures.push(error.message);
        setTimeout(resolve, 5);
      };
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', fail);
    });
  }
}
