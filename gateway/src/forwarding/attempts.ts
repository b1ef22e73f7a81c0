import { type Backend, type Lease, NoBackendError, type Outcome, type Request, type Session } from 'evenkeel';
import type { AttemptResult } from 'evenkeel/internal';
import type { UpstreamPool } from '../upstream/pool.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** Whoever sends a request to the backends that are found for it. */
export interface Sender {
  send(lease: Lease, upstream: Upstream): void;
  /** Nobody was found. */
  failed(error: unknown): void;
}

/** Finds backends for one request, one after the other, and holds the lease on the present one. */
export class Attempts {
  /** Backends that were tried, the present one included. */
  made = 0;
  /** The present one, or the last one. */
  upstream: Upstream | undefined;
  /** Its id. */
  backend: string | undefined;
  readonly #pool: UpstreamPool;
  readonly #request: Request;
  readonly #session: Session | undefined;
  readonly #sender: Sender;
  readonly #startedAt = performance.now();
  #lease: Lease | undefined;
  #tried: Backend[] | undefined;
  #isRetry = false;
  #isOver = false;
  /** Ends the wait for a place, or for the next attempt. */
  #stopWaiting: (() => void) | undefined;

  constructor(pool: UpstreamPool, request: Request, session: Session | undefined, sender: Sender) {
    this.#pool = pool;
    this.#request = request;
    this.#session = session;
    this.#sender = sender;
    pool.failover?.budget.requestBegan();
  }

  /** Finds the first one, at once where somebody has room. */
  first(): void {
    const { balancer, queue } = this.#pool;
    // Those who wait come first.
    const isQueued = queue !== undefined && queue.depth > 0;
    const lease = isQueued ? undefined : balancer.acquire(this.#request, undefined, this.#session);
    if (lease !== undefined) this.#send(lease);
    else if (queue === undefined) this.#sender.failed(new NoBackendError());
    else this.#wait(queue);
  }

  /**
   * Goes on to the next backend, where rules, budget and time allow it and there is one; the lease on the present one is given back then.
   * @returns whether it does; else what came of the present attempt stands
   */
  retry(result: AttemptResult): boolean {
    const { failover, balancer, config } = this.#pool;
    const lease = this.#lease;
    if (failover === undefined || lease === undefined || this.#isOver) return false;
    if (performance.now() - this.#startedAt >= config.timeouts.totalMs) return false;
    this.#endRetry();
    const delayMs = failover.delayAfter(this.#request, result, this.made);
    if (delayMs === undefined) return false;
    this.#isRetry = true;
    this.#tried = [...(this.#tried ?? []), lease.backend];
    const next = balancer.acquire(this.#request, this.#tried, this.#session);
    if (next === undefined) {
      this.#endRetry();
      return false;
    }
    this.#release('failure');
    this.#take(next);
    const timer = setTimeout(() => this.#sendTo(next), delayMs);
    this.#stopWaiting = () => clearTimeout(timer);
    return true;
  }

  /**
   * Milliseconds for the head of the present one's answer: what is left of all, and no more than one may have.
   * @returns `undefined` for the first one, for which the pool's own limit holds
   */
  get headersTimeoutMs(): number | undefined {
    const { totalMs, headersMs } = this.#pool.config.timeouts;
    if (this.made <= 1) return undefined;
    return Math.max(1, Math.min(headersMs, totalMs - (performance.now() - this.#startedAt)));
  }

  /** Gives back what is held. @param outcome - of the present attempt */
  end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopWaiting?.();
    this.#release(outcome);
    this.#endRetry();
    this.#pool.failover?.budget.requestEnded();
  }

  #wait(queue: NonNullable<UpstreamPool['queue']>): void {
    const left = new AbortController();
    this.#stopWaiting = () => left.abort();
    queue.acquire(this.#request, undefined, this.#session, left.signal).then(
      (lease) => {
        if (this.#isOver) lease?.release('cancelled');
        else if (lease === undefined) this.#sender.failed(new NoBackendError());
        else this.#send(lease);
      },
      (error) => {
        if (!this.#isOver) this.#sender.failed(error);
      },
    );
  }

  #send(lease: Lease): void {
    this.#take(lease);
    this.#sendTo(lease);
  }

  #take(lease: Lease): void {
    this.#lease = lease;
    this.made++;
    this.backend = lease.backend.id;
    this.upstream = this.#pool.upstreamOf(lease.backend);
    this.upstream.begin();
  }

  #sendTo(lease: Lease): void {
    this.#stopWaiting = undefined;
    this.#sender.send(lease, this.upstream as Upstream);
  }

  #release(outcome: Outcome): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.#lease = undefined;
    this.upstream?.end(outcome);
    lease.release(outcome);
  }

  #endRetry(): void {
    if (this.#isRetry) this.#pool.failover?.budget.retryEnded();
    this.#isRetry = false;
  }
}
