// The lines that `evenkeel demo` prints.
import type { GatewayBackendStats, GatewayEvent, GatewayStats } from '../../contracts.ts';

/** Describes what happened since the last call. */
export class DemoLines {
  #requests = 0;
  readonly #ofBackends = new Map<string, number>();
  #told: GatewayEvent | undefined;

  /**
   * @param second - since the start
   * @param failed - requests without a response
   * @returns one line for each event, and one for the traffic
   */
  next(second: number, { requests, latency, pools, events }: GatewayStats, failed: number): string[] {
    const backends = pools.flatMap((pool) => pool.backends);
    const news = events.slice(events.findIndex(({ at, message }) => this.#isTold(at, message)) + 1);
    this.#told = events.at(-1) ?? this.#told;
    const more = requests.total - this.#requests;
    this.#requests = requests.total;
    const traffic = [
      `${second} s`.padStart(7),
      `${more} requests/s`.padStart(14),
      `p50 ${milliseconds(latency.p50Ms)}  p99 ${milliseconds(latency.p99Ms)}`,
      `${failed} failed`,
      ...backends.map((backend) => this.#shareText(backend)),
    ];
    return [...news.map(({ message }) => `${' '.repeat(9)}${message}`), traffic.join('  ').trimEnd()];
  }

  #isTold(at: number, message: string): boolean {
    return at === this.#told?.at && message === this.#told.message;
  }

  #shareText({ id, state, requests }: GatewayBackendStats): string {
    const more = requests - (this.#ofBackends.get(id) ?? 0);
    this.#ofBackends.set(id, requests);
    return `${id} ${state === 'up' ? `${more}/s` : state === 'barred' ? 'ejected' : state}`.padEnd(13);
  }
}

function milliseconds(ms: number | undefined): string {
  return `${ms === undefined ? '-' : ms.toFixed(0)} ms`.padStart(6);
}
