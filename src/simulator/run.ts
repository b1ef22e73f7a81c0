// One contender in one placement: its backends on a virtual clock, its balancers, and what happens to them.
import type { Balancer } from '../balancer/balancer.ts';
import type { UrlBackend } from '../contracts.ts';
import type { ContenderSetup } from './contenders.ts';
import { exponential, seededStream } from './random.ts';
import type { AttemptOutcome, NoticedEvent } from './result.ts';
import type { BackendSetup, Setup, Step } from './setup.ts';
import { SimulatedServer } from './simulated-server.ts';
import { type SeriesSums, Tally } from './tally.ts';
import { TraceWriter } from './trace.ts';
import type { TrafficChunk } from './traffic.ts';
import { VirtualEnv } from './virtual-env.ts';

/** What a run is made of. */
export interface RunParts {
  readonly setup: Setup;
  readonly contender: ContenderSetup;
  /** The number of the placement, from 0. */
  readonly placement: number;
  readonly series: SeriesSums;
  /** How many keys the traffic has. */
  readonly keys: number | undefined;
}

const MOST_NOTICED = 1_000;
/** How long requests may take to end after the last one has come, beside as long as the run was. */
const REST_MS = 60_000;
/** How often backends report their workload, where a contender wants to know. */
const REPORT_MS = 1_000;

/** One contender in one placement. Subclasses send the requests. */
export abstract class Run {
  readonly env: VirtualEnv;
  readonly servers: readonly SimulatedServer[];
  readonly tally: Tally;
  /** The weights of the backends that are in the pool, 0 for others. */
  readonly weights: Float64Array;
  /** How many of the attempts that count would be each backend's by its weight while it was in the pool. */
  readonly fair: Float64Array;
  readonly noticed: NoticedEvent[] = [];
  readonly trace: TraceWriter | undefined;
  protected readonly parts: RunParts;
  /** How often clients send a request again that failed. */
  protected storm = 0;
  #number = 0;
  /** Attempts that `fair` knows of. */
  #shared = 0;
  readonly #warmUp: number;
  readonly #slow: Float64Array;
  readonly #noise: Float64Array;

  constructor(parts: RunParts) {
    const { setup, placement, series, keys } = parts;
    const { backends, seed, measure } = setup;
    this.parts = parts;
    this.env = new VirtualEnv(seed);
    this.servers = backends.map(({ server }, i) => new SimulatedServer(this.env, urlOf(i), server));
    this.tally = new Tally(series, keys);
    this.weights = Float64Array.from(backends, ({ weight, isFirst }) => (isFirst ? weight : 0));
    this.fair = new Float64Array(backends.length);
    this.trace = placement === 0 && measure.trace > 0 ? new TraceWriter(measure.trace) : undefined;
    this.#warmUp = Math.floor(setup.requests * measure.warmUp);
    this.#slow = new Float64Array(backends.length).fill(1);
    this.#noise = new Float64Array(backends.length).fill(1);
    for (const [i, backend] of backends.entries()) this.#disturb(i, backend);
    for (const step of setup.steps) this.env.at(step.atMs, () => this.#take(step));
  }

  /** Which floor it is. */
  abstract readonly floor: 'fast' | 'whole';

  /** The strategy as the engine names it. */
  get strategy(): string {
    return (this.balancers[0] as Balancer<never>).stats().strategy;
  }

  /** The engines of the load balancers. */
  protected abstract readonly balancers: readonly Balancer<never>[];

  /** Sends requests in the order of their times. */
  abstract feed(chunk: TrafficChunk): void | Promise<void>;

  /** Lets all requests end that do. */
  abstract finish(): void | Promise<void>;

  /** How long the rest may take, in milliseconds of the clock. */
  protected get restUntilMs(): number {
    return Math.max(this.env.now, this.parts.setup.durationMs) * 2 + REST_MS;
  }

  /** The number of the next request, from 0. */
  protected nextNumber(): number {
    return this.#number++;
  }

  /** Whether a request is after the warm-up. */
  protected isMeasured(number: number): boolean {
    return number >= this.#warmUp;
  }

  /** Called when all requests have come. */
  protected closeArrivals(): void {
    this.tally.closePoint(0, this.weights);
  }

  /** The entries of the pool, with ids that differ from one placement to the next. */
  protected pool(): (UrlBackend & { id: string })[] {
    return this.parts.setup.backends.flatMap((_, i) => (this.weights[i] === 0 ? [] : [this.entry(i)]));
  }

  protected entry(number: number): UrlBackend & { id: string } {
    const { weight, zone } = this.parts.setup.backends[number] as BackendSetup;
    return { id: this.idOf(number), url: urlOf(number), weight, ...(zone !== undefined && { zone }) };
  }

  /** The name of a backend in the first placement, and another one in each further placement. */
  protected idOf(number: number): string {
    const { setup, placement } = this.parts;
    const { name } = setup.backends[number] as BackendSetup;
    return placement === 0 ? name : `${name}.${placement + 1}`;
  }

  /** The seed that mixes the keys of a placement. */
  protected get placementSeed(): number {
    return this.parts.placement === 0 ? 0 : Math.imul(this.parts.placement, 0x9e3779b1);
  }

  /** The key function of the balancers. @param own - the key of a request */
  protected keyOf<R>(own: (request: R) => string): (request: R) => string {
    const { seesKey } = this.parts.contender;
    if (seesKey === undefined) return own;
    const seed = this.placementSeed;
    return (request) => {
      const key = own(request);
      seesKey(key, seed);
      return key;
    };
  }

  /** A stream of random numbers of a placement. */
  protected stream(name: string): () => number {
    return seededStream(this.parts.setup.seed, `${name} in placement ${this.parts.placement}`);
  }

  /** Notes what a balancer tells. */
  protected watch(balancer: Balancer<never>, number: number): void {
    if (this.parts.placement > 0) return;
    balancer.subscribe((event) => {
      if (this.noticed.length >= MOST_NOTICED) return;
      const backend = 'backend' in event ? event.backend : undefined;
      this.noticed.push({ atMs: this.env.now, type: event.type, backend, balancer: number });
    });
  }

  /** Lets the backends report how much of their time they worked. */
  protected planReports(): void {
    const before = new Float64Array(this.servers.length);
    const report = () => {
      for (const [i, server] of this.servers.entries()) {
        const { concurrency = 1 } = (this.parts.setup.backends[i] as BackendSetup).server;
        const cpu = Math.min(1, (server.workedMs - (before[i] as number)) / (REPORT_MS * concurrency));
        before[i] = server.workedMs;
        const id = this.idOf(i);
        for (const balancer of this.balancers) if (balancer.has(id)) balancer.report(id, { cpu });
      }
      this.env.after(REPORT_MS, report);
    };
    this.env.after(REPORT_MS, report);
  }

  /** Slows a backend down at times. */
  #disturb(number: number, { antagonist }: BackendSetup): void {
    if (antagonist === undefined) return;
    const { onMs, offMs, factor } = antagonist;
    // The same for every contender and placement.
    const random = seededStream(this.parts.setup.seed, `antagonist ${number}`);
    const flip = () => {
      const isOn = this.#noise[number] === 1;
      this.#noise[number] = isOn ? factor : 1;
      this.#setSpeed(number);
      this.env.after(exponential(random, isOn ? onMs : offMs), flip);
    };
    this.env.after(exponential(random, offMs), flip);
  }

