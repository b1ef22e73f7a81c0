// The worker's side: a gateway that the primary controls.
import type {
  Command,
  Gateway,
  GatewayLog,
  GatewayStats,
  ListeningAddress,
  RateLimiterFactory,
} from '../contracts.ts';
import { type Counted, type PrimaryPort, type Question, toFailure, type WorkerRequest } from './messages.ts';
import { PrimaryRateLimits } from './primary-rate-limits.ts';
import { SerialQueue } from './serial-queue.ts';
import type { SharedConfig } from './shared-config.ts';

/** The gateway of a worker, with its log. */
interface Opened {
  readonly gateway: Gateway;
  readonly log: GatewayLog;
}

/** Parts of a worker. */
export interface WorkerParts {
  /** Makes log and gateway for a configuration. */
  readonly open: (config: SharedConfig, rateLimiter: RateLimiterFactory, worker: number) => Opened;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** Does what the primary asks, and exits when the primary says so. */
export class WorkerServer {
  readonly #port: PrimaryPort;
  readonly #parts: WorkerParts;
  readonly #queue = new SerialQueue();
  readonly #rateLimits: PrimaryRateLimits;
  #gateway: Gateway | undefined;
  #log: GatewayLog | undefined;

  constructor(port: PrimaryPort, parts: WorkerParts) {
    this.#port = port;
    this.#parts = parts;
    this.#rateLimits = new PrimaryRateLimits(port);
    port.onMessage((message) => this.#take(message as Question | Counted));
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

  #take(message: Question | Counted): void {
    if ('counted' in message) this.#rateLimits.took(message);
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
    const { gateway, log } = this.#parts.open(config, this.#rateLimits.limiter, worker);
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
