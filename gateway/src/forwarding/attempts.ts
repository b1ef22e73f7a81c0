// The attempts of the gateway. With each lease they also hold the backend's connections and update its
// counters.
import { type Lease, NoBackendError, type Outcome, type Request } from 'evenkeel';
import { type AttemptFailure, Attempts, type Sender, type Verdict } from 'evenkeel/internal';
import { refusalFor } from '../local-reply/failure.ts';
import type { Refusal } from '../local-reply/refusal.ts';
import type { Route } from '../routing/route-table.ts';
import type { BackendFailure } from '../upstream/backend-failure.ts';
import type { UpstreamPool } from '../upstream/pool.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** How long backends that are not well have to accept a connection, all that a request tries together. */
const DISTRUSTED_MS = 1_000;
/**
 * A trial has this part of the time for a response head: the request is sent again if it fails, and the
 * backend has to wait for its next trial.
 */
const TRIAL_SHARE = 0.1;
/** A limit for heads that is as long as this leaves room for long polls, which wait for 20 s and more. */
const LONG_POLL_MS = 20_000;

/** The attempts of one request. */
export class UpstreamAttempts extends Attempts<Request> {
  /** The upstream of the current attempt, else of the last one. */
  upstream: Upstream | undefined;
  readonly #pool: UpstreamPool;
  readonly #route: Route;
  /** The current attempt's, else the last one's. */
  #lease: Lease | undefined;
  #remembered = false;
  /** Responses of the current attempt's backend before it. */
  #responsesBefore = 0;
  /** Whether the current attempt failed although its backend works. */
  #isAtWork = false;
  /** When the first attempt began that was the last resort, in milliseconds of the clock. */
  #lastResortAt: number | undefined;

  constructor(route: Route, sender: Sender<Request>) {
    super(route.attempts, sender);
    this.#route = route;
    this.#pool = route.pool;
  }

  /** Whether the last attempt spilled over, and whether the first one found its key remembered. */
  get placement(): { readonly spilled: boolean; readonly remembered: boolean } {
    return { spilled: this.#lease?.spilled === true, remembered: this.#remembered };
  }

  /** Time limit for the response head in milliseconds; `undefined` if the pool's limit applies. */
  get headersTimeoutMs(): number | undefined {
    const { remainingMs } = this;
    const isTrial = this.#lease?.isTrial === true;
    const { headersMs, timeouts } = this.#route;
    if (remainingMs === undefined && !isTrial) return timeouts.headersMs;
    const ownMs = isTrial ? Math.min(headersMs, Math.max(DISTRUSTED_MS, TRIAL_SHARE * headersMs)) : headersMs;
    return Math.max(1, Math.min(ownMs, remainingMs ?? ownMs));
  }

  /** Time limit for a connection in milliseconds; `undefined` if the pool's limit applies. */
  get connectTimeoutMs(): number | undefined {
    if (this.#lease === undefined || this.#lease.trust === 'well') return undefined;
    return this.#lease.isTrial ? DISTRUSTED_MS : Math.max(1, DISTRUSTED_MS - this.#lastResortMs);
  }

  /**
   * The refusal for the failure of the last attempt. Where only backends were asked that are known not to be
   * well, none is available; unless one of them may have acted on a request that must not be repeated.
   */
  refusalFor(error: BackendFailure, method: string): Refusal {
    const isNone =
      this.wasDistrusted &&
      error.outcome === 'failure' &&
      (!error.requestSent || this.#route.attempts.failover?.repeats(method) === true);
    return refusalFor(isNone ? new NoBackendError() : error);
  }

  /**
   * A head that is late from a backend that is well, and has answered others meanwhile, is late for the
   * request's own sake, as that of a long poll is: another backend would take as long, and do it twice. A
   * shorter limit is set by who wants another backend to be asked.
   */
  override failed(error: unknown, failure: AttemptFailure): Verdict {
    this.#isAtWork =
      failure === 'sent' &&
      (error as BackendFailure).kind === 'timeout' &&
      this.#route.headersMs >= LONG_POLL_MS &&
      this.#isWell &&
      this.upstream?.meter.statuses.total !== this.#responsesBefore;
    return super.failed(error, failure);
  }

  /**
   * Moves a request on whose backend was well when it got it and is not any more, by its checks or for the
   * failures of others: a backend that hangs would keep it for as long as a head may take.
   */
  leaveIll(): boolean {
    const { balancer } = this.#pool;
    const id = this.#lease?.backend.id ?? '';
    if (this.#lease?.trust !== 'well' || !balancer.has(id) || balancer.trustOf(id) === 'well') return false;
    const isElsewhere = balancer.backends.some((other) => balancer.stateOf(other.id) === 'up');
    return isElsewhere && this.leave(new Error('its backend has fallen ill'));
  }

  /** The last resort is quick: as long as no backend is well, it is over after a second. */
  protected override mayGoOn(): boolean {
    if (this.#isAtWork) return false;
    return (
      this.#lease?.isTrial === true ||
      this.#lastResortMs < DISTRUSTED_MS ||
      this.#pool.balancer.backends.some(({ id }) => this.#pool.balancer.stateOf(id) === 'up')
    );
  }

  get #isWell(): boolean {
    const { balancer } = this.#pool;
    const id = this.#lease?.backend.id ?? '';
    return this.#lease?.trust === 'well' && balancer.has(id) && balancer.stateOf(id) === 'up';
  }

  /** Milliseconds since the last resort began; 0 if it has not. */
  get #lastResortMs(): number {
    return this.#lastResortAt === undefined ? 0 : this.#pool.env.clock.now() - this.#lastResortAt;
  }

  protected override taken(lease: Lease): void {
    if (this.#lease === undefined) this.#remembered = lease.remembered;
    this.#lease = lease;
    if (lease.trust !== 'well' && !lease.isTrial) this.#lastResortAt ??= this.#pool.env.clock.now();
    this.upstream = this.#pool.upstreamOf(lease.backend);
    this.upstream.begin();
    this.#responsesBefore = this.upstream.meter.statuses.total;
    this.#isAtWork = false;
  }

  protected override released(outcome: Outcome): void {
    this.upstream?.end(outcome);
  }
}
