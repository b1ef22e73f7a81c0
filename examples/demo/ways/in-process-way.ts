// The way of requests through the injected class.

import {
  type Explanation,
  FetchHTTPService,
  Loadbalancer,
  outlierEjection,
  type Request,
  type Response,
  type StrategyName,
  slowStart,
} from 'evenkeel';
import { BoundsWatch } from './bounds-watch.ts';
import { ANSWER_WITHIN_MS, EJECTION, HEALTH, RETRIES, SERVER_FAULTS, SLOW_START_MS } from './protections.ts';
import { type Answer, type Incident, NO_RETRIES, type PoolEntry, type Way, type WayStats } from './way.ts';

/** Sends requests through `Loadbalancer` and `FetchHTTPService`, as a host application does. */
export class InProcessWay implements Way {
  readonly addresses = null;
  readonly admissions = new BoundsWatch();
  readonly #loadbalancer: Loadbalancer;
  /** The array that was passed to the load balancer: to add a backend, push it to this array. */
  readonly #pool: PoolEntry[];
  readonly #incidents: Incident[] = [];

  constructor(pool: readonly PoolEntry[], strategy: StrategyName) {
    this.#pool = [...pool];
    // No log: backends fail on purpose, and the table tells of it.
    const logger = { log() {} };
    this.#loadbalancer = new Loadbalancer(new FetchHTTPService(), this.#pool, logger, {
      strategy,
      timeoutMs: ANSWER_WITHIN_MS,
      isFailure: ({ status }) => SERVER_FAULTS.includes(status),
      failover: RETRIES,
      health: HEALTH,
      // Slow start, for a backend that is back from its ejection, too.
      guards: [outlierEjection(EJECTION), slowStart({ windowMs: SLOW_START_MS })],
    });
    this.#loadbalancer.balancer.subscribe((event) => {
      if ('backend' in event) this.#incidents.push({ ...event, at: Date.now() });
    });
  }

  async send(request: Request): Promise<Answer> {
    const { balancer } = this.#loadbalancer;
    const { dueAt } = balancer;
    const explanation = balancer.explain(request);
    const answered = new Promise<Response>((resolve, reject) => {
      const writer = { writeResponse: resolve, writeHeader: () => {}, writeError: reject };
      this.#loadbalancer.onRequest(request, writer).catch(reject);
    });
    // The backend was chosen synchronously, as explained, unless an ejection ended or a weight rose in
    // between.
    if (balancer.dueAt === dueAt) this.admissions.check(explanation, balancer);
    const { status, data, headers } = await answered;
    return { status, body: data, fromCache: headers?.['x-cache'] === 'hit' };
  }

  async explain(request: Request): Promise<Explanation> {
    return this.#loadbalancer.balancer.explain(request);
  }

  stats(): WayStats {
    const { backends, failover } = this.#loadbalancer.stats();
    return { backends, retries: failover?.retries ?? NO_RETRIES, incidents: this.#incidents };
  }

  async add(backend: PoolEntry): Promise<void> {
    this.#pool.push(backend);
  }

  async close(): Promise<void> {
    this.#loadbalancer.close();
  }
}
