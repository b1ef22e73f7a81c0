import type { Explanation, Request, StrategyName } from '../../../src/index.ts';
import { FIRST_FOUR, MAX_IN_FLIGHT, REQUESTS_PER_SECOND } from '../settings.ts';
import { BoundsWatch } from './bounds-watch.ts';
import { oneForEachKey } from './census.ts';
import { Cluster } from './cluster.ts';
import { Ledger } from './ledger.ts';
import type { Schedule } from './schedule.ts';
import { Stage } from './stage.ts';
import { sendAll } from './traffic.ts';
import { Weights } from './weights.ts';

const WEIGH_EVERY_MS = 50;

/** One run of a stream through the scenario, over fresh backends. Its fields may be read at any time. */
export class Pass {
  readonly strategy: StrategyName;
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly stage: Stage;
  readonly bounds = new BoundsWatch();
  readonly weights = new Weights();
  sent = 0;
  /** Why the last request went where it went. */
  lastDecision: { readonly request: Request; readonly explanation: Explanation } | undefined;
  readonly distinctKeys: number;
  /** Whether the strategy gives keys a home. */
  readonly hasHomes: boolean;
  readonly stream: readonly Request[];

  private constructor(stream: readonly Request[], strategy: StrategyName, cluster: Cluster) {
    const { balancer } = cluster.loadbalancer;
    const samples = oneForEachKey(balancer, stream);
    this.strategy = strategy;
    this.cluster = cluster;
    this.ledger = new Ledger(stream.length);
    this.stream = stream;
    this.distinctKeys = samples.length;
    this.hasHomes = samples.some((request) => balancer.explain(request).owner !== undefined);
    this.stage = new Stage({ cluster, samples, sent: () => this.sent });
  }

  static async open(stream: readonly Request[], strategy: StrategyName): Promise<Pass> {
    return new Pass(stream, strategy, await Cluster.open(FIRST_FOUR, strategy));
  }

  /** Sends the stream while the steps of the scenario are taken. Resolves when all is answered and done. */
  async run(schedule: Schedule, signal: AbortSignal): Promise<void> {
    const { stage } = this;
    const isOver = (index: number) => signal.aborted || stage.failure !== undefined || schedule.isOver(index);
    this.#weigh();
    const weighing = setInterval(() => this.#weigh(), WEIGH_EVERY_MS);
    try {
      await sendAll({ perSecond: REQUESTS_PER_SECOND, maxInFlight: MAX_IN_FLIGHT, isOver }, (index) => {
        while (schedule.isDue(stage.stepsAt.length, index)) stage.begin(index);
        return this.#send(index);
      });
      await stage.finish(signal.aborted ? 0 : schedule.patienceMs);
      this.#weigh();
    } finally {
      clearInterval(weighing);
    }
  }

  /** Sends one request through the load balancer, and notes what comes of it. */
  async #send(index: number): Promise<void> {
    const { loadbalancer } = this.cluster;
    const { balancer } = loadbalancer;
    const request = this.stream[index] as Request;
    const explanation = balancer.explain(request);
    const { dueAt } = balancer;
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
    // The backend was chosen synchronously, as explained, unless an ejection ended or a weight rose at that very moment.
    if (balancer.dueAt === dueAt) this.bounds.check(explanation, balancer);
    this.lastDecision = { request, explanation };
    await settled;
  }

  #weigh(): void {
    this.weights.sample(this.sent, this.cluster.loadbalancer.balancer.stats().backends);
  }
}
