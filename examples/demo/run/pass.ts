// A pass: one run of the stream through the scenario.

import type { Explanation, Request, StrategyName } from 'evenkeel';
import { FIRST_FOUR, MAX_IN_FLIGHT, REQUESTS_PER_SECOND } from '../settings.ts';
import type { OpenWay, WayStats } from '../ways/way.ts';
import { type Keys, keysOf } from './census.ts';
import { Cluster } from './cluster.ts';
import { Ledger } from './ledger.ts';
import type { Schedule } from './schedule.ts';
import { Stage } from './stage.ts';
import { sendAll } from './traffic.ts';
import { Watch } from './watch.ts';

const LOOK_EVERY_MS = 20;
/** Every hundredth decision is explained. */
const EXPLAIN_EVERY = 100;

/** A decision and its request. */
export interface Decision {
  readonly request: Request;
  readonly explanation: Explanation;
}

/** One run of a stream through the scenario, with new backends. Its fields may be read at any time. */
export class Pass {
  readonly strategy: StrategyName;
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly stage: Stage;
  readonly watch: Watch;
  sent = 0;
  /** The explanation of one of the last requests. */
  lastDecision: Decision | undefined;
  readonly keys: Keys;
  readonly stream: readonly Request[];
  /** The pool's figures at its end. */
  #final: WayStats | undefined;

  private constructor(stream: readonly Request[], strategy: StrategyName, cluster: Cluster, keys: Keys) {
    this.strategy = strategy;
    this.cluster = cluster;
    this.ledger = new Ledger(stream.length);
    this.stream = stream;
    this.keys = keys;
    this.stage = new Stage({ cluster, samples: keys.samples, sent: () => this.sent });
    this.watch = new Watch(cluster.way);
  }

  static async open(stream: readonly Request[], strategy: StrategyName, openWay: OpenWay): Promise<Pass> {
    const cluster = await Cluster.open(FIRST_FOUR, strategy, openWay);
    return new Pass(stream, strategy, cluster, await keysOf(cluster.way, stream));
  }

  /** Whether the strategy gives keys a home. */
  get hasHomes(): boolean {
    return this.keys.boundFactor !== null;
  }

  /** The pool's figures now, or at the end of the pass: later changes do not belong to it. */
  stats(): WayStats {
    return this.#final ?? this.cluster.way.stats();
  }

  /** Sends the stream while the steps of the scenario run. Resolves after the last response and step. */
  async run(schedule: Schedule, signal: AbortSignal): Promise<void> {
    const { stage, watch } = this;
    const isWaiting = () => schedule.patienceMs > 0 && stage.isBehind;
    const isOver = (index: number) =>
      signal.aborted ||
      stage.failure !== undefined ||
      index >= this.stream.length ||
      (schedule.isOver(index) && !isWaiting());
    const looking = setInterval(() => watch.look(this.sent), LOOK_EVERY_MS);
    try {
      watch.look(0);
      await sendAll({ perSecond: REQUESTS_PER_SECOND, maxInFlight: MAX_IN_FLIGHT, isOver }, (index) => {
        while (schedule.isDue(stage.stepsAt.length, index)) stage.begin(index);
        return this.#send(index);
      });
      await stage.finish(signal.aborted ? 0 : schedule.patienceMs);
      watch.look(this.sent);
      this.#final = this.cluster.way.stats();
    } finally {
      clearInterval(looking);
    }
  }

  /** Sends a request and records its result. */
  async #send(index: number): Promise<void> {
    const { way } = this.cluster;
    const request = this.stream[index] as Request;
    if (index % EXPLAIN_EVERY === 0) this.lastDecision = { request, explanation: await way.explain(request) };
    const sentAt = performance.now();
    this.sent++;
    try {
      const { status, body, fromCache } = await way.send(request);
      if (status !== 200) this.ledger.lose(`${request.path} was answered with status ${status}`);
      else if (!body.startsWith(`${request.path},`)) this.ledger.lose(`${request.path} got another page`);
      else this.ledger.answer(index, fromCache, performance.now() - sentAt);
    } catch (error) {
      this.ledger.lose(`${request.path} failed: ${(error as Error).message}`);
    }
  }
}
