// The phases of a pass in the report.

import { hitRate } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';

/** A phase: the time from one step of the scenario to the next. */
export interface PhaseReport {
  readonly name: string;
  readonly requests: number;
  readonly hitRate: number | null;
  /** The load of the busiest backend over the mean. */
  readonly spread: { readonly requests: number | null; readonly keys: number | null };
  /**
   * The keys that the step at its beginning moved; `strayed` are those that moved between other backends.
   * `null` if keys have no homes, or the pool had no time to recover.
   */
  readonly keys: {
    readonly moved: number;
    readonly strayed: number;
    readonly ideal: number;
    readonly planned: number | null;
  } | null;
}

/** The phases of a pass, beginning with the opening. */
export function phaseReports({ stage, ledger }: Pass): PhaseReport[] {
  return stage.phases.map(({ name, from, to, requestSpread, keySpread, relocation }) => ({
    name,
    requests: to - from,
    hitRate: hitRate(ledger.tally(from, to)),
    spread: { requests: requestSpread, keys: keySpread },
    keys: relocation,
  }));
}
