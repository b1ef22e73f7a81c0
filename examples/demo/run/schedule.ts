// The schedule of the scenario.

import { scenario } from './scenario.ts';

/** The times at which steps begin and a pass ends. */
export interface Schedule {
  isOver(index: number): boolean;
  /** @param step - its index in the scenario */
  isDue(step: number, index: number): boolean;
  /** Time limit for the recovery of the pool after the last response. */
  readonly patienceMs: number;
}

/** Steps begin at their share of the stream, or of the time limit if that is reached earlier. */
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
 * Steps begin at the same requests as in another pass. The pass ends at the same request, or earlier at the
 * time limit.
 * @param fewest - the least number of requests, whatever the time limit
 */
export function replaying(stepsAt: readonly number[], count: number, limitMs: number, fewest = 0): Schedule {
  const startedAt = performance.now();
  return {
    isOver: (index) => index >= count || (index >= fewest && performance.now() - startedAt >= limitMs),
    isDue: (step, index) => index >= (stepsAt[step] ?? Number.POSITIVE_INFINITY),
    patienceMs: 0,
  };
}
