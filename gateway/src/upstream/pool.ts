// A pool of the gateway: backends that serve the same requests.
import { isIP } from 'node:net';
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
  type FleetMember,
  type FleetStore,
  type SharedChecks,
  type SharedKeys,
  shareChecks,
  shareKeys,
} from 'evenkeel/fleet';
import {
  type AttemptRules,
  canonicalId,
  FAILURE_STATUSES,
  Failover,
  failoverCounts,
  failoverStats,
  HEALTH_DEFAULTS,
  LeaseQueue,
  type LoadMetricsFeed,
  loadMetricsFeed,
} from 'evenkeel/internal';
import type { ResolvedPool } from '../config/resolved-config.ts';
import type { RouteConfig } from '../config/schema.ts';
import { engineEntry } from '../config/unix-socket.ts';
import type { GatewayPoolStats } from '../contracts.ts';
import { type FleetSelf, GatewayViews } from '../fleet/gateway-views.ts';
import { BACKEND_FIGURES } from '../observation/backend-figures.ts';
import { BackendMeter } from '../observation/backend-meter.ts';
import { readFigures } from '../observation/figure.ts';
import { type FleetStats, POOL_FIGURES } from '../observation/pool-figures.ts';
import { type CheckService, checkService } from './backend-checks.ts';
import { foundChecks } from './found-checks.ts';
import { HostAddresses } from './host-addresses.ts';
import { PoolDiscovery } from './pool-discovery.ts';
import { balancerOptions, defined } from './pool-options.ts';
import { sessionPolicy } from './session-policy.ts';
import { Upstream } from './upstream.ts';