  #setSpeed(number: number): void {
    const { speed = 1 } = (this.parts.setup.backends[number] as BackendSetup).server;
    const server = this.servers[number] as SimulatedServer;
    server.speed = speed / (this.#slow[number] as number) / (this.#noise[number] as number);
  }

  #take(step: Step): void {
    if (step.act === 'storm') {
      this.storm = step.retries;
      return;
    }
    for (const number of step.backends) this.#takeFor(step, number, this.servers[number] as SimulatedServer);
  }

  #takeFor(step: Exclude<Step, { act: 'storm' }>, number: number, server: SimulatedServer): void {
    const id = this.idOf(number);
    switch (step.act) {
      case 'refuse':
        server.conduct = 'refused';
        break;
      case 'freeze':
        server.freeze();
        break;
      case 'kill':
        server.conduct = 'refused';
        server.reset();
        break;
      case 'recover':
        // A process that hung was killed; what it had is lost.
        if (server.conduct === 'silent') server.reset();
        server.forget();
        server.conduct = 'well';
        break;
      case 'slow':
        this.#slow[number] = (this.#slow[number] as number) * step.factor;
        this.#setSpeed(number);
        break;
      case 'errors':
        server.errors =
          step.ratio === 0
            ? undefined
            : { ratio: step.ratio, status: step.status, random: this.stream(`errors of ${number}`) };
        break;
      case 'join':
        this.#setWeight(number, (this.parts.setup.backends[number] as BackendSetup).weight);
        for (const balancer of this.balancers) if (!balancer.has(id)) balancer.add(this.entry(number));
        break;
      case 'leave':
        this.#setWeight(number, 0);
        for (const balancer of this.balancers) if (balancer.has(id)) balancer.remove(id);
        break;
      case 'drain':
        for (const balancer of this.balancers) if (balancer.has(id)) void balancer.drain(id);
        break;
      case 'resume':
        for (const balancer of this.balancers) if (balancer.has(id)) balancer.resume(id);
        break;
      case 'weight': {
        const weight = step.weight ?? (this.parts.setup.backends[number] as BackendSetup).weight;
        this.#setWeight(number, weight);
        for (const balancer of this.balancers) if (balancer.has(id)) balancer.setWeight(id, weight);
        break;
      }
      case 'redeploy':
        this.#redeploy(step, number, server);
        break;
    }
  }

  /** Drains a backend, restarts it when it has nothing to do, and takes it back. */
  #redeploy(
    { downMs, waitMs }: { readonly downMs: number; readonly waitMs: number },
    number: number,
    server: SimulatedServer,
  ): void {
    const now = (act: 'drain' | 'recover' | 'resume') =>
      this.#takeFor({ act, atMs: this.env.now, backends: [number] }, number, server);
    now('drain');
    let hasBegun = false;
    const restart = () => {
      if (hasBegun) return;
      hasBegun = true;
      server.conduct = 'refused';
      server.reset();
      this.env.after(downMs, () => {
        now('recover');
        now('resume');
      });
    };
    server.whenIdle(restart);
    this.env.after(waitMs, restart);
  }

  #setWeight(number: number, weight: number): void {
    this.shareOut();
    this.weights[number] = weight;
  }

  /** Divides the attempts since the last change of the pool by the weights. */
  protected shareOut(): void {
    const { measured } = this.tally;
    const attempts = measured - this.#shared;
    this.#shared = measured;
    const sum = this.weights.reduce((total, weight) => total + weight, 0);
    if (sum === 0) return;
    for (const [i, weight] of this.weights.entries()) (this.fair[i] as number) += (attempts * weight) / sum;
  }
}

/** How an attempt is told in a trace. */
export function outcomeOf(result: number | 'refused' | 'reset' | 'timeout', isHit: boolean): AttemptOutcome {
  if (typeof result !== 'number') return result;
  return result >= 400 ? 'error' : isHit ? 'hit' : 'miss';
}

/** The URL of a backend by its number. */
function urlOf(number: number): string {
  return `http://10.0.${number >> 8}.${number & 255}:8080`;
}
