// A pool of the gateway: backends that serve the same requests.
import { isDeepStrictEqual } from 'node:util';
import {
  type Backend,
  Balancer,
  HealthChecker,
  type HealthCheckOptions,
  type Request,
  type SessionPolicy,
  systemEnv,
  type UrlBackend,
} from 'evenkeel';
import {
  type AttemptRules,
  FAILURE_STATUSES,
  Failover,
  LeaseQueue,
  type LoadMetricsFeed,
  loadMetricsFeed,
} from 'evenkeel/internal';
import type { ResolvedPool } from '../config/resolved-config.ts';
import type { GatewayPoolStats } from '../contracts.ts';
import { BACKEND_FIGURES } from '../observation/backend-figures.ts';
import { BackendMeter } from '../observation/backend-meter.ts';
import { readFigures } from '../observation/figure.ts';
import { POOL_FIGURES } from '../observation/pool-figures.ts';
import { balancerOptions, defined } from './pool-options.ts';
import { sessionPolicy } from './session-policy.ts';
import { type CheckService, checkService } from './undici-checks.ts';
import { checkPlatform } from './undici-connections.ts';
import { Upstream } from './upstream.ts';

/** The engine that chooses a backend, with the connections, health checks and counters of all backends. */
export class UpstreamPool implements AttemptRules<Request> {
  readonly name: string;
  readonly config: ResolvedPool;
  readonly balancer: Balancer<Request>;
  readonly failover: Failover | undefined;
  readonly queue: LeaseQueue<Request> | undefined;
  readonly env = systemEnv;
  readonly totalMs: number;
  readonly sessions: SessionPolicy | undefined;
  readonly loadMetrics: LoadMetricsFeed | undefined;
  readonly #failures: ReadonlySet<number>;
  /** The array that the engine follows. */
  readonly #entries: UrlBackend[];
  /** By id. Shared with the pool before or after this one, if both connect in the same way. */
  readonly #upstreams: Map<string, Upstream>;
  readonly #meters: Map<string, BackendMeter>;
  #checker: HealthChecker | undefined;
  #checks: CheckService | undefined;
  #isHandedOver = false;
  /** Whether another pool counts in the same meters now, with an engine of its own. */
  #isReplaced = false;
  #isOver = false;

