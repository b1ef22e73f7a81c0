// Scenarios that are ready to run, each one a lesson.
import type { Scenario } from 'evenkeel/simulator';

/** A scenario with what it teaches. */
export interface Preset {
  /** In a few words, for lists. */
  readonly title: string;
  /** A paragraph that the figures bear out. */
  readonly lesson: string | undefined;
  readonly scenario: Scenario;
}

export const presets: Readonly<Record<string, Preset>> = {
  hello: {
    title: '10 backends with caches, every strategy',
    lesson: undefined,
    scenario: { backends: [{ count: 10, cache: 1_000 }] },
  },
};
