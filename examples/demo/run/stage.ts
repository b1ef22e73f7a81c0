// Runs the steps of the scenario.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Request } from 'evenkeel';
import { census, type Homes, movesBetween } from './census.ts';
import type { Cluster } from './cluster.ts';
import { Phase } from './phase.ts';
import { OPENING, type Step, scenario } from './scenario.ts';
import { foundOut, weightShare } from './watch.ts';

const LOOK_EVERY_MS = 20;
/**
 * The longest wait of the next step, on a slow machine, until a fault was detected, while requests are sent.
 */
const FAULT_MS = 3_000;

/** The parts of a pass that a {@link Stage} uses. */
export interface Play {
  readonly cluster: Cluster;
  /** One request for each distinct key. */
  readonly samples: readonly Request[];
  /** Number of requests sent so far. */
  readonly sent: () => number;
}

/** Runs the steps of the scenario during the traffic, and records the effects of each on keys and loads. */
export class Stage {
  readonly phases: Phase[];
  /** Index in the stream at which each step began. */
  readonly stepsAt: number[] = [];
  /** Texts about the steps so far; the current step is last. */
  readonly story: string[] = [OPENING.now];
  /** The error of a step that failed. */
  failure: unknown;
  readonly #play: Play;
  #steps: Promise<void> = Promise.resolve();
  #taken = 0;
  /** The time limit for the recovery of the pool. */
  #patientUntil = Number.POSITIVE_INFINITY;

  constructor(play: Play) {
    this.#play = play;
    this.phases = [new Phase(undefined, 0, play.cluster.way.stats())];
  }

  /** Begins the next step. Traffic does not wait for it. */
  begin(index: number): void {
    const number = this.stepsAt.length;
    const step = scenario[number] as Step;
    this.stepsAt.push(index);
    this.#steps = this.#steps
      .then(() => this.#take(step, () => this.stepsAt.length > number + 1))
      .catch((error) => {
        this.failure = error;
      })
      .finally(() => {
        this.#taken++;
      });
  }

  /** Whether steps that began are to be completed. */
  get isBehind(): boolean {
    return this.#taken < this.stepsAt.length;
  }

  /**
   * Resolves when the pool has recovered after the last step, or the time limit for that is reached.
   * @throws the error of a step
   */
  async finish(patienceMs: number): Promise<void> {
    this.#patientUntil = performance.now() + patienceMs;
    await this.#steps;
    if (this.failure !== undefined) throw this.failure;
    await this.#endPhase();
  }

  async #take(step: Step, isNextDue: () => boolean): Promise<void> {
    const { cluster, samples, sent } = this.#play;
    const { way } = cluster;
    this.story.push(step.doing);
    await step.prepare?.(cluster);
    const planned = cluster.planned(step.planned(cluster));
    const before = await this.#endPhase();
    const wasSteady = this.#isSteady(step) && this.#shareOf(step.backend) === (step.kind === 'fault' ? 1 : 0);
    const phase = new Phase(step, sent(), way.stats());
    this.phases.push(phase);
    await step.change(cluster);
    while (!this.#hasSettled(phase, step)) {
      const isUnfound = step.kind === 'fault' && Date.now() - phase.beganAt < FAULT_MS && !this.#isOver;
      if ((isNextDue() && !isUnfound) || performance.now() >= this.#patientUntil) return;
      await sleep(LOOK_EVERY_MS);
    }
    const after = wasSteady && this.#isSteady(step) ? await census(way, samples) : null;
    const ideal = 1 / step.backends;
    const moves = before && after && { ...movesBetween(before, after, step.backend), ideal, planned };
    phase.settle(moves, way.stats());
    this.story.push(step.done);
  }

  /** Whether all requests were sent. */
  get #isOver(): boolean {
    return this.#patientUntil < Number.POSITIVE_INFINITY;
  }

  /**
   * Whether the step took effect: a faulty backend gets no requests any more, or a recovered one its full
   * share.
   */
  #hasSettled({ beganAt }: Phase, { kind, backend }: Step): boolean {
    const stats = this.#play.cluster.way.stats();
    return kind === 'fault' ? foundOut(stats, backend, beganAt) !== undefined : this.#shareOf(backend) === 1;
  }

  /**
   * Whether all backends except that of the step have their full weight, so that only the step moves keys.
   */
  #isSteady({ backend }: Step): boolean {
    const { backends } = this.#play.cluster.way.stats();
    return backends.every((one) => one.id === backend || weightShare(one) === 1);
  }

  #shareOf(backend: string): number {
    const { backends } = this.#play.cluster.way.stats();
    const found = backends.find(({ id }) => id === backend);
    return found === undefined ? 0 : weightShare(found);
  }

  /** @returns the owners of keys at its end; `null` if keys have no homes */
  async #endPhase(): Promise<Homes | null> {
    const { cluster, samples, sent } = this.#play;
    const homes = await census(cluster.way, samples);
    this.phases.at(-1)?.end(sent(), cluster.way.stats(), homes);
    return homes;
  }
}
