import type { Verdict } from '../chaos/verdicts.ts';
import type { Figures } from './figures.ts';
import type { Lab } from './lab.ts';

/** How much of everything. */
export interface Scale {
  /** Connections that are opened slowly. */
  readonly slowConnections: number;
  /** The gateway's time for the head of a request, in the same scenario. */
  readonly headersMs: number;
  readonly soakMs: number;
  readonly tunnels: number;
  /** Frames of each HTTP/2 flood that does not need more. */
  readonly floodFrames: number;
  readonly slowReaders: number;
  /** How long load goes on where one thing after the other is tried, in milliseconds. */
  readonly loadMs: number;
}

/** What came of a scenario. */
export interface Finding {
  readonly figures: Figures;
  readonly verdicts: readonly Verdict[];
}

/** One way of being hard on a gateway. */
export interface Scenario {
  readonly name: string;
  /** For people, in a few words. */
  readonly title: string;
  run(lab: Lab, scale: Scale): Promise<Finding>;
}

/** What came of a scenario, with its name; a scenario that could not be finished has broken its promise. */
export interface Result extends Finding {
  readonly name: string;
  readonly title: string;
  readonly tookMs: number;
}

/** Whether any promise was broken. */
export function isKept(results: readonly Result[]): boolean {
  return results.every(({ verdicts }) => verdicts.every(({ kept }) => kept !== false));
}
