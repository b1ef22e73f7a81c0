// A gateway of several processes, as its primary process sees it.
import { type Env, systemEnv } from 'evenkeel';
import { AdminServer } from '../admin/admin-server.ts';
import { dashboardPage } from '../admin/dashboard/dashboard.ts';
import { needsNoPort } from '../config/handed-over.ts';
import { restartOnlyChanges } from '../config/restart-only.ts';
import type { Control, Gateway, GatewayLog, ListeningAddress } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { ChangeJournal } from './change-journal.ts';
import { ClusterControl } from './cluster-control.ts';
import { FleetStats } from './fleet-stats.ts';
import { freePort } from './free-port.ts';
import { SerialQueue } from './serial-queue.ts';
import { dividedAmong, type SharedConfig, withPorts } from './shared-config.ts';
import { SharedRateLimits } from './shared-rate-limits.ts';
import { WorkerFleet } from './worker-fleet.ts';
import { WorkerLink, type WorkerProcess, WorkerSilentError } from './worker-link.ts';
import type { Launched, SlotEvent, WorkerSlot } from './worker-slot.ts';
import { WorkersStore } from './workers-store.ts';

/** Parts of a gateway with workers. */
export interface ClusterParts {
  /** Starts a process that runs a `WorkerServer`. */
  readonly fork: () => WorkerProcess;
  readonly log: GatewayLog;
  /** @defaultValue the platform's */
  readonly env?: Pick<Env, 'clock' | 'timers'>;
}

/** Limits on the time in which a worker opens its listeners, and in which it takes another configuration. */
const START_MS = 30_000;
const RELOAD_MS = 10_000;
/** A worker that has not ended by then, after its time to drain, is killed. */
const MARGIN_MS = 2_000;

/**
 * A gateway that serves from several processes, which share the listeners; this process only supervises them.
 * A worker that ends without being asked to is replaced after 100 ms, a wait that doubles with each failure
 * up to 10 s. Rates are counted here, for all workers; where keys are, and what health checks find, workers
 * tell each other by way of this process. All else is up to each worker: limits of connections and of
 * requests in flight and remembered keys hold for one worker.
 */
export class ClusterGateway implements Pick<Gateway, 'listen' | 'close' | 'control'> {
  readonly control: Control;
  readonly #parts: ClusterParts;
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #fleet: WorkerFleet;
  readonly #queue = new SerialQueue();
  readonly #journal = new ChangeJournal();
  readonly #rateLimits = new SharedRateLimits();
  readonly #shared = new WorkersStore();
  readonly #stats: FleetStats;
  readonly #admin: AdminServer | undefined;
  #config: SharedConfig;
  /**
   * Ports of listeners, with a chosen port for each that was left open. They never change: a worker that
   * starts when no other listens would get another port.
   */
  #ports: readonly number[] = [];

  /** @param config - its `workers` is the number of workers */
  constructor(config: SharedConfig, parts: ClusterParts) {
    this.#config = config;
    this.#parts = parts;
    this.#env = parts.env ?? systemEnv;
    this.#stats = new FleetStats(() => this.#fleet);
    this.#fleet = new WorkerFleet(config.workers, {
      launch: (worker, onFaulty) => this.#queue.run(() => this.#launch(worker, onFaulty)),
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
   * @returns the addresses, that of the admin listener last
   * @throws ConfigError if a listener cannot be opened; Error if a worker ends, or hangs, before it serves
   */
  async listen(): Promise<readonly ListeningAddress[]> {
    // Before the workers: no client may connect unless all listeners can be opened.
    const admin = await this.#admin?.listen();
    try {
      const { listeners } = this.#config;
      this.#ports = await Promise.all(
        listeners.map(({ host, port }) => (port === 0 && !needsNoPort(host) ? freePort(host) : port)),
      );
      const addresses = await this.#fleet.start();
      return admin === undefined ? addresses : [...addresses, admin];
    } catch (error) {
      await this.#admin?.close();
      throw error;
    }
  }

  /** Lets all workers drain and end. A worker that does not end is killed 2 seconds after its time. */
  async close(graceMs?: number): Promise<void> {
    this.#stats.close();
    await this.#fleet.close(graceMs);
    await this.#admin?.close();
  }

  /**
   * Gives all workers another configuration. One worker takes it first: if it refuses, nothing has changed. A
   * worker that fails to take what the first has taken is replaced by one that starts with it. If no worker
   * serves, the next ones start with it.
   * @throws ConfigError if it is not valid, or changes a setting that only a restart can change; Error if no
   * worker replies
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

  /**
   * The first worker that takes a configuration; `undefined` if no worker serves.
   * @throws the reason of a worker to refuse it
   */
  async #firstTo(next: SharedConfig): Promise<WorkerLink | undefined> {
    const { serving } = this.#fleet;
    // The new configuration may mend what ended them.
    if (serving.length === 0) return undefined;
    for (const link of serving) {
      try {
        await this.#reloadAt(link, next);
        return link;
      } catch (error) {
        if (!(error instanceof WorkerSilentError)) throw error;
        // It may have either configuration.
        link.kill();
      }
    }
    throw new Error('no worker took the new configuration');
  }

  async #reloadAt(link: WorkerLink, next: SharedConfig): Promise<void> {
    await link.ask({ type: 'reload', config: this.#configOf(next) }, RELOAD_MS);
  }

  #launch(worker: number, onFaulty: (reason: string) => void): Launched {
    const process = this.#parts.fork();
    this.#rateLimits.serve(process);
    this.#shared.serve(process);
    const link = new WorkerLink(process, this.#env.timers, onFaulty);
    const config = this.#configOf(this.#config);
    const addresses = link.ask({ type: 'start', worker, config, changes: this.#journal.commands }, START_MS);
    return { link, addresses };
  }

  /** The configuration of one worker: the admin listener stays in this process. */
  #configOf(config: SharedConfig): SharedConfig {
    return { ...dividedAmong(config.workers, withPorts(config, this.#ports)), admin: undefined, workers: 1 };
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
