// The whole floor: `Loadbalancer` as hosts inject it, with its queue, its health checks and its promises,
// over an HTTP service that leads to simulated backends.
import type { Balancer } from '../balancer/balancer.ts';
import type { HTTPService, Request, Response, ResponseWriter, SendOptions } from '../contracts.ts';
import { Loadbalancer } from '../loadbalancer.ts';
import { balancerOptions, guardsOf } from './contenders.ts';
import type { Scheduled } from './event-queue.ts';
import { Job, type Result } from './job.ts';
import { outcomeOf, Run, type RunParts } from './run.ts';
import type { SimulatedServer } from './simulated-server.ts';
import type { TrafficChunk } from './traffic.ts';
import { runInTurns } from './turns.ts';

const HEALTH_PATH = '/health';
const CHECK_MS = 1;

/** A contender in one placement, with everything around the engine. */
export class WholeRun extends Run implements HTTPService {
  readonly floor = 'whole';
  protected readonly balancers: readonly Balancer<never>[];
  readonly #loadbalancers: readonly Loadbalancer[];
  /** Requests that have not ended. */
  readonly #open = new Set<WholeRequest>();
  /** The numbers of the backends by their addresses. */
  readonly #numbers = new Map<string, number>();
  /** Whether the request that is sent next spills. */
  #isSpill = false;