/** The other gateways, by way of their store. */
export interface PoolFleet {
  readonly store: FleetStore;
  readonly self: FleetSelf;
  /** With whom it shares health checks; `undefined` if it does not. */
  readonly member: FleetMember | undefined;
}

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
  /** Those of the pool, and of routes that have retries of their own. */
  readonly #retryCounts = failoverCounts();
  #hasRetries = false;
  /** The entries of the configuration, by host names. */
  #listed: readonly UrlBackend[];
  readonly #hosts: HostAddresses;
  readonly discovery: PoolDiscovery;
  /** The address of each backend whose URL has a name, by id. */
  #addresses: ReadonlyMap<string, string> = new Map();
  readonly #report: (line: string) => void;
  /** What the engine has of the configuration, by addresses. */
  #entries: readonly UrlBackend[] = [];
  /** By id. Shared with the pool before or after this one, if both connect in the same way. */
  readonly #upstreams: Map<string, Upstream>;
  readonly #meters: Map<string, BackendMeter>;
  #checker: HealthChecker | undefined;
  #checks: CheckService | undefined;
  /** `undefined` if keys are not shared with other gateways. */
  #shared: SharedKeys | undefined;
  #views: GatewayViews | undefined;
  #sharedChecks: SharedChecks | undefined;
  #isHandedOver = false;
  /** Whether another pool counts in the same meters now, with an engine of its own. */
  #isReplaced = false;
  #isOver = false;

  /**
   * @param before - the pool that this one replaces: counters go on, and connections are kept if both connect
   * in the same way
   * @param report - gets one line for each trouble with the look-up of names
   * @throws TypeError or RangeError naming the setting and its value
   */
  constructor(
    name: string,
    config: ResolvedPool,
    before?: UpstreamPool,
    report: (line: string) => void = () => {},
  ) {
    const { retries, queue } = config;
    this.name = name;
    this.config = config;
    this.totalMs = config.timeouts.totalMs;
    this.#report = report;
    this.#listed = entriesOf(config);
    this.#hosts = new HostAddresses(config.dns, before === undefined ? undefined : before.#hosts);
    this.#resolve();
    this.balancer = new Balancer([], balancerOptions(config, {}));
    this.balancer.replace(this.#entries);
    const known = before === undefined ? undefined : before.discovery;
    this.discovery = new PoolDiscovery(name, config, this.balancer, report, known);
    this.failover = this.retries(retries);
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
      // With a timer, as the event may come in the middle of a decision.
      if (event.type === 'down') setTimeout(() => this.#hosts.recheck(), 0).unref();
      if (event.type === 'removed') this.#forget(event.backend, this.#urlOf(event.backend));
      else if ('backend' in event) this.#seeState(event.backend);
    });
  }

  /** Rules of retries whose figures are the pool's: its own, or those of one of its routes. */
  retries(settings: RouteConfig['retries']): Failover | undefined {
    if (settings === undefined || settings === false) return undefined;
    this.#hasRetries = true;
    return new Failover(settings === true ? {} : settings, systemEnv.random, this.#retryCounts);
  }

  /**
   * Starts health checks.
   * @param before - the pool that this one replaces; changes made at run time are taken over
   * @param fleet - where keys are agreed on with other gateways
   */
  start(before?: UpstreamPool, fleet?: PoolFleet): void {
    const { health } = this.config;
    if (before !== undefined) this.#takeOver(before);
    this.#watchHosts();
    this.discovery.start(() => this.#closeMoved());
    if (fleet !== undefined) this.#join(fleet);
    this.#forgetOthers(this.#meters);
    for (const { id } of this.balancer.backends) this.#seeState(id);
    if (health === false) return;
    this.#checks = checkService(this.config, (id) => this.#addressOf(id));
    const found = health === 'auto' ? foundChecks(this.#checks) : undefined;
    this.#checker = new HealthChecker(this.balancer, found ?? this.#checks, {
      ...(typeof health === 'object' ? healthOptions(health) : {}),
    });
    if (fleet?.member === undefined) return;
    this.#sharedChecks = shareChecks(this.#checker, fleet.member, {
      pool: this.name,
      definition: JSON.stringify(health),
      ...(found && {
        responded: ({ url }, status) => found.responded(`${url}${HEALTH_DEFAULTS.request.path}`, status),
      }),
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
   * @returns a promise that resolves when the engine has all of them
   */
  follow(config: ResolvedPool): Promise<void> {
    this.#listed = entriesOf(config);
    const applied = this.#applyAddresses();
    this.#watchHosts();
    return applied;
  }

  stats(): GatewayPoolStats {
    const engine = this.balancer.stats();
    const checks = new Map(this.#checker?.stats().backends.map((checked) => [checked.id, checked.failure]));
    return readFigures(POOL_FIGURES, {
      name: this.name,
      engine,
      failover: this.#hasRetries ? failoverStats(this.#retryCounts) : undefined,
      queue: this.queue?.stats,
      fleet: this.#fleetStats(),
      discovery: [...this.discovery.stats(), ...this.#hosts.stats()],
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
    this.#hosts.close();
    this.discovery.close();
    this.#shared?.close();
    this.#views?.close();
    this.#sharedChecks?.close();
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

  /** Tells the other gateways that this one ends. Never rejects. */
  async leave(): Promise<void> {
    await this.#views?.leave();
  }

  #join({ store, self }: PoolFleet): void {
    this.#shared = shareKeys(this.balancer, store, { pool: this.name, report: this.#report });
    this.#views = new GatewayViews(this, store, self, this.env);
  }

  #fleetStats(): FleetStats | undefined {
    const [shared, views] = [this.#shared, this.#views];
    if (shared === undefined || views === undefined) return undefined;
    const keys = shared.stats();
    const [calls, failures] = [keys.calls + views.calls, keys.failures + views.failures];
    return { ...keys, calls, failures, gateways: views.stats(), checks: this.#sharedChecks?.stats() };
  }

  #watchHosts(): void {
    const urls = this.#listed.map(({ url }) => url);
    this.#hosts.watch(urls, {
      changed: () => void this.#applyAddresses(),
      report: this.#report,
      isDown: (host, address) =>
        this.balancer.backends.some(
          ({ id, url }) =>
            this.#addresses.get(id) === address &&
            new URL(url).hostname === host &&
            this.balancer.stateOf(id) === 'down',
        ),
    });
  }

  /** Takes the addresses of host names over. Connections to an address that has gone close. */
  async #applyAddresses(): Promise<void> {
    this.#resolve();
    await this.balancer.replaceInSlices(this.#entries);
    this.#closeMoved();
  }

  #closeMoved(): void {
    this.#forgetOthers(this.#upstreams);
  }

  /** Forgets backends that were removed or have other URLs. */
  #forgetOthers(known: ReadonlyMap<string, unknown>): void {
    const urls = new Map(this.balancer.backends.map(({ id, url }) => [id, url]));
    for (const id of [...known.keys()]) this.#forget(id, urls.get(id));
  }

  #addressOf(id: string): string | undefined {
    return this.#addresses.get(id) ?? this.discovery.addresses.get(id);
  }

  #resolve(): void {
    const { entries, addresses } = atAddresses(this.#listed, (url) => this.#hosts.of(url));
    this.#addresses = addresses;
    this.#entries = entries;
  }

  #takeOver(before: UpstreamPool): void {
    before.#isReplaced = true;
    before.#shared?.close();
    before.#views?.close();
    before.#sharedChecks?.close();
    if (before.#upstreams === this.#upstreams) before.#isHandedOver = true;
    this.balancer.takeOver(before.balancer);
    // Without health checks nothing else marks them up again.
    if (this.config.health === false) for (const { id } of this.balancer.backends) this.balancer.markUp(id);
  }

  #connect(backend: Backend): Upstream {
    const settings = { ...this.config, address: this.#addressOf(backend.id) };
    const upstream = new Upstream(backend, settings, this.#meterOf(backend.id));
    this.#upstreams.set(backend.id, upstream);
    if (this.#isOver) upstream.destroy();
    return upstream;
  }

  /** `undefined` for one that is not in the pool. O(n) for one that is. */
  #urlOf(id: string): string | undefined {
    return this.balancer.has(id) ? this.balancer.backends.find((one) => one.id === id)?.url : undefined;
  }

  /**
   * Forgets a backend that was removed or has another URL. Requests that hold it go on.
   * @param url - the one that it has now; `undefined` if it was removed
   */
  #forget(id: string, url: string | undefined): void {
    if (this.#isHandedOver) return;
    if (url === undefined) this.#meters.delete(id);
    const upstream = this.#upstreams.get(id);
    if (upstream === undefined) return;
    if (upstream.url === url && upstream.address === this.#addressOf(id)) return;
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

function entriesOf({ backends, dns }: ResolvedPool): UrlBackend[] {
  const listed = backends.map((entry) =>
    engineEntry(typeof entry === 'string' ? { url: entry } : defined(entry)),
  );
  if (dns === false || dns?.name === undefined || dns.type === 'srv') return listed;
  return [...listed, { url: `${dns.protocol}://${dns.name}${dns.port === undefined ? '' : `:${dns.port}`}` }];
}

/** Entries with one for each address of a host that has several, and the addresses by id. */
function atAddresses(listed: readonly UrlBackend[], addressesOf: (url: string) => readonly string[]) {
  const addresses = new Map<string, string>();
  const entries = listed.flatMap((entry): UrlBackend[] => {
    const known = addressesOf(entry.url);
    const [address] = known;
    if (address === undefined) return [entry];
    if (known.length === 1) {
      addresses.set(entry.id ?? canonicalId(entry.url), address);
      return [entry];
    }
    return known.map((one) => {
      const url = new URL(entry.url);
      const name = url.host;
      url.hostname = isIP(one) === 6 ? `[${one}]` : one;
      let id = entry.id === undefined ? canonicalId(url.href) : `${entry.id}@${one}`;
      if (addresses.has(id)) id = `${id} of ${name}`;
      addresses.set(id, one);
      return { ...entry, id };
    });
  });
  return { entries, addresses };
}

function healthOptions(health: Extract<ResolvedPool['health'], object>): HealthCheckOptions {
  const { expect } = health;
  return { ...defined(health), expect: { ...expect, workload: defined(expect.workload) } };
}
