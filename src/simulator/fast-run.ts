// The fast floor: `Balancer`, guards and the retry loop as plain calls, without a promise.
import { Balancer } from '../balancer/balancer.ts';
import type { AcquireOptions } from '../balancer/decisions.ts';
import type { Lease } from '../balancer/lease.ts';
import { UpstreamTimeoutError } from '../errors.ts';
import { isFailureStatus } from '../http/failure-statuses.ts';
import { type AttemptRules, Attempts, type Sender } from '../traffic/attempts.ts';
import { Failover } from '../traffic/failover.ts';
import { CheckRounds } from './check-rounds.ts';
import { balancerOptions, guardsOf } from './contenders.ts';
import { Job, type Result } from './job.ts';
import { outcomeOf, Run, type RunParts } from './run.ts';
import type { SimulatedServer } from './simulated-server.ts';
import type { TrafficChunk } from './traffic.ts';

/** A contender without a queue, in one placement. */
export class FastRun extends Run {
  readonly floor = 'fast';
  protected readonly balancers: readonly Balancer<Exchange>[];
  readonly #rules: readonly AttemptRules<Exchange>[];
  /** The numbers of the backends by their ids. */
  readonly #numbers = new Map<string, number>();
  /** Whether guards want to know who asks. */
  readonly #tellsClients: boolean;
  /** Requests that have not ended. */
  readonly #open = new Set<Exchange>();
  readonly timeoutMs: number | undefined;

