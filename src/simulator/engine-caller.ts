// The production engine as a caller: `Balancer`, guards, failover and queue as plain calls on the virtual
// clock.
import {
  type Backend,
  Balancer,
  type BalancerOptions,
  type FailoverOptions,
  type Lease,
  type LeaseQueueOptions,
  type UrlBackend,
} from '../index.ts';
import { Failover, LeaseQueue } from '../internal.ts';
import type { Call, Caller, CallerFactory, World } from './call.ts';
import type { Result } from './simulated-server.ts';

/** Settings of {@link engine}. */
export interface EngineOptions {
  readonly balancer?: Omit<BalancerOptions<Call>, 'key' | 'env'>;
  readonly failover?: FailoverOptions;
  /** Needs a run in which promises settle. */
  readonly queue?: LeaseQueueOptions;
  /** Milliseconds for one attempt. @defaultValue none */
  readonly timeoutMs?: number;
  /** What an entry of the pool says beside its URL. */
  readonly entry?: (place: number) => Omit<UrlBackend, 'url'>;
  /** Sees the balancer before its first request. */
  readonly built?: (balancer: Balancer<Call>, world: World) => void;
}

/** The engine with some settings, as a caller. */
export function engine(options: EngineOptions = {}): CallerFactory {
  return (world, random) => new EngineCaller(options, world, random);
}

class EngineCaller implements Caller {
  readonly #balancer: Balancer<Call>;
  readonly #failover: Failover | undefined;
  readonly #queue: LeaseQueue<Call> | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #world: World;

  constructor(options: EngineOptions, world: World, random: () => number) {
    const { failover, queue, timeoutMs, entry = () => ({}), built } = options;
    const pool = [...world.servers.keys()].map((url, place) => ({ url, ...entry(place) }));
    const { clock, timers } = world.env;
    const env = { clock, timers, random };
    this.#balancer = new Balancer<Call>(pool, { ...options.balancer, key: ({ key }) => key, env });
    this.#failover = failover && new Failover(failover, random);
    this.#queue = queue && new LeaseQueue(this.#balancer, { ...queue, clock, timers });
    this.#timeoutMs = timeoutMs;
    this.#world = world;
    built?.(this.#balancer, world);
  }

  send(call: Call, done: (status: number) => void): void {
    const tried: Backend[] = [];
    const failover = this.#failover;
    let last = 503;
    failover?.budget.requestBegan();
    const finish = () => {
      failover?.budget.requestEnded();
      done(last);
    };
    const lost = (isRetry: boolean) => {
      if (isRetry) failover?.budget.retryEnded();
      finish();
    };
    const next = (isRetry: boolean) => {
      this.#acquire(
        call,
        tried,
        (lease) => {
          if (lease === undefined) lost(isRetry);
          else this.#attempt(call, lease, (result) => ended(lease, result, isRetry));
        },
        () => lost(isRetry),
      );
    };
    const ended = (lease: Lease, result: Result | 'timeout', isRetry: boolean) => {
      const isFailure = typeof result === 'string' || GATEWAY_ERRORS.has(result);
      last = typeof result === 'number' ? result : result === 'timeout' ? 504 : 502;
      tried.push(lease.backend);
      if (isRetry) failover?.budget.retryEnded();
      const attempt =
        typeof result === 'number' ? { response: { status: result } } : { error: ERRORS[result] };
      const delayMs = isFailure ? failover?.delayAfter(call, attempt, tried.length) : undefined;
      lease.release(isFailure ? 'failure' : 'success');
      if (delayMs === undefined) finish();
      else this.#world.env.after(delayMs, () => next(true));
    };
    next(false);
  }

  /** At once without a queue. */
  #acquire(
    call: Call,
    tried: readonly Backend[],
    found: (lease: Lease | undefined) => void,
    refused: () => void,
  ): void {
    if (this.#queue === undefined) found(this.#balancer.acquire(call, tried));
    else this.#queue.acquire(call, tried).then(found, refused);
  }

  #attempt(call: Call, { backend }: Lease, ended: (result: Result | 'timeout') => void): void {
    const server = this.#world.servers.get(backend.url);
    if (server === undefined) throw new Error(`no server at ${backend.url}`);
    let cancelTimer: (() => void) | undefined;
    let isOver = false;
    const end = (result: Result | 'timeout') => {
      if (isOver) return;
      isOver = true;
      cancelTimer?.();
      ended(result);
    };
    if (this.#timeoutMs !== undefined)
      cancelTimer = this.#world.env.timers.schedule(() => end('timeout'), this.#timeoutMs);
    server.receive({ key: call.key, sizeMs: call.sizeMs, ended: end }, call.isPoison ? 503 : undefined);
  }
}

const GATEWAY_ERRORS: ReadonlySet<number> = new Set([502, 503, 504]);
const ERRORS = {
  refused: Object.assign(new Error('refused'), { requestSent: false }),
  reset: new Error('reset'),
  timeout: new Error('timeout'),
} as const;
