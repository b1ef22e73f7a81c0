import { scenario } from './scenario.ts';

/** When the steps of the scenario begin, and when a pass is over. */
export interface Schedule {
  isOver(index: number): boolean;
  /** @param step - its place in the scenario */
  isDue(step: number, index: number): boolean;
  /** How long it may take, after the last answer, until the pool has settled. */
  readonly patienceMs: number;
}

/** Steps begin at their share of the stream, or of the time where that runs out first. */
export function byProgress(count: number, limitMs: number): Schedule {
  const startedAt = performance.now();
  const progress = (sent: number) => Math.max(sent / count, (performance.now() - startedAt) / limitMs);
  return {
    isOver: (index) => progress(index) >= 1,
    isDue: (step, index) => progress(index + 1) >= (scenario[step]?.at ?? Number.POSITIVE_INFINITY),
    patienceMs: 2_000,
  };
}

/**
 * Steps begin where they began in another pass, and the pass ends where that one ended, or sooner where the
 * time runs out.
 * @param fewest - requests that are sent however long that takes
 */
export function replaying(stepsAt: readonly number[], count: number, limitMs: number, fewest = 0): Schedule {
  const startedAt = performance.now();
  return {
    isOver: (index) => index >= count || (index >= fewest && performance.now() - startedAt >= limitMs),
    isDue: (step, index) => index >= (stepsAt[step] ?? Number.POSITIVE_INFINITY),
    patienceMs: 0,
  };
}
