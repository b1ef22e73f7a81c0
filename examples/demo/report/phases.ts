import { hitRate } from '../run/ledger.ts';
import type { Pass } from '../run/pass.ts';

/** The time from one step of the scenario to the next. */
export interface PhaseReport {
  readonly name: string;
  readonly requests: number;
  readonly hitRate: number | null;
  /** The backend that has most, over the mean. */
  readonly spread: { readonly requests: number | null; readonly keys: number | null };
  /**
   * What the step at its beginning did to keys that had a home; `strayed` are those that moved between
   * others. `null` where keys have no homes, or the pool had no time to settle.
   */
  readonly keys: {
    readonly moved: number;
    readonly strayed: number;
    readonly ideal: number;
    readonly planned: number | null;
  } | null;
}

/** The phases of a pass, the opening first. */
export function phaseReports({ stage, ledger }: Pass): PhaseReport[] {
  return stage.phases.map(({ name, from, to, requestSpread, keySpread, relocation }) => ({
    name,
    requests: to - from,
    hitRate: hitRate(ledger.tally(from, to)),
    spread: { requests: requestSpread, keys: keySpread },
    keys: relocation,
  }));
}
