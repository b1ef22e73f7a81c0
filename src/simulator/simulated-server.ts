// A backend of the simulation: works on so many requests at once, makes the others wait, and fails as it is
// told.
import { KeyCache } from './key-cache.ts';
import type { VirtualEnv } from './virtual-env.ts';

/**
 * How a server treats a request: a status is answered at once, `'refused'` fails after 1 ms, `'silent'` never
 * answers.
 */
export type Conduct = 'well' | 'refused' | 'silent' | number;

/** What came of a request: the status of the response, or the reason why there is none. */
export type Result = number | 'refused' | 'reset';

/** One request at a server. */
export interface Work {
  readonly key: string;
  /** Milliseconds that it takes at speed 1; where the server has a cache, what a miss takes. */
  readonly sizeMs: number;
  readonly ended: (result: Result) => void;
}

/** Settings of a {@link SimulatedServer}. */
export interface ServerOptions {
  /** How fast it works. @defaultValue 1 */
  readonly speed?: number;
  /** How many requests it works on at once. @defaultValue 1 */
  readonly concurrency?: number;
  /** How many keys its cache holds, and by which factor a hit is faster. @defaultValue no cache */
  readonly cache?: { readonly size: number; readonly factor: number };
}

const REFUSED_AFTER_MS = 1;

export class SimulatedServer {
  readonly url: string;
  speed: number;
  conduct: Conduct = 'well';
  /** Requests received, and those of them whose key was in the cache. */
  received = 0;
  hits = 0;
  readonly #env: VirtualEnv;
  readonly #concurrency: number;
  readonly #cache: KeyCache | undefined;
  readonly #factor: number;
  readonly #waiting: Work[] = [];
  /** Where the next one that waits stands: `shift` would be O(n). */
  #next = 0;
  readonly #busy = new Set<Work>();

  constructor(env: VirtualEnv, url: string, options: ServerOptions = {}) {
    const { speed = 1, concurrency = 1, cache } = options;
    this.url = url;
    this.speed = speed;
    this.#env = env;
    this.#concurrency = concurrency;
    this.#cache = cache && new KeyCache(cache.size);
    this.#factor = cache?.factor ?? 1;
  }

  /** Takes a request. @param conduct - how it treats this one */
  receive(work: Work, conduct: Conduct = this.conduct): void {
    if (conduct === 'refused') this.#env.after(REFUSED_AFTER_MS, () => work.ended('refused'));
    else if (conduct === 'silent') return;
    else {
      this.received++;
      if (typeof conduct === 'number') this.#env.after(REFUSED_AFTER_MS, () => work.ended(conduct));
      else if (this.#busy.size < this.#concurrency) this.#begin(work);
      else this.#waiting.push(work);
    }
  }

  /** Loses all that it has, as a process that is killed: connections are reset. */
  reset(): void {
    const lost = [...this.#busy, ...this.#waiting.slice(this.#next)];
    this.#busy.clear();
    this.#waiting.length = 0;
    this.#next = 0;
    for (const work of lost) work.ended('reset');
  }

  #begin(work: Work): void {
    this.#busy.add(work);
    const isHit = this.#cache?.use(work.key) === true;
    if (isHit) this.hits++;
    const ms = (isHit ? work.sizeMs / this.#factor : work.sizeMs) / this.speed;
    this.#env.after(ms, () => {
      // A server that was killed meanwhile answers nothing.
      if (!this.#busy.delete(work)) return;
      work.ended(200);
      this.#beginNext();
    });
  }

  #beginNext(): void {
    const next = this.#waiting[this.#next];
    if (next === undefined) return;
    this.#next++;
    if (this.#next > 1_024 && this.#next * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
    this.#begin(next);
  }
}
