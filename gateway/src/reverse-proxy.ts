// Listeners, engine and admin listener together.
import type { AdminServer } from './admin/admin-server.ts';
import type { ResolveOptions } from './config/resolve-config.ts';
import type { ResolvedInput } from './config/resolve-input.ts';
import type { ResolvedConfig } from './config/resolved-config.ts';
import { restartOnlyChanges } from './config/restart-only.ts';
import type { GatewayConfig, GatewayConfigInput } from './config/schema.ts';
import type { Control, Gateway, GatewayLog, GatewayStats, ListeningAddress } from './contracts.ts';
import { Engine } from './engine.ts';
import { ConfigError } from './errors.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { Listener } from './listeners/listener.ts';
import { SILENT } from './observation/silent-log.ts';
import { openStores, type SharedStores } from './upstream/shared-stores.ts';

/** How long idle connections stay open when the gateway closes. */
const LAST_REQUESTS_MS = 1_000;
/** How long it waits for the store of the fleet then. */
const LEAVE_MS = 500;

/** Reads a configuration. @throws ConfigError if it is invalid */
type Resolve = (input: GatewayConfigInput, options: ResolveOptions) => ResolvedInput;

/** Listeners, engine and admin listener of one configuration, which may change. */
export class ReverseProxy implements Gateway {
  readonly control: Control;
  readonly #log: GatewayLog;
  readonly #baseDir: string;
  readonly #engine: Engine;
  readonly #listeners: readonly Listener[];
  readonly #resolve: Resolve;
  readonly #stores: SharedStores;
  #admin: AdminServer | undefined;
  #written: GatewayConfig;
  #config: ResolvedConfig;
  #opening: Promise<readonly ListeningAddress[]> | undefined;
  #closing: Promise<void> | undefined;
  #skipDelay: (() => void) | undefined;

  /** @param resolve - reads this configuration, and those of reloads */
  constructor(
    input: GatewayConfigInput,
    { log = SILENT, baseDir = process.cwd(), rateLimiter, fleet }: GatewayParts,
    resolve: Resolve,
  ) {
    this.#log = log;
    this.#baseDir = baseDir;
    this.#resolve = resolve;
    ({ written: this.#written, config: this.#config } = this.#read(input));
    this.#stores = openStores(this.#config);
    const shared = {
      rateLimiter: this.#stores.rateLimiter ?? rateLimiter,
      fleet: this.#stores.fleet ?? fleet,
    };
    this.#engine = new Engine(this.#config, log, () => this.#connections(), shared);
    this.#listeners = this.#config.listeners.map(
      (listener) => new Listener(listener, () => this.#engine.contextAt(listener.name)),
    );
    this.control = this.#engine.control;
  }

  listen(): Promise<readonly ListeningAddress[]> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  close(graceMs = this.#config.shutdown.graceMs): Promise<void> {
    if (this.#closing !== undefined && graceMs === 0) {
      this.#skipDelay?.();
      this.#end();
    }
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async reload(input: GatewayConfigInput): Promise<void> {
    if (this.#closing !== undefined) throw new ConfigError(['the gateway is closing']);
    const { written, config } = this.#read(input);
    const fixed = restartOnlyChanges(this.#written, written);
    if (fixed.length > 0)
      throw new ConfigError(fixed.map((path) => `${path} can only be changed by a restart`));
    this.#engine.change(config);
    this.#written = written;
    this.#config = config;
    this.#updateListeners();
    this.#engine.events.add('reloaded', 'the configuration was changed');
  }

  stats(): GatewayStats {
    return this.#engine.stats();
  }

  async #open(): Promise<readonly ListeningAddress[]> {
    const opened = await Promise.allSettled([
      ...this.#listeners.map((listener) => listener.listen()),
      ...(this.#config.admin === undefined ? [] : [this.#openAdmin(this.#config.admin)]),
    ]);
    const failed = opened.filter((result) => result.status === 'rejected');
    if (failed.length > 0) {
      for (const listener of this.#listeners) {
        listener.stopAccepting();
        listener.destroy();
      }
      await this.#admin?.close();
      throw new ConfigError(failed.map(({ reason }) => (reason as Error).message));
    }
    const addresses = opened.map((result) => (result as PromiseFulfilledResult<ListeningAddress>).value);
    this.#engine.start(addresses[0]);
    this.#engine.events.add('started', 'the gateway serves');
    return addresses;
  }

  /** Most gateways have none: its code is loaded now. */
  async #openAdmin(config: NonNullable<ResolvedConfig['admin']>): Promise<ListeningAddress> {
    const { AdminServer } = await import('./admin/admin-server.ts');
    const { dashboardPage } = await import('./admin/dashboard/dashboard.ts');
    if (this.#closing !== undefined) throw new ConfigError(['the gateway is closing']);
    const isReady = () => this.#engine.isReady;
    const parts = { control: this.control, config, log: this.#log, isReady, dashboard: dashboardPage };
    this.#admin = new AdminServer(parts);
    return this.#admin.listen();
  }

  /** Cannot fail half-way, as certificates were checked before. */
  #updateListeners(): void {
    const left = [...this.#listeners];
    for (const config of this.#config.listeners) {
      const at = left.findIndex((listener) => listener.isAt(config));
      left.splice(at, 1)[0]?.update(config);
    }
  }

  #read(input: GatewayConfigInput): ResolvedInput {
    const read = this.#resolve(input, { baseDir: this.#baseDir });
    for (const warning of read.warnings) this.#log.warn({}, warning);
    return read;
  }

  #connections(): GatewayStats['connections'] {
    const sum = { open: 0, accepted: 0, refused: 0 };
    for (const { connections } of this.#listeners) {
      sum.open += connections.open;
      sum.accepted += connections.accepted;
      sum.refused += connections.refused;
    }
    return sum;
  }

  async #close(graceMs: number): Promise<void> {
    this.#engine.isOpen = false;
    const { delayMs } = this.#config.shutdown;
    const left = Promise.race([this.#engine.leaveFleet(), pause(Math.min(graceMs, LEAVE_MS))]);
    for (const listener of this.#listeners) listener.announceEnd();
    // Gives readiness probes time to notice before connections are refused.
    if (graceMs > 0 && delayMs > 0) await this.#delay(delayMs);
    for (const listener of this.#listeners) listener.stopAccepting();
    const lastMs = Math.min(graceMs, LAST_REQUESTS_MS);
    await Promise.all([this.#engine.drain(graceMs), this.#lastRequests(lastMs), left]);
    this.#end();
    await this.#admin?.close();
  }

  /** Resolves early on `close(0)`. */
  #delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#skipDelay = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Waits for requests that are just being sent on idle connections. Their responses announce that the
   * connection closes.
   */
  async #lastRequests(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (this.#connections().open > 0 && performance.now() < until) await pause(20);
  }

  #end(): void {
    this.#engine.destroy();
    this.#stores.close();
    for (const listener of this.#listeners) listener.destroy();
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
