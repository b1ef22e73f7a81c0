import { type Env, systemEnv } from 'evenkeel';
import { AdminServer } from '../admin/admin-server.ts';
import { dashboardPage } from '../admin/dashboard/dashboard.ts';
import { restartOnlyChanges } from '../config/restart-only.ts';
import type { Control, Gateway, GatewayLog, ListeningAddress } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { ChangeJournal } from './change-journal.ts';
import { ClusterControl } from './cluster-control.ts';
import { FleetStats } from './fleet-stats.ts';
import { freePort } from './free-port.ts';
import { SerialQueue } from './serial-queue.ts';
import { type SharedConfig, withPorts } from './shared-config.ts';
import { SharedRateLimits } from './shared-rate-limits.ts';
import { WorkerFleet } from './worker-fleet.ts';
import { WorkerLink, type WorkerProcess, WorkerSilentError } from './worker-link.ts';
import type { Launched, SlotEvent, WorkerSlot } from './worker-slot.ts';

/** What many workers are made of. */
export interface ClusterParts {
  /** Starts a process in which a `WorkerServer` waits. */
  readonly fork: () => WorkerProcess;
  readonly log: GatewayLog;
  /** @defaultValue the platform's */
  readonly env?: Pick<Env, 'clock' | 'timers'>;
}

/** How long a worker may take to open its listeners, and to take another configuration. */
const START_MS = 30_000;
const RELOAD_MS = 10_000;
/** How long a worker may take beyond what it was given to drain. */
const MARGIN_MS = 2_000;

/**
 * A gateway that serves from several processes, which share the listeners; this process only looks after them. One that ends unasked is
 * replaced: after 100 ms, and twice as long each time while they keep ending, up to 10 s. Rates are counted here, for all of them. Otherwise
 * each worker chooses, checks and limits on its own: limits of connections and of requests in flight, and remembered keys hold for each
 * worker, and every backend gets the health checks of all.
 */
export class ClusterGateway implements Pick<Gateway, 'listen' | 'close' | 'control'> {
  readonly control: Control;
  readonly #parts: ClusterParts;
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #fleet: WorkerFleet;
  readonly #queue = new SerialQueue();
  readonly #journal = new ChangeJournal();
  readonly #rateLimits = new SharedRateLimits();
  readonly #stats: FleetStats;
  readonly #admin: AdminServer | undefined;
  #config: SharedConfig;
  /**
   * Those that stand for ports left open, by listener. Chosen for all workers and all times: where nobody listens any more, whoever
   * comes next would get another one.
   */
  #ports: readonly number[] = [];

