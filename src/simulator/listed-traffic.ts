// The traffic of a scenario that lists its requests.
import { type Random, seededStream } from './random.ts';
import type { ScenarioRequest } from './scenario.ts';
import type { Setup } from './setup.ts';
import { CHUNK, type TrafficChunk, type TrafficSource } from './traffic.ts';

const WORK_MS = 10;

export class ListedTraffic implements TrafficSource {
  readonly keys: number;
  readonly #requests: readonly ScenarioRequest[];
  readonly #keys: Int32Array;
  readonly #clients: Int32Array;
  readonly #balancers: number;
  readonly #balancer: Random;
  #next = 0;

  constructor({ seed, balancers }: Setup, requests: readonly ScenarioRequest[]) {
    const [keys, keyCount] = numbered(requests, ({ key }) => key);
    this.keys = keyCount;
    this.#keys = keys;
    [this.#clients] = numbered(requests, ({ client = '' }) => client);
    this.#requests = requests;
    this.#balancers = balancers.length;
    this.#balancer = seededStream(seed, 'balancers');
  }

  next(chunk: TrafficChunk): boolean {
    const count = Math.min(CHUNK, this.#requests.length - this.#next);
    for (let i = 0; i < count; i++) {
      const { atMs, key, workMs = WORK_MS, write = false } = this.#requests[this.#next] as ScenarioRequest;
      chunk.atMs[i] = atMs;
      chunk.names[i] = key;
      chunk.keys[i] = this.#keys[this.#next] as number;
      chunk.clients[i] = this.#clients[this.#next] as number;
      chunk.sizesMs[i] = workMs;
      chunk.writes[i] = write ? 1 : 0;
      chunk.balancers[i] = this.#balancers === 1 ? 0 : Math.floor(this.#balancer() * this.#balancers);
      this.#next++;
    }
    chunk.count = count;
    return count > 0;
  }
}

/** Texts as numbers from 0 on, and how many differ. */
function numbered(
  requests: readonly ScenarioRequest[],
  of: (request: ScenarioRequest) => string,
): [numbers: Int32Array, count: number] {
  const numbers = new Map<string, number>();
  const list = Int32Array.from(requests, (request) => {
    const text = of(request);
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return known;
  });
  return [list, numbers.size];
}
