import type { Explanation, Request, StrategyName } from '../../../src/index.ts';
import { FIRST_FOUR, MAX_IN_FLIGHT, REQUESTS_PER_SECOND } from '../settings.ts';
import { BoundsWatch } from './bounds-watch.ts';
import { census, movesBetween, oneForEachKey } from './census.ts';
import { Cluster } from './cluster.ts';
import { Ledger } from './ledger.ts';
import { Phase } from './phase.ts';
import { OPENING, type Step, scenario } from './scenario.ts';
import type { Schedule } from './schedule.ts';
import { sendAll } from './traffic.ts';

/** One run of a stream through the scenario, over fresh backends. Its fields may be read at any time. */
export class Pass {
  readonly strategy: StrategyName;
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly bounds = new BoundsWatch();
  readonly phases: Phase[];
  /** Where in the stream each step of the scenario began. */
  readonly stepsAt: number[] = [];
  /** What is happening. */
  now = OPENING.now;
  sent = 0;
  /** Why the last request went where it went. */
  lastDecision: { readonly request: Request; readonly explanation: Explanation } | undefined;
  /** Whether the strategy gives keys a home. */
  readonly hasHomes: boolean;
  readonly stream: readonly Request[];
  /** One request for each distinct key. */
  readonly #samples: readonly Request[];
  #steps: Promise<void> = Promise.resolve();
  #stepFailed: unknown;

  private constructor(stream: readonly Request[], strategy: StrategyName, cluster: Cluster) {
    const { balancer } = cluster.loadbalancer;
    this.strategy = strategy;
    this.cluster = cluster;
    this.ledger = new Ledger(stream.length);
    this.phases = [new Phase(OPENING.name, 0, balancer)];
    this.stream = stream;
    this.#samples = oneForEachKey(balancer, stream);
    this.hasHomes = this.#samples.some((request) => balancer.explain(request).owner !== undefined);
  }

  static async open(stream: readonly Request[], strategy: StrategyName): Promise<Pass> {
    return new Pass(stream, strategy, await Cluster.open(FIRST_FOUR, strategy));
  }

  get distinctKeys(): number {
    return this.#samples.length;
  }

  /** Sends the stream while the steps of the scenario are taken. Resolves when all is answered and done. */
  async run(schedule: Schedule, signal: AbortSignal): Promise<void> {
    const isOver = (index: number) =>
      signal.aborted || this.#stepFailed !== undefined || schedule.isOver(index);
    await sendAll({ perSecond: REQUESTS_PER_SECOND, maxInFlight: MAX_IN_FLIGHT, isOver }, (index) => {
      while (schedule.isDue(this.stepsAt.length, index)) this.#begin(index);
      return this.#send(index);
    });
    await this.#steps;
    if (this.#stepFailed !== undefined) throw this.#stepFailed;
    this.phases.at(-1)?.end(this.sent, this.cluster.loadbalancer.balancer);
  }

  /** Sends one request through the load balancer, and notes what comes of it. */
  async #send(index: number): Promise<void> {
    const { loadbalancer } = this.cluster;
    const request = this.stream[index] as Request;
    const explanation = loadbalancer.balancer.explain(request);
    const sentAt = performance.now();
    this.sent++;
    const settled = loadbalancer.onRequest(request, {
      writeResponse: ({ status, headers }) => {
        if (status !== 200) this.ledger.lose(`${request.path} was answered with status ${status}`);
        else this.ledger.answer(index, headers?.['x-cache'] === 'hit', performance.now() - sentAt);
      },
      writeHeader: () => {},
      writeError: (error) => this.ledger.lose(`${request.path} failed: ${error.message}`),
    });
    // The backend was chosen synchronously.
    this.bounds.check(explanation, loadbalancer.balancer);
    this.lastDecision = { request, explanation };
    await settled;
  }

  /** Begins the next step, after the one before; traffic does not wait for it. */
  #begin(index: number): void {
    const step = scenario[this.stepsAt.length] as Step;
    this.stepsAt.push(index);
    this.#steps = this.#steps
      .then(() => this.#take(step))
      .catch((error) => {
        this.#stepFailed = error;
      });
  }

  async #take(step: Step): Promise<void> {
    this.now = step.doing;
    await step.prepare?.(this.cluster);
    this.#change(step);
    await step.finish?.(this.cluster);
    this.now = step.done;
  }

  /** Makes a change between a census before it and one after it, at one instant: no request comes between. */
  #change(step: Step): void {
    const { balancer } = this.cluster.loadbalancer;
    this.phases.at(-1)?.end(this.sent, balancer);
    const planned = this.#planned(step);
    const before = census(balancer, this.#samples);
    step.change(this.cluster);
    const after = census(balancer, this.#samples);
    const relocation =
      before && after
        ? { ...movesBetween(before, after, step.backend), ideal: 1 / step.backends, planned }
        : null;
    this.phases.push(new Phase(step.name, this.sent, balancer, relocation));
  }

  /** The share of the key space that should move; `null` where the strategy has no arcs to tell it from. */
  #planned(step: Step): number | null {
    try {
      return this.cluster.loadbalancer.balancer.plan(step.planned(this.cluster)).moved;
    } catch (error) {
      if (error instanceof TypeError) return null;
      throw error;
    }
  }
}
