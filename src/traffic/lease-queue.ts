import type { Balancer } from '../balancer/balancer.ts';
import type { Lease } from '../balancer/lease.ts';
import type { Session } from '../balancer/session.ts';
import type { Clock, Timers } from '../env.ts';
import type { Backend } from '../strategies/strategy.ts';

/** STUB: being written. */
export interface LeaseQueueOptions {
  readonly limit?: number;
  readonly timeoutMs?: number;
}
export interface LeaseQueueStats {
  readonly depth: number;
}
export class LeaseQueue<R> {
  readonly #balancer: Balancer<R>;
  constructor(balancer: Balancer<R>, _options: LeaseQueueOptions & { timers: Timers; clock: Clock }) {
    this.#balancer = balancer;
  }
  get stats(): LeaseQueueStats {
    return { depth: 0 };
  }
  async acquire(request: R, tried: readonly Backend[], session?: Session, _signal?: AbortSignal): Promise<Lease | undefined> {
    return this.#balancer.acquire(request, tried, session);
  }
}