  constructor(parts: RunParts) {
    super(parts);
    const { contender, setup } = parts;
    const { clock, timers } = this.env;
    const { timeoutMs, failover, queue, health } = contender;
    for (const [i, { url }] of this.servers.entries()) this.#numbers.set(url, i);
    const logger = {
      // Called right before the request is sent.
      log: (_level: unknown, text: unknown) => {
        if (typeof text === 'string' && text.startsWith('backend chosen'))
          this.#isSpill = text !== 'backend chosen';
      },
    };
    const key = this.keyOf<Request>(({ path, clientAddress = '' }) =>
      contender.isByClient ? clientAddress : path,
    );
    const isZoned = setup.balancers.some((zone) => zone !== undefined);
    this.#loadbalancers = setup.balancers.map(
      (zone, i) =>
        new Loadbalancer(this, this.pool(), logger, {
          ...balancerOptions(contender, isZoned ? () => zone : undefined),
          seed: this.placementSeed,
          guards: guardsOf(contender),
          key,
          env: { clock, timers, random: this.stream(`balancer ${i}`) },
          ...(timeoutMs !== undefined && { timeoutMs }),
          ...(failover && { failover }),
          ...(queue && { queue }),
          ...(health && {
            health: {
              intervalMs: health.intervalMs,
              request: { path: HEALTH_PATH, timeoutMs: health.timeoutMs },
              thresholds: { fall: health.fall, rise: health.rise },
            },
          }),
        }),
    );
    this.balancers = this.#loadbalancers.map(({ balancer }) => balancer as Balancer<never>);
    for (const [i, balancer] of this.balancers.entries()) this.watch(balancer, i);
    if (contender.reports) this.planReports();
  }

  feed(chunk: TrafficChunk): Promise<void> {
    const { now } = this.env;
    let last = now;
    for (let i = 0; i < chunk.count; i++) {
      last = chunk.atMs[i] as number;
      this.env.plan(last - now, new WholeRequest(this, chunk, i));
    }
    return runInTurns(this.env, last);
  }

  async finish(): Promise<void> {
    this.closeArrivals();
    await runInTurns(this.env, this.restUntilMs, () => this.#open.size === 0);
    for (const { atMs, isMeasured } of this.#open) this.tally.ended(atMs, Number.NaN, isMeasured);
    this.#open.clear();
    this.shareOut();
    for (const loadbalancer of this.#loadbalancers) loadbalancer.close();
  }

  /** Begins a request. */
  begin(request: WholeRequest): void {
    request.number = this.nextNumber();
    request.isMeasured = this.isMeasured(request.number);
    request.atMs = this.env.now;
    request.resends = this.storm;
    this.#open.add(request);
    this.trace?.began(request.number, request.atMs, request.key, request.balancer);
    this.#send(request);
  }

  /** Ends a request, or sends it again as its client does. @param status - 0 for none */
  ended(request: WholeRequest, status: number): void {
    if (!this.#open.has(request)) return;
    const { now } = this.env;
    const isError = status === 0 || status >= 500;
    if (isError && request.resends > 0 && this.storm > 0) {
      request.resends--;
      this.env.after(0, () => this.#send(request));
      return;
    }
    this.#open.delete(request);
    this.tally.ended(request.atMs, isError ? Number.NaN : now - request.atMs, request.isMeasured);
    this.trace?.ended(request.number, now, status);
  }

  /** The HTTP service of all load balancers. */
  sendRequest(url: string, request: Request, options?: SendOptions): Promise<Response> {
    const number = this.#numbers.get(url.slice(0, url.indexOf('/', 'http://'.length))) as number;
    const server = this.servers[number] as SimulatedServer;
    return new Promise((resolve, reject) => {
      if (!(request instanceof WholeRequest)) {
        options?.signal.addEventListener('abort', () => reject(options.signal.reason));
        const { errors, conduct } = server;
        const asked = errors?.ratio === 1 ? errors.status : 200;
        server.receive(new WholeAttempt('', CHECK_MS, resolve, reject), conduct === 'well' ? asked : conduct);
        return;
      }
      const { now } = this.env;
      const { key, isMeasured } = request;
      this.tally.sent(number, now, isMeasured, this.weights);
      if (request.isSent) this.tally.retried(request.atMs, isMeasured);
      else if (this.#isSpill) this.tally.spilled(now, isMeasured);
      else this.tally.placed(key, number, now, isMeasured);
      request.isSent = true;
      const attempt = new WholeAttempt(key, request.sizeMs, resolve, reject);
      attempt.told = this.trace?.sent(request.number, number, now) ?? -1;
      attempt.done = (result) => this.#attempted(attempt, number, result, isMeasured);
      options?.signal.addEventListener('abort', () => {
        if (attempt.isGivenUp) return;
        attempt.isGivenUp = true;
        this.#attempted(attempt, number, 'timeout', isMeasured);
        reject(options.signal.reason);
      });
      server.receive(attempt);
    });
  }

  #send(request: WholeRequest): void {
    request.isSent = false;
    void (this.#loadbalancers[request.balancer] as Loadbalancer).onRequest(request, request);
  }

  #attempted(attempt: WholeAttempt, number: number, result: Result | 'timeout', isMeasured: boolean): void {
    const { hasLooked, isHit, startedAt, told } = attempt;
    if (hasLooked && result !== 'timeout') this.tally.lookedUp(number, isHit, startedAt, isMeasured);
    if (typeof result !== 'number' || result >= 500) this.tally.failed(number, isMeasured);
    this.trace?.done(told, startedAt, this.env.now, outcomeOf(result, isHit));
  }
}

/** A request of a client, and who waits for its response. */
class WholeRequest implements Request, ResponseWriter, Scheduled {
  readonly id: string;
  readonly path: string;
  readonly method: string;
  readonly payload = '';
  readonly clientAddress: string;
  readonly key: number;
  readonly sizeMs: number;
  readonly balancer: number;
  readonly isOver = false;
  number = 0;
  atMs = 0;
  isMeasured = false;
  /** Whether it was sent to a backend. */
  isSent = false;
  /** How often its client sends it again. */
  resends = 0;
  readonly #run: WholeRun;

  constructor(run: WholeRun, chunk: TrafficChunk, i: number) {
    this.#run = run;
    this.id = '';
    this.path = chunk.names[i] as string;
    this.method = chunk.writes[i] === 1 ? 'POST' : 'GET';
    this.clientAddress = String(chunk.clients[i]);
    this.key = chunk.keys[i] as number;
    this.sizeMs = chunk.sizesMs[i] as number;
    this.balancer = chunk.balancers[i] as number;
  }

  happen(): void {
    this.#run.begin(this);
  }

  writeResponse({ status }: Response): void {
    this.#run.ended(this, status);
  }

  writeHeader(): void {}

  writeError(error: Error & { readonly status?: number }): void {
    this.#run.ended(this, error.status ?? 502);
  }
}

/** An attempt, or a health check, at one backend. */
class WholeAttempt extends Job {
  /** Its number in the trace. */
  told = -1;
  /** Whether it is no longer waited for. */
  isGivenUp = false;
  /** Called with its result. */
  done: (result: Result) => void = () => {};
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: Error) => void;

  constructor(
    key: string | number,
    sizeMs: number,
    resolve: (response: Response) => void,
    reject: (error: Error) => void,
  ) {
    super(key, sizeMs);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  ended(result: Result): void {
    if (this.isGivenUp) return;
    this.isGivenUp = true;
    this.done(result);
    if (typeof result === 'number') this.#resolve({ status: result, data: '' });
    else this.#reject(Object.assign(new Error(result), result === 'refused' && { requestSent: false }));
  }
}
