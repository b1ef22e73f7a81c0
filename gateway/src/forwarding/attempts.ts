// The attempts of the gateway: while the lease on a backend is held, so are its connections, and its counters
// count it.
import type { Lease, Outcome, Request } from 'evenkeel';
import { Attempts, type Sender } from 'evenkeel/internal';
import type { UpstreamPool } from '../upstream/pool.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** The attempts of one request on a pool of the gateway. */
export class UpstreamAttempts extends Attempts<Request> {
  /** Of the present attempt, else of the last one. */
  upstream: Upstream | undefined;
  readonly #pool: UpstreamPool;

  constructor(pool: UpstreamPool, sender: Sender<Request>) {
    super(pool, sender);
    this.#pool = pool;
  }

  /** Milliseconds for the head of the response; `undefined` if the pool's own limit holds. */
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
