// Brings the pool and the large tables of its strategies up to date in slices.

import type { Env } from '../env.ts';
import { inSlices, type Steps } from '../steps.ts';
import type { Pool } from './pool.ts';
import type { Router } from './router.ts';

/** Lists of backends are read one after another; the tables follow the pool in rounds. */
export class Tables {
  readonly #pool: Pool;
  readonly #router: Router;
  readonly #env: Env;
  #isReading = false;
  /** Lists whose turn to be read has not come. */
  readonly #unread: (() => void)[] = [];
  #isCatchingUp = false;
  /** The round after the one that runs. */
  #next: Promise<void> | undefined;
  #beginNext: (() => void) | undefined;

  constructor(pool: Pool, router: Router, env: Env) {
    this.#pool = pool;
    this.#router = router;
    this.#env = env;
  }

  /**
   * Reads a list when those before have been read, then lets the tables catch up.
   * @param reading - reads it and gives it to the pool
   */
  async replace(reading: Steps): Promise<void> {
    if (this.#isReading) await new Promise<void>((resolve) => this.#unread.push(resolve));
    this.#isReading = true;
    await inSlices(reading, this.#env, () => {
      const next = this.#unread.shift();
      if (next === undefined) this.#isReading = false;
      else next();
    });
    await this.catchUp();
  }

  /** Called when the pool was changed, and tables were left as they are. */
  isBehind(): void {
    // After a list they catch up anyway; what a strategy throws is told there.
    if (!this.#isReading) void this.catchUp().catch(() => {});
  }

  /**
   * Lets the tables catch up with the pool.
   * @returns a promise that resolves when they have what the pool has now
   */
  catchUp(): Promise<void> {
    if (!this.#isCatchingUp) return this.#round();
    this.#next ??= new Promise<void>((resolve) => (this.#beginNext = resolve)).then(() => this.#round());
    return this.#next;
  }

  #round(): Promise<void> {
    this.#isCatchingUp = true;
    return inSlices(this.#steps(), this.#env, () => {
      const begin = this.#beginNext;
      this.#beginNext = undefined;
      this.#next = undefined;
      if (begin === undefined) this.#isCatchingUp = false;
      else begin();
    });
  }

  *#steps(): Steps {
    yield* this.#router.catchUp();
    yield* this.#pool.forgetLeft();
  }
}
