// The gateway without its listeners: configuration, pools, requests in progress and statistics.

import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type FleetMember, type FleetStore, joinFleet } from 'evenkeel/fleet';
import { memoryRateLimiter } from 'evenkeel/rate-limit';
import type { ResolvedConfig } from './config/resolved-config.ts';
import type { GatewayLog, GatewayStats, ListeningAddress, RateLimiterFactory } from './contracts.ts';
import { ConfigError } from './errors.ts';
import { ActiveSet } from './forwarding/active-set.ts';
import type { Context, UnderWay } from './forwarding/context.ts';
import { FlushQueue } from './forwarding/flush-queue.ts';
import { RequestIds } from './forwarding/request-ids.ts';
import { StallWatch } from './forwarding/stall-watch.ts';
import { Tunnels } from './forwarding/tunnels.ts';
import { GatewayControl } from './gateway-control.ts';
import { ClientCounts } from './message/client-counts.ts';
import { trustedProxies } from './message/trusted-proxies.ts';
import { EventLog } from './observation/event-log.ts';
import { readFigures } from './observation/figure.ts';
import { type ConnectionCounts, GATEWAY_FIGURES } from './observation/gateway-figures.ts';
import { Totals } from './observation/totals.ts';
import { buildRuntime, type Runtime } from './runtime.ts';
import type { PoolFleet } from './upstream/pool.ts';

/** Interval of the check whether the last request has ended. */
const DRAIN_STEP_MS = 20;

/** Everything of a gateway except its listeners: the context of requests, and the requests in progress. */
export class Engine {
  readonly events: EventLog;
  readonly control: GatewayControl;
  readonly #log: GatewayLog;
  readonly #totals = new Totals();
  readonly #ids = new RequestIds();
  readonly #exchanges = new ActiveSet<UnderWay>();
  readonly #tunnels = new Tunnels();
  readonly #clients = new ClientCounts();
  readonly #flushes = new FlushQueue();
  readonly #startedAt = Date.now();
  /** Distinguishes this gateway from others of the same name: only its own `Via` means a loop. */
  readonly #suffix = randomBytes(4).toString('hex');
  /** Returns the counts of connections. */
  readonly #connections: () => ConnectionCounts;
  readonly #rateLimiter: RateLimiterFactory;
  readonly #fleet: PoolFleet | undefined;
  readonly #sharesChecks: boolean;
  /** With whom health checks are shared, from the start on. */
  #member: FleetMember | undefined;
  /** The name of this gateway among the others, once its first listener is open. */
  #name = hostname();
  #runtime: Runtime;
  #context: Context;
  /** By the name of the listener. */
  readonly #at = new Map<string, Context>();
  #watch: StallWatch | undefined;
  /** Starts the health checks of the runtime that was built. */
  #begin: (() => void) | undefined;
  /** Whether it serves; set to `false` when it begins to close. */
  isOpen = false;

  /** @throws ConfigError if a setting cannot be used */
  constructor(
    config: ResolvedConfig,
    log: GatewayLog,
    connections: () => ConnectionCounts,
    shared: {
      readonly rateLimiter?: RateLimiterFactory | undefined;
      readonly fleet?: FleetStore | undefined;
    } = {},
  ) {
    this.#log = log;
    this.#connections = connections;
    this.#rateLimiter = shared.rateLimiter ?? memoryRateLimiter;
    const { fleet } = shared;
    this.events = new EventLog(log);
    this.#fleet = fleet && this.#fleetOver(fleet);
    this.#sharesChecks = config.fleet?.checks !== 'own';
    const { runtime, context, take } = this.#build(config, undefined);
    this.#runtime = runtime;
    this.#context = context;
    this.#begin = take;
    this.control = new GatewayControl(
      () => this.#runtime,
      () => this.stats(),
    );
  }

