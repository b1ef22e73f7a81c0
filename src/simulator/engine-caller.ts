// The production engine as a caller: `Balancer`, guards, failover and queue as plain calls on the virtual
// clock.

import type { UrlBackend } from '../contracts.ts';
import { isFailureStatus } from '../http/failure-statuses.ts';
import {
  Balancer,
  type BalancerOptions,
  type FailoverOptions,
  type Lease,
  type LeaseQueueOptions,
  UpstreamTimeoutError,
} from '../index.ts';
import { type AttemptRules, Attempts, Failover, LeaseQueue } from '../internal.ts';
import type { Call, Caller, CallerFactory, World } from './call.ts';
import { CallbackJob, type Result } from './job.ts';

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
  readonly #rules: AttemptRules<Call>;
  readonly #timeoutMs: number | undefined;
  readonly #world: World;

  constructor(options: EngineOptions, world: World, random: () => number) {
    const { failover, queue, timeoutMs, entry = () => ({}), built } = options;
    const pool = [...world.servers.keys()].map((url, place) => ({ url, ...entry(place) }));
    const { clock, timers } = world.env;
    const env = { clock, timers, random };
    const balancer = new Balancer<Call>(pool, { ...options.balancer, key: ({ key }) => key, env });
    this.#rules = {
      balancer,
      failover: failover && new Failover(failover, random),
      queue: queue && new LeaseQueue(balancer, { ...queue, clock, timers }),
      env,
    };
    this.#timeoutMs = timeoutMs;
    this.#world = world;
    built?.(balancer, world);
  }

  send(call: Call, done: (status: number) => void): void {
    let status = 503;
    const finish = () => {
      attempts.end();
      done(status);
    };
    const attempts = new Attempts<Call>(this.#rules, {
      request: call,
      session: undefined,
      signal: undefined,
      canRepeat: true,
      send: (lease) =>
        this.#attempt(call, lease, (result) => {
          status = typeof result === 'number' ? result : result === 'timeout' ? 504 : 502;
          const verdict =
            typeof result === 'number'
              ? attempts.responded(result, isFailureStatus(result))
              : attempts.failed(ERRORS[result], result === 'refused' ? 'unsent' : 'sent');
          if (verdict === 'stands') finish();
        }),
      stands: finish,
      failed: finish,
    });
    attempts.first();
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
    server.receive(new CallbackJob(call.key, call.sizeMs, end), call.isPoison ? 503 : undefined);
  }
}

const ERRORS = {
  refused: new Error('refused'),
  reset: new Error('reset'),
  timeout: new UpstreamTimeoutError('timeout'),
} as const;
