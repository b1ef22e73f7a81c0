import { setTimeout as sleep } from 'node:timers/promises';
import type { Request } from 'evenkeel';
import { census, type Homes, movesBetween } from './census.ts';
import type { Cluster } from './cluster.ts';
import { Phase } from './phase.ts';
import { OPENING, type Step, scenario } from './scenario.ts';
import { foundOut, weightShare } from './watch.ts';

const LOOK_EVERY_MS = 20;
/**
 * On a slow machine the next step waits so long until a fault has been found out, as long as requests come.
 */
const FAULT_MS = 3_000;

/** What a {@link Stage} needs of a pass. */
export interface Play {
  readonly cluster: Cluster;
  /** One request for each distinct key. */
  readonly samples: readonly Request[];
  /** How many requests have been sent. */
  readonly sent: () => number;
}

/** Takes the steps of the scenario while traffic runs, and watches what each does to keys and loads. */
export class Stage {
  readonly phases: Phase[];
  /** Where in the stream each step began. */
  readonly stepsAt: number[] = [];
  /** What happened, in words; what is happening comes last. */
  readonly story: string[] = [OPENING.now];
  /** Why a step could not be taken. */
  failure: unknown;
  readonly #play: Play;
  #steps: Promise<void> = Promise.resolve();
  #taken = 0;
  /** When it no longer waits for the pool to settle. */
  #patientUntil = Number.POSITIVE_INFINITY;

  constructor(play: Play) {
    this.#play = play;
    this.phases = [new Phase(undefined, 0, play.cluster.way.stats())];
  }

  /** Begins the next step; traffic does not wait for it. */
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

  /** Whether steps that have begun are still to be taken to their end. */
  get isBehind(): boolean {
    return this.#taken < this.stepsAt.length;
  }

  /**
   * Resolves when the pool has settled after the last step, or the patience for that is at an end.
   * @throws what a step failed with
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

  /** Whether no more requests come. */
  get #isOver(): boolean {
    return this.#patientUntil < Number.POSITIVE_INFINITY;
  }

  /** Whether it was found out, and the backend gets nothing any more, or all that is due to it. */
  #hasSettled({ beganAt }: Phase, { kind, backend }: Step): boolean {
    const stats = this.#play.cluster.way.stats();
    return kind === 'fault' ? foundOut(stats, backend, beganAt) !== undefined : this.#shareOf(backend) === 1;
  }

  /**
   * Whether all backends but that of a step have their whole weight, so that what moves is on account of that
   * one.
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

  /** @returns where keys live at its end; `null` where they have no homes */
  async #endPhase(): Promise<Homes | null> {
    const { cluster, samples, sent } = this.#play;
    const homes = await census(cluster.way, samples);
    this.phases.at(-1)?.end(sent(), cluster.way.stats(), homes);
    return homes;
  }
}
