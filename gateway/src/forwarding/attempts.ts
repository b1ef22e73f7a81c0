// The attempts of the gateway. With each lease they also hold the backend's connections and update its
// counters.
import type { Lease, Outcome, Request } from 'evenkeel';
import { Attempts, type Sender } from 'evenkeel/internal';
import type { UpstreamPool } from '../upstream/pool.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** The attempts of one request. */
export class UpstreamAttempts extends Attempts<Request> {
  /** The upstream of the current attempt, else of the last one. */
  upstream: Upstream | undefined;
  readonly #pool: UpstreamPool;

  constructor(pool: UpstreamPool, sender: Sender<Request>) {
    super(pool, sender);
    this.#pool = pool;
  }

  /** Time limit for the response head in milliseconds; `undefined` if the pool's limit applies. */
  get headersTimeoutMs(): number | undefined {
    const { remainingMs } = this;
    if (remainingMs === undefined) return undefined;
    return Math.max(1, Math.min(this.#pool.config.timeouts.headersMs, remainingMs));
  }

  protected override taken({ backend }: Lease): void {
    this.upstream = this.#pool.upstreamOf(backend);
    this.upstream.begin();
  }

  protected override released(outcome: Outcome): void {
    this.upstream?.end(outcome);
  }
}
