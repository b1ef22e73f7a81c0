// A backend of the simulation: works on so many requests at once, makes the others wait, and fails as it is
// told.
import type { Job, Result, Workplace } from './job.ts';
import { KeyCache } from './key-cache.ts';
import type { Random } from './random.ts';
import type { VirtualEnv } from './virtual-env.ts';

/**
 * How a backend treats a request: a status is answered at once, `'refused'` fails after 1 ms, `'silent'` is
 * accepted and never answered.
 */
export type Conduct = 'well' | 'refused' | 'silent' | number;

/** Settings of a {@link SimulatedServer}. */
export interface ServerOptions {
  /** How fast it works. @defaultValue 1 */
  readonly speed?: number;
  /** How many requests it works on at once. @defaultValue 1 */
  readonly concurrency?: number;
  /** How many keys its cache holds, and by which factor a hit is faster. @defaultValue no cache */
  readonly cache?: { readonly size: number; readonly factor: number } | undefined;
}

/** Some responses fail. */
interface Errors {
  readonly ratio: number;
  readonly status: number;
  readonly random: Random;
}

const AT_ONCE_MS = 1;

export class SimulatedServer implements Workplace {
  readonly url: string;
  speed: number;
  conduct: Conduct = 'well';
  /** A share of the responses that are errors. */
  errors: Errors | undefined = undefined;
  /** Requests received, and those of them whose key was in the cache. */
  received = 0;
  hits = 0;
  /** Milliseconds of work, the sum over all that it works on at once. */
  workedMs = 0;
  /** The most requests that it had at once. */
  mostAtOnce = 0;
  readonly #env: VirtualEnv;
  readonly #concurrency: number;
  readonly #cache: KeyCache<string | number> | undefined;
  readonly #factor: number;
  readonly #waiting: Job[] = [];
  /** Where the next one that waits stands: `shift` would be O(n). */
  #next = 0;
  readonly #busy: Job[] = [];
  /** Accepted and never to be answered. */
  #silent: Job[] = [];
  #whenIdle: (() => void) | undefined;

  constructor(env: VirtualEnv, url: string, options: ServerOptions = {}) {
    const { speed = 1, concurrency = 1, cache } = options;
    this.url = url;
    this.speed = speed;
    this.#env = env;
    this.#concurrency = concurrency;
    this.#cache = cache && new KeyCache(cache.size);
    this.#factor = cache?.factor ?? 1;
  }

  /** Requests that it works on, or that wait. */
  get atOnce(): number {
    return this.#busy.length + this.#waiting.length - this.#next;
  }

  /** Takes a request. @param conduct - how it treats this one */
  receive(job: Job, conduct: Conduct = this.conduct): void {
    job.workplace = this;
    if (conduct === 'refused') {
      job.result = 'refused';
      this.#env.plan(AT_ONCE_MS, job);
    } else if (conduct === 'silent') this.#silent.push(job);
    else {
      this.received++;
      const { errors } = this;
      if (typeof conduct === 'number') this.#fail(job, conduct);
      else if (errors !== undefined && errors.random() < errors.ratio) this.#fail(job, errors.status);
      else if (this.#busy.length < this.#concurrency) this.#begin(job);
      else this.#waiting.push(job);
      const { atOnce } = this;
      if (atOnce > this.mostAtOnce) this.mostAtOnce = atOnce;
    }
  }

  /** Loses all that it has, as a process that is killed: connections are reset. */
  reset(): void {
    const lost = [...this.#busy, ...this.#waiting.slice(this.#next), ...this.#silent];
    for (const { startedAt } of this.#busy) this.workedMs += this.#env.now - startedAt;
    this.#busy.length = 0;
    this.#waiting.length = 0;
    this.#next = 0;
    this.#silent = [];
    for (const job of lost) job.isOver = true;
    for (const job of lost) job.ended('reset');
    this.#tellIdle();
  }

  /** Stops working without closing its connections: nothing that it has is ever answered. */
  freeze(): void {
    this.conduct = 'silent';
    for (const job of this.#busy) {
      this.workedMs += this.#env.now - job.startedAt;
      job.isOver = true;
    }
    this.#silent.push(...this.#busy, ...this.#waiting.slice(this.#next));
    this.#busy.length = 0;
    this.#waiting.length = 0;
    this.#next = 0;
  }

  /** Empties the cache, as a process that starts anew. */
  forget(): void {
    this.#cache?.clear();
  }

  /** Calls back when it has nothing to do; at once if that is so already. A later call replaces it. */
  whenIdle(callback: () => void): void {
    this.#whenIdle = callback;
    this.#tellIdle();
  }

  /** Called when it is done with a job. */
  done(job: Job): void {
    const { place } = job;
    // A failure never was among those that it works on.
    if (place < 0) {
      job.ended(job.result);
      return;
    }
    const last = this.#busy.pop() as Job;
    if (last !== job) {
      this.#busy[place] = last;
      last.place = place;
    }
    job.place = -1;
    this.workedMs += this.#env.now - job.startedAt;
    // First, as whoever learns that the job has ended may send another request here, which has to wait.
    this.#beginNext();
    job.ended(job.result);
  }

  #fail(job: Job, status: Result): void {
    job.result = status;
    this.#env.plan(AT_ONCE_MS, job);
  }

  #begin(job: Job): void {
    job.place = this.#busy.length;
    this.#busy.push(job);
    job.startedAt = this.#env.now;
    let ms = job.sizeMs / this.speed;
    if (this.#cache !== undefined) {
      job.hasLooked = true;
      job.isHit = this.#cache.use(job.key);
      if (job.isHit) {
        this.hits++;
        ms /= this.#factor;
      }
    }
    this.#env.plan(ms, job);
  }

  #beginNext(): void {
    const next = this.#waiting[this.#next];
    if (next === undefined) {
      this.#tellIdle();
      return;
    }
    this.#next++;
    if (this.#next > 1_024 && this.#next * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
    this.#begin(next);
  }

  #tellIdle(): void {
    const callback = this.#whenIdle;
    if (callback === undefined || this.atOnce > 0) return;
    this.#whenIdle = undefined;
    callback();
  }
}