  constructor(parts: RunParts) {
    super(parts);
    const { contender, setup } = parts;
    const { clock, timers } = this.env;
    this.timeoutMs = contender.timeoutMs;
    this.#tellsClients = contender.guards.outlierEjection !== undefined;
    for (const i of setup.backends.keys()) this.#numbers.set(this.idOf(i), i);
    const key = this.keyOf(contender.isByClient ? ({ client }: Exchange) => client : ({ name }) => name);
    const isZoned = setup.balancers.some((zone) => zone !== undefined);
    this.#rules = setup.balancers.map((zone, i) => {
      const env = { clock, timers, random: this.stream(`balancer ${i}`) };
      const balancer = new Balancer<Exchange>(this.pool(), {
        ...balancerOptions(contender, isZoned ? () => zone : undefined),
        seed: this.placementSeed,
        guards: guardsOf(contender),
        key,
        env,
      });
      const failover = contender.failover && new Failover(contender.failover, this.stream(`retries ${i}`));
      return { balancer, failover, queue: undefined, env };
    });
    this.balancers = this.#rules.map(({ balancer }) => balancer);
    for (const [i, balancer] of this.balancers.entries()) {
      this.watch(balancer, i);
      if (contender.health !== undefined)
        new CheckRounds(this, balancer, contender.health, this.stream(`checks ${i}`), this.#numbers);
    }
    if (contender.reports) this.planReports();
  }

  feed(chunk: TrafficChunk): void {
    const { atMs, keys, names, clients, sizesMs, writes, balancers } = chunk;
    for (let i = 0; i < chunk.count; i++) {
      const at = atMs[i] as number;
      this.env.run(at);
      const number = this.nextNumber();
      const key = keys[i] as number;
      const balancer = balancers[i] as number;
      const exchange = new Exchange(
        this,
        this.#rules[balancer] as AttemptRules<Exchange>,
        number,
        this.isMeasured(number),
        at,
      );
      exchange.key = key;
      exchange.name = names[i] as string;
      exchange.sizeMs = sizesMs[i] as number;
      exchange.client = String(clients[i]);
      if (writes[i] === 1) exchange.method = 'POST';
      exchange.resends = this.storm;
      this.#open.add(exchange);
      this.trace?.began(number, at, key, balancer);
      exchange.begin();
    }
  }

  finish(): void {
    this.closeArrivals();
    const until = this.restUntilMs;
    while (this.#open.size > 0 && this.env.step(until));
    // What is never answered is an error. Not through `end`, as nothing is sent any more.
    for (const { atMs, isMeasured } of this.#open) this.tally.ended(atMs, Number.NaN, isMeasured);
    this.#open.clear();
    this.shareOut();
  }

  /** What `acquire` is told where the request is sent once. */
  onceOptions(exchange: Exchange): AcquireOptions | undefined {
    return this.#tellsClients ? { client: exchange.client } : undefined;
  }

  numberOf(id: string): number {
    return this.#numbers.get(id) as number;
  }

  /** Ends a request, or sends it again as its client does. @param status - 0 for none */
  ended(exchange: Exchange, status: number): void {
    const { now } = this.env;
    const isError = status === 0 || status >= 500;
    if (isError && exchange.resends > 0 && this.storm > 0) {
      exchange.resends--;
      this.env.after(0, () => exchange.begin());
      return;
    }
    this.#open.delete(exchange);
    this.tally.ended(exchange.atMs, isError ? Number.NaN : now - exchange.atMs, exchange.isMeasured);
    this.trace?.ended(exchange.number, now, status);
  }
}

/** A request of a client. */
class Exchange implements Sender<Exchange> {
  readonly number: number;
  readonly isMeasured: boolean;
  readonly atMs: number;
  key = 0;
  name = '';
  client = '';
  method = 'GET';
  sizeMs = 0;
  /** How often its client sends it again. */
  resends = 0;
  status = 0;
  attempts: Attempts<Exchange> | undefined = undefined;
  readonly #run: FastRun;
  readonly #rules: AttemptRules<Exchange>;

  constructor(
    run: FastRun,
    rules: AttemptRules<Exchange>,
    number: number,
    isMeasured: boolean,
    atMs: number,
  ) {
    this.#run = run;
    this.#rules = rules;
    this.number = number;
    this.isMeasured = isMeasured;
    this.atMs = atMs;
  }

  get request(): this {
    return this;
  }

  get clientAddress(): string {
    return this.client;
  }

  get session(): undefined {
    return undefined;
  }

  get signal(): undefined {
    return undefined;
  }

  get canRepeat(): boolean {
    return true;
  }

  begin(): void {
    this.status = 503;
    if (this.#rules.failover !== undefined) {
      this.attempts = new Attempts(this.#rules, this);
      this.attempts.first();
      return;
    }
    const options = this.#run.onceOptions(this);
    const { balancer } = this.#rules;
    const lease = options === undefined ? balancer.acquire(this) : balancer.acquire(this, options);
    if (lease === undefined) this.#run.ended(this, 503);
    else this.send(lease);
  }

  send(lease: Lease): void {
    const run = this.#run;
    const { now } = run.env;
    const backend = run.numberOf(lease.backend.id);
    const { tally, trace } = run;
    tally.sent(backend, now, this.isMeasured, run.weights);
    if (this.attempts !== undefined && this.attempts.made > 1) tally.retried(this.atMs, this.isMeasured);
    else if (lease.spilled) tally.spilled(now, this.isMeasured);
    else tally.placed(this.key, backend, now, this.isMeasured);
    const attempt = new Attempt(run, this, lease, backend);
    if (trace !== undefined) attempt.told = trace.sent(this.number, backend, now);
    if (run.timeoutMs !== undefined) attempt.limit(run.timeoutMs);
    (run.servers[backend] as SimulatedServer).receive(attempt);
  }

  stands(): void {
    this.#close();
  }

  failed(): void {
    this.#close();
  }

  /** Called when an attempt has ended. */
  attempted(lease: Lease, result: Result | 'timeout'): void {
    this.status = typeof result === 'number' ? result : result === 'timeout' ? 504 : 502;
    const { attempts } = this;
    if (attempts !== undefined) {
      const verdict =
        typeof result === 'number'
          ? attempts.responded(result, isFailureStatus(result))
          : attempts.failed(ERRORS[result], result === 'refused' ? 'unsent' : 'sent');
      if (verdict === 'stands') this.#close();
      return;
    }
    if (typeof result === 'number') {
      const isFailure = isFailureStatus(result);
      if (isFailure) lease.responded(result, true);
      lease.release(isFailure ? 'failure' : 'success');
    } else if (result === 'timeout') lease.release('failure', { cause: 'late' });
    else lease.release('failure');
    this.#run.ended(this, this.status);
  }

  #close(): void {
    this.attempts?.end();
    this.attempts = undefined;
    this.#run.ended(this, this.status);
  }
}

/** An attempt of a request at one backend. */
class Attempt extends Job {
  /** Its number in the trace. */
  told = -1;
  readonly #run: FastRun;
  readonly #exchange: Exchange;
  readonly #lease: Lease;
  readonly #backend: number;
  #cancelTimer: (() => void) | undefined = undefined;
  #isGivenUp = false;

  constructor(run: FastRun, exchange: Exchange, lease: Lease, backend: number) {
    super(exchange.key, exchange.sizeMs);
    this.#run = run;
    this.#exchange = exchange;
    this.#lease = lease;
    this.#backend = backend;
  }

  /** Gives up when it takes too long; the backend works on, as it learns nothing of it. */
  limit(timeoutMs: number): void {
    this.#cancelTimer = this.#run.env.timers.schedule(() => {
      this.#isGivenUp = true;
      this.#tell('timeout');
    }, timeoutMs);
  }

  ended(result: Result): void {
    const { isMeasured } = this.#exchange;
    if (this.hasLooked) this.#run.tally.lookedUp(this.#backend, this.isHit, this.startedAt, isMeasured);
    if (this.#isGivenUp) return;
    this.#cancelTimer?.();
    this.#tell(result);
  }

  #tell(result: Result | 'timeout'): void {
    const run = this.#run;
    const exchange = this.#exchange;
    if (this.told >= 0)
      run.trace?.done(this.told, this.startedAt, run.env.now, outcomeOf(result, this.isHit));
    if (typeof result !== 'number' || result >= 500) run.tally.failed(this.#backend, exchange.isMeasured);
    exchange.attempted(this.#lease, result);
  }
}

const ERRORS = {
  refused: new Error('refused'),
  reset: new Error('reset'),
  timeout: new UpstreamTimeoutError('timeout'),
} as const;
