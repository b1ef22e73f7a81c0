// The worker's side: a gateway that the primary controls.
import type { FleetStore } from 'evenkeel/fleet';
import type {
  Command,
  Gateway,
  GatewayLog,
  GatewayStats,
  ListeningAddress,
  RateLimiterFactory,
} from '../contracts.ts';
import {
  type FromPrimary,
  type PrimaryPort,
  type Question,
  toFailure,
  type WorkerRequest,
} from './messages.ts';
import { PrimaryFleet } from './primary-fleet.ts';
import { PrimaryRateLimits } from './primary-rate-limits.ts';
import { SerialQueue } from './serial-queue.ts';
import type { SharedConfig } from './shared-config.ts';

/** The gateway of a worker, with its log. */
interface Opened {
  readonly gateway: Gateway;
  readonly log: GatewayLog;
}

/** What workers share by way of the primary. */
export interface SharedParts {
  readonly rateLimiter: RateLimiterFactory;
  readonly fleet: FleetStore;
}

/** Parts of a worker. */
export interface WorkerParts {
  /** Makes log and gateway for a configuration. */
  readonly open: (config: SharedConfig, shared: SharedParts, worker: number) => Opened;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** Does what the primary asks, and exits when the primary says so. */
export class WorkerServer {
  readonly #port: PrimaryPort;
  readonly #parts: WorkerParts;
  readonly #queue = new SerialQueue();
  readonly #rateLimits: PrimaryRateLimits;
  readonly #fleet: PrimaryFleet;
  #gateway: Gateway | undefined;
  #log: GatewayLog | undefined;

  constructor(port: PrimaryPort, parts: WorkerParts) {
    this.#port = port;
    this.#parts = parts;
    this.#rateLimits = new PrimaryRateLimits(port);
    this.#fleet = new PrimaryFleet(port);
    port.onMessage((message) => this.#take(message as FromPrimary));
    port.send({ type: 'hello' });
  }

  /** The log; `undefined` before the start. */
  get log(): GatewayLog | undefined {
    return this.#log;
  }

  /** Asks the primary to replace this worker. It serves until then. */
  tellFaulty(reason: string): void {
    this.#port.send({ type: 'faulty', reason });
  }

  #take(message: FromPrimary): void {
    if ('counted' in message) this.#rateLimits.took(message);
    else if ('answered' in message) this.#fleet.took(message);
    else if ('space' in message) this.#fleet.heard(message);
    else void this.#reply(message);
  }

  /** Never rejects. */
  async #reply({ id, request }: Question): Promise<void> {
    const isLast = request.type === 'close';
    const exit = isLast ? () => this.#parts.exit(0) : undefined;
    try {
      this.#port.send({ type: 'reply', id, value: await this.#do(request) }, exit);
    } catch (error) {
      this.#port.send({ type: 'failure', id, failure: toFailure(error) }, exit);
    }
  }

  #do(request: WorkerRequest): Promise<unknown> {
    if (request.type === 'start') return this.#queue.run(() => this.#start(request));
    if (request.type === 'reload') return this.#queue.run(() => this.#serving().reload(request.config));
    if (request.type === 'change')
      return this.#queue.run(() => this.#serving().control.change(request.command));
    if (request.type === 'close') return this.#close(request.graceMs);
    const { control } = this.#serving();
    if (request.type === 'plan') return control.plan(request.query);
    return request.type === 'stats' ? control.stats() : control.explain(request.query);
  }

  async #start({
    config,
    changes,
    worker,
  }: Extract<WorkerRequest, { type: 'start' }>): Promise<readonly ListeningAddress[]> {
    const shared = { rateLimiter: this.#rateLimits.limiter, fleet: this.#fleet };
    const { gateway, log } = this.#parts.open(config, shared, worker);
    this.#gateway = gateway;
    this.#log = log;
    for (const command of changes) await this.#repeat(command);
    return gateway.listen();
  }

  /** Does not wait in the queue: a change that hangs must not keep a worker from closing. */
  async #close(graceMs: number | undefined): Promise<GatewayStats | undefined> {
    await this.#gateway?.close(graceMs);
    return this.#gateway?.stats();
  }

  /** A change that cannot be made again must not keep a worker from serving. */
  async #repeat(command: Command): Promise<void> {
    try {
      await this.#serving().control.change(command);
    } catch (error) {
      this.#log?.warn({ error }, `a change at run time could not be made again: ${command.type}`);
    }
  }

  #serving(): Gateway {
    if (this.#gateway === undefined) throw new Error('the worker has not started yet');
    return this.#gateway;
  }
}
