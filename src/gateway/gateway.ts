import { randomBytes } from 'node:crypto';
import { readConfig } from './config/read-config.ts';
import { resolveConfig } from './config/resolve-config.ts';
import type { ResolvedConfig } from './config/resolved-config.ts';
import { restartOnlyChanges } from './config/restart-only.ts';
import type { GatewayConfig, GatewayConfigInput } from './config/schema.ts';
import type { Control, Gateway, GatewayLog, GatewayStats, ListeningAddress } from './contracts.ts';
import { ConfigError } from './errors.ts';
import type { Context } from './forwarding/context.ts';
import type { Exchange } from './forwarding/exchange.ts';
import { RequestIds } from './forwarding/request-ids.ts';
import { StallWatch } from './forwarding/stall-watch.ts';
import { Totals } from './forwarding/totals.ts';
import { trustedProxies } from './forwarding/trusted-proxies.ts';
import { GatewayControl } from './gateway-control.ts';
import { Listener } from './listeners/listener.ts';
import { EventLog } from './observation/event-log.ts';
import { buildRuntime, type Runtime } from './runtime.ts';
import { Tunnels } from './tunnels/tunnels.ts';

/** What a gateway is made with beside its configuration. */
export interface GatewayParts {
  /** @defaultValue nothing is written anywhere */
  readonly log?: GatewayLog;
  /** The folder that paths of PEM files and secrets are relative to. @defaultValue the working directory */
  readonly baseDir?: string;
}

const SILENT: GatewayLog = { debug() {}, info() {}, warn() {}, error() {} };
const VERSION = '0.1.0';

/**
 * A reverse proxy. Nothing is opened, and no backend is checked, before `listen`.
 * @throws ConfigError where the configuration cannot be used
 */
export function createGateway(config: GatewayConfigInput, parts: GatewayParts = {}): Gateway {
  return new ReverseProxy(config, parts);
}

class ReverseProxy implements Gateway {
  readonly control: Control;
  readonly #log: GatewayLog;
  readonly #baseDir: string;
  readonly #events: EventLog;
  readonly #totals = new Totals();
  readonly #ids = new RequestIds();
  readonly #exchanges = new Set<Exchange>();
  readonly #tunnels = new Tunnels();
  readonly #startedAt = Date.now();
  /** Apart from others of the same name: only its own `Via` is a loop. */
  readonly #suffix = randomBytes(4).toString('hex');
  readonly #listeners: readonly Listener[];
  #written: GatewayConfig;
  #config: ResolvedConfig;
  #runtime: Runtime;
  #take: (() => void) | undefined;
  #context: Context;
  #watch: StallWatch | undefined;
  #isReady = false;
  #closing: Promise<void> | undefined;

  constructor(input: GatewayConfigInput, { log = SILENT, baseDir = process.cwd() }: GatewayParts) {
    this.#log = log;
    this.#baseDir = baseDir;
    this.#written = readConfig(input);
    const config = this.#resolve(this.#written);
    this.#events = new EventLog(log);
    this.#config = config;
    const { runtime, take } = this.#build(config, undefined);
    this.#runtime = runtime;
    this.#take = take;
    this.#context = this.#contextOf(config, runtime);
    const context = () => this.#context;
    this.#listeners = config.listeners.map((listener) => new Listener(listener, context));
    this.control = new GatewayControl(
      () => this.#runtime,
      () => this.stats(),
    );
  }