  /** Whether requests may come: it serves, and every source of backends has told of some, or of none. */
  get isReady(): boolean {
    return this.isOpen && [...this.#runtime.pools.values()].every(({ discovery }) => discovery.isKnown);
  }

  /** The context of the next request. */
  get context(): Context {
    return this.#context;
  }

  /** The same for requests at one listener. @param name - `undefined` for a listener without a name */
  contextAt(name: string | undefined): Context {
    if (name === undefined) return this.#context;
    let context = this.#at.get(name);
    if (context === undefined) this.#at.set(name, (context = { ...this.#context, listener: name }));
    return context;
  }

  /**
   * Starts the health checks and the watch for stalled requests.
   * @param address - of the first listener; `undefined` where the host listens
   */
  start(address?: ListeningAddress): void {
    if (address !== undefined) this.#name = nameAt(address);
    this.#begin?.();
    this.#begin = undefined;
    this.#watch ??= new StallWatch(() => this.#context);
    this.isOpen = true;
  }

  /**
   * Applies another configuration completely, or not at all.
   * @throws ConfigError if a setting cannot be used
   */
  change(config: ResolvedConfig): void {
    const { runtime, context, take } = this.#build(config, this.#runtime);
    const begin = this.#begin;
    this.#runtime = runtime;
    this.#context = context;
    this.#at.clear();
    if (begin === undefined) take();
    else {
      this.#begin = () => {
        begin();
        take();
      };
    }
  }

  stats(): GatewayStats {
    return readFigures(GATEWAY_FIGURES, {
      startedAt: this.#startedAt,
      isReady: this.isReady,
      connections: this.#connections(),
      tunnels: { open: this.#tunnels.size, total: this.#tunnels.opened },
      totals: this.#totals,
      pools: [...this.#runtime.pools.values()].map((pool) => pool.stats()),
      events: this.events.events,
    });
  }

  /** Waits until all requests and tunnels have ended, but no longer than the given time. */
  async drain(graceMs: number): Promise<void> {
    const until = performance.now() + graceMs;
    while (this.#exchanges.size + this.#tunnels.size > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_STEP_MS));
    }
  }

  /** Tells the other gateways of the fleet that this one ends. Never rejects. */
  async leaveFleet(): Promise<void> {
    const leaving = [...this.#runtime.pools.values()].map((pool) => pool.leave());
    await Promise.all([...leaving, this.#member?.close()]);
  }

  /** Ends all requests, tunnels and pools. */
  destroy(): void {
    this.#watch?.close();
    for (const exchange of this.#exchanges) exchange.client.abort();
    for (const tunnel of this.#tunnels) tunnel.destroy();
    for (const pool of this.#runtime.pools.values()) pool.destroy();
    void this.#member?.close();
  }

  /** Joins when the first pool has health checks to share. */
  #memberOf(store: FleetStore): FleetMember | undefined {
    if (!this.#sharesChecks) return undefined;
    const report = (line: string) => this.events.add('fleet', line);
    return (this.#member ??= joinFleet(store, { place: hostname(), report }));
  }

  #fleetOver(store: FleetStore): PoolFleet {
    const [name, member] = [() => this.#name, () => this.#memberOf(store)];
    const report = (line: string) => this.events.add('fleet', line);
    return {
      store,
      self: {
        id: randomUUID(),
        report,
        get name() {
          return name();
        },
      },
      get member() {
        return member();
      },
    };
  }

  #build(config: ResolvedConfig, before: Runtime | undefined) {
    try {
      const surroundings = {
        log: this.#log,
        events: this.events,
        rateLimiter: this.#rateLimiter,
        fleet: this.#fleet,
      };
      const { runtime, take } = buildRuntime(config, before, surroundings);
      return { runtime, context: this.#contextOf(config, runtime), take };
    } catch (error) {
      throw new ConfigError([(error as Error).message], { cause: error });
    }
  }

  #contextOf(config: ResolvedConfig, { routes }: Runtime): Context {
    const { limits, timeouts, paths, name } = config;
    return {
      routes,
      identity: { name: `${name}-${this.#suffix}`, trustedProxies: trustedProxies(config.trustedProxies) },
      limits,
      timeouts,
      paths,
      listener: undefined,
      totals: this.#totals,
      log: this.#log,
      ids: this.#ids,
      exchanges: this.#exchanges,
      tunnels: this.#tunnels,
      clients: this.#clients,
      flushes: this.#flushes,
    };
  }
}

/** Workers of one gateway have the same name. */
function nameAt({ host, port }: ListeningAddress): string {
  return `${hostname()}${port === 0 ? ` ${host}` : `:${port}`}`;
}