  /**
   * @param before - the pool that this one replaces: counters go on, and connections are kept if both connect
   * in the same way
   * @throws TypeError or RangeError naming the setting and its value
   */
  constructor(name: string, config: ResolvedPool, before?: UpstreamPool) {
    checkPlatform();
    const { retries, queue } = config;
    this.name = name;
    this.config = config;
    this.totalMs = config.timeouts.totalMs;
    this.#entries = entriesOf(config);
    this.balancer = new Balancer(this.#entries, balancerOptions(config, {}));
    this.failover = retries === false ? undefined : new Failover(retries === true ? {} : retries);
    this.#failures = new Set([...FAILURE_STATUSES, ...(typeof retries === 'boolean' ? [] : retries.retryOn)]);
    const queueOptions = queue === true ? {} : queue;
    this.queue =
      queueOptions === false ? undefined : new LeaseQueue(this.balancer, { ...queueOptions, ...systemEnv });
    this.sessions = sessionPolicy(config, name, () => this.balancer.backends);
    this.loadMetrics =
      config.strategy === 'least-workload' ? loadMetricsFeed(this.balancer as Balancer<unknown>) : undefined;
    this.#meters = before === undefined ? new Map() : before.#meters;
    const isSameWay = before !== undefined && isDeepStrictEqual(wayOf(before.config), wayOf(config));
    this.#upstreams = isSameWay ? before.#upstreams : new Map();
    this.balancer.subscribe((event) => {
      if (event.type === 'removed') this.#forget(event.backend);
      else if ('backend' in event) this.#seeState(event.backend);
    });
  }

  /**
   * Starts health checks.
   * @param before - the pool that this one replaces; changes made at run time are taken over
   */
  start(before?: UpstreamPool): void {
    const { health, tls } = this.config;
    if (before !== undefined) this.#takeOver(before);
    for (const id of [...this.#meters.keys()]) this.#forget(id);
    for (const { id } of this.balancer.backends) this.#seeState(id);
    if (health === false) return;
    this.#checks = checkService(tls);
    this.#checker = new HealthChecker(this.balancer, this.#checks, {
      ...(health === true ? {} : healthOptions(health)),
    });
  }

  /** The connections to a backend that was chosen. */
  upstreamOf(backend: Backend): Upstream {
    return this.#upstreams.get(backend.id) ?? this.#connect(backend);
  }

  /**
   * Whether a response with this status is the backend's failure. Statuses that are retried are failures,
   * too.
   */
  isFailure(status: number): boolean {
    return this.#failures.has(status);
  }

  /**
   * Takes the backends of another configuration; those that stay keep their connections, leases and counters.
   */
  follow(config: ResolvedPool): void {
    // An entry that has not changed stays the same object, which the engine knows.
    const known = new Map(this.#entries.map((entry) => [JSON.stringify(entry), entry]));
    const next = entriesOf(config).map((entry) => known.get(JSON.stringify(entry)) ?? entry);
    this.#entries.splice(0, this.#entries.length, ...next);
    this.balancer.refresh();
  }

  stats(): GatewayPoolStats {
    const engine = this.balancer.stats();
    const checks = new Map(this.#checker?.stats().backends.map((checked) => [checked.id, checked.failure]));
    return readFigures(POOL_FIGURES, {
      name: this.name,
      engine,
      failover: this.failover?.stats,
      queue: this.queue?.stats,
      backends: engine.backends.map((backend) =>
        readFigures(BACKEND_FIGURES, {
          engine: backend,
          meter: this.#meterOf(backend.id),
          isPanic: engine.panic,
          checkFailure: checks.get(backend.id),
        }),
      ),
    });
  }

  /** Ends the health checks; each connection closes when its request has ended. */
  close(): void {
    this.#checker?.close();
    this.#checks?.close();
    if (this.#isHandedOver) return;
    for (const upstream of this.#upstreams.values()) upstream.close();
    // Requests admitted before get new connections, which close when they are idle.
    this.#upstreams.clear();
  }

  /** Ends all requests and connections at once. */
  destroy(): void {
    this.#isOver = true;
    const upstreams = [...this.#upstreams.values()];
    this.close();
    for (const upstream of upstreams) upstream.destroy();
  }

  #takeOver(before: UpstreamPool): void {
    before.#isReplaced = true;
    if (before.#upstreams === this.#upstreams) before.#isHandedOver = true;
    this.balancer.takeOver(before.balancer);
    // Without health checks nothing else marks them up again.
    if (this.config.health === false) for (const { id } of this.balancer.backends) this.balancer.markUp(id);
  }

  #connect(backend: Backend): Upstream {
    const upstream = new Upstream(backend, this.config, this.#meterOf(backend.id));
    this.#upstreams.set(backend.id, upstream);
    if (this.#isOver) upstream.destroy();
    return upstream;
  }

  /** Forgets a backend that was removed or has another URL. Requests that hold it go on. */
  #forget(id: string): void {
    if (this.#isHandedOver) return;
    const member = this.balancer.backends.find((backend) => backend.id === id);
    if (member === undefined) this.#meters.delete(id);
    const upstream = this.#upstreams.get(id);
    if (upstream === undefined || upstream.url === member?.url) return;
    upstream.close();
    this.#upstreams.delete(id);
  }

  #seeState(id: string): void {
    if (!this.#isReplaced && this.balancer.has(id)) this.#meterOf(id).states.see(this.balancer.stateOf(id));
  }

  #meterOf(id: string): BackendMeter {
    let meter = this.#meters.get(id);
    if (meter === undefined) this.#meters.set(id, (meter = new BackendMeter()));
    return meter;
  }
}

/** The settings that decide how backends are reached. */
function wayOf({ timeouts, connections, tls }: ResolvedPool): object {
  return { timeouts, connections, tls };
}

function entriesOf({ backends }: ResolvedPool): UrlBackend[] {
  return backends.map((entry) => (typeof entry === 'string' ? { url: entry } : defined(entry)));
}

function healthOptions(health: Exclude<ResolvedPool['health'], boolean>): HealthCheckOptions {
  const { expect } = health;
  return { ...defined(health), expect: { ...expect, workload: defined(expect.workload) } };
}