  async listen(): Promise<readonly ListeningAddress[]> {
    const opened = await Promise.allSettled(this.#listeners.map((listener) => listener.listen()));
    const failed = opened.filter((result) => result.status === 'rejected');
    if (failed.length > 0) {
      for (const listener of this.#listeners) listener.stopAccepting();
      throw new ConfigError(failed.map(({ reason }) => (reason as Error).message));
    }
    this.#take?.();
    this.#take = undefined;
    this.#watch = new StallWatch(() => this.#context);
    this.#isReady = true;
    this.#events.add('started', 'the gateway serves');
    return opened.map((result) => (result as PromiseFulfilledResult<ListeningAddress>).value);
  }

  close(graceMs = this.#config.shutdown.graceMs): Promise<void> {
    if (this.#closing !== undefined && graceMs === 0) this.#end();
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async reload(input: GatewayConfigInput): Promise<void> {
    const written = readConfig(input);
    const fixed = restartOnlyChanges(this.#written, written);
    if (fixed.length > 0)
      throw new ConfigError(fixed.map((path) => `${path} can only be changed by a restart`));
    const config = this.#resolve(written);
    const { runtime, take } = this.#build(config, this.#runtime);
    this.#context = this.#contextOf(config, runtime);
    this.#written = written;
    this.#config = config;
    this.#runtime = runtime;
    // Before the listeners are there, nothing is to be checked.
    if (this.#take === undefined) take();
    else this.#take = take;
    this.#updateListeners(config);
    this.#events.add('reloaded', 'the configuration was changed');
  }

  stats(): GatewayStats {
    const connections = { open: 0, accepted: 0, refused: 0 };
    for (const listener of this.#listeners) {
      const { open, accepted, refused } = listener.connections;
      connections.open += open;
      connections.accepted += accepted;
      connections.refused += refused;
    }
    return {
      version: VERSION,
      node: process.versions.node,
      workers: 1,
      startedAt: this.#startedAt,
      ready: this.#isReady,
      connections,
      tunnels: { open: this.#tunnels.size, total: this.#tunnels.opened },
      ...this.#totals.stats,
      pools: [...this.#runtime.pools.values()].map((pool) => pool.stats()),
      events: this.#events.events,
    };
  }

  /** Certificates were checked before: nothing here can fail half way. */
  #updateListeners({ listeners }: ResolvedConfig): void {
    const left = [...this.#listeners];
    for (const config of listeners) {
      const at = left.findIndex((listener) => listener.isAt(config));
      left.splice(at, 1)[0]?.update(config);
    }
  }

  #resolve(config: GatewayConfig): ResolvedConfig {
    const { config: resolved, warnings } = resolveConfig(config, { baseDir: this.#baseDir });
    for (const warning of warnings) this.#log.warn({}, warning);
    return resolved;
  }

  async #close(graceMs: number): Promise<void> {
    this.#isReady = false;
    const { delayMs } = this.#config.shutdown;
    if (graceMs > 0 && delayMs > 0) await pause(delayMs);
    for (const listener of this.#listeners) listener.stopAccepting();
    const until = performance.now() + graceMs;
    while (this.#exchanges.size + this.#tunnels.size > 0 && performance.now() < until) await pause(20);
    this.#end();
  }

  /** Ends what still runs. */
  #end(): void {
    this.#watch?.close();
    for (const exchange of this.#exchanges) exchange.client.abort();
    for (const tunnel of this.#tunnels) tunnel.destroy();
    for (const listener of this.#listeners) listener.destroy();
    for (const pool of this.#runtime.pools.values()) pool.destroy();
  }

  #build(config: ResolvedConfig, before: Runtime | undefined): ReturnType<typeof buildRuntime> {
    try {
      return buildRuntime(config, before, { log: this.#log, events: this.#events });
    } catch (error) {
      throw new ConfigError([(error as Error).message], { cause: error });
    }
  }

  #contextOf(config: ResolvedConfig, { routes }: Runtime): Context {
    const { limits, timeouts, name } = config;
    return {
      routes,
      identity: { name: `${name}-${this.#suffix}`, trustedProxies: trustedProxies(config.trustedProxies) },
      limits,
      timeouts,
      totals: this.#totals,
      log: this.#log,
      ids: this.#ids,
      exchanges: this.#exchanges,
      tunnels: this.#tunnels,
    };
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