  /** @param config - for as many workers as it says */
  constructor(config: SharedConfig, parts: ClusterParts) {
    this.#config = config;
    this.#parts = parts;
    this.#env = parts.env ?? systemEnv;
    this.#stats = new FleetStats(() => this.#fleet);
    this.#fleet = new WorkerFleet(config.workers, {
      launch: (onFaulty) => this.#queue.run(() => this.#launch(onFaulty)),
      patienceMs: (graceMs) => this.#patienceMs(graceMs),
      env: this.#env,
      tell: (type, message) => this.#tell(type, message),
      ended: (link) => this.#stats.keep(link),
    });
    const [fleet, queue, journal, stats] = [this.#fleet, this.#queue, this.#journal, this.#stats];
    this.control = new ClusterControl({ fleet, queue, journal, stats });
    const { admin } = config;
    if (admin !== undefined) this.#admin = this.#adminServer(admin);
  }

  /**
   * Starts all workers and the admin listener, or nothing.
   * @returns the addresses, that of the admin listener at the end
   * @throws ConfigError where a listener cannot be opened; Error where a worker ends, or hangs, before it serves
   */
  async listen(): Promise<readonly ListeningAddress[]> {
    // First, as nobody may come in where not everything can be opened.
    const admin = await this.#admin?.listen();
    try {
      const { listeners } = this.#config;
      this.#ports = await Promise.all(
        listeners.map(({ host, port }) => (port === 0 ? freePort(host) : port)),
      );
      const addresses = await this.#fleet.start();
      return admin === undefined ? addresses : [...addresses, admin];
    } catch (error) {
      await this.#admin?.close();
      throw error;
    }
  }

  /** Lets all workers drain and end. One that does not is ended, 2 seconds after its time. */
  async close(graceMs?: number): Promise<void> {
    this.#stats.close();
    await this.#fleet.close(graceMs);
    await this.#admin?.close();
  }

  /**
   * Gives all workers another configuration. One worker takes it first: if it refuses, nothing has changed anywhere. One that fails to take
   * what the first has taken is replaced, by one that begins with it. Where none serves, those to come begin with it unasked.
   * @throws ConfigError where it is wrong, or changes what only a restart can change; Error where no worker answers
   */
  reload(config: SharedConfig): Promise<void> {
    return this.#queue.run(() => this.#reload(config));
  }

  #adminServer(config: NonNullable<SharedConfig['admin']>): AdminServer {
    const { control } = this;
    const isReady = () => this.#stats.isReady;
    return new AdminServer({ control, config, log: this.#parts.log, isReady, dashboard: dashboardPage });
  }

  async #reload(next: SharedConfig): Promise<void> {
    const fixed = restartOnlyChanges(this.#config, next);
    if (fixed.length > 0)
      throw new ConfigError(fixed.map((path) => `${path} can only be changed by a restart`));
    const first = await this.#firstTo(next);
    const before = this.#config;
    this.#config = next;
    this.#journal.follow(before.pools, next.pools);
    this.#rateLimits.follow(next);
    const others = this.#fleet.slots.flatMap((slot) =>
      slot.members
        .filter((link) => link !== first)
        .map((link) => this.#reloadAt(link, next).catch((error: unknown) => failed(slot, error))),
    );
    await Promise.all(others);
  }

  /** The first worker that takes a configuration; `undefined` where there is none to ask. @throws what a worker has against it */
  async #firstTo(next: SharedConfig): Promise<WorkerLink | undefined> {
    const { serving } = this.#fleet;
    // Perhaps they end for what is now put right.
    if (serving.length === 0) return undefined;
    for (const link of serving) {
      try {
        await this.#reloadAt(link, next);
        return link;
      } catch (error) {
        if (!(error instanceof WorkerSilentError)) throw error;
        // Nobody knows which configuration it has.
        link.kill();
      }
    }
    throw new Error('no worker took the new configuration');
  }

  async #reloadAt(link: WorkerLink, next: SharedConfig): Promise<void> {
    await link.ask({ type: 'reload', config: this.#configOf(next) }, RELOAD_MS);
  }

  #launch(onFaulty: (reason: string) => void): Launched {
    const process = this.#parts.fork();
    this.#rateLimits.serve(process);
    const link = new WorkerLink(process, this.#env.timers, onFaulty);
    const config = this.#configOf(this.#config);
    const addresses = link.ask({ type: 'start', config, changes: this.#journal.commands }, START_MS);
    return { link, addresses };
  }

  /** What one worker runs: operators come in here. */
  #configOf(config: SharedConfig): SharedConfig {
    return { ...withPorts(config, this.#ports), admin: undefined, workers: 1 };
  }

  #patienceMs(graceMs = this.#config.shutdown.graceMs): number {
    return (graceMs === 0 ? 0 : this.#config.shutdown.delayMs + graceMs) + MARGIN_MS;
  }

  #tell(type: SlotEvent, message: string): void {
    this.#stats.note(type, message);
    if (type === 'worker-started') this.#parts.log.info({ event: type }, message);
    else this.#parts.log.error({ event: type }, message);
  }
}

function failed(slot: WorkerSlot, error: unknown): void {
  slot.replace(`it did not take the new configuration: ${(error as Error).message}`);
}
