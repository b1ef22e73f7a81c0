// The interface of a scenario.

import type { Verdict } from '../chaos/verdicts.ts';
import type { Figures } from './figures.ts';
import type { Lab } from './lab.ts';

/** The sizes of the scenarios. */
export interface Scale {
  /** Number of slow connections. */
  readonly slowConnections: number;
  /** The gateway's time limit for a request head, in the same scenario. */
  readonly headersMs: number;
  readonly soakMs: number;
  readonly tunnels: number;
  /** Frames of an HTTP/2 flood, by default. */
  readonly floodFrames: number;
  /** Requests of one connection at once. */
  readonly pipelined: number;
  readonly slowReaders: number;
  readonly slowAnswers: number;
  /** The size of a large body. */
  readonly bodyBytes: number;
  /** Duration of the load in scenarios with several steps, in milliseconds. */
  readonly loadMs: number;
}

/** The results of a scenario. */
export interface Finding {
  readonly figures: Figures;
  readonly verdicts: readonly Verdict[];
}

/** A scenario that strains a gateway. */
export interface Scenario {
  readonly name: string;
  /** A title of a few words. */
  readonly title: string;
  run(lab: Lab, scale: Scale): Promise<Finding>;
}

/**
 * The results of a scenario with its name. A scenario that could not be finished counts as a broken promise.
 */
export interface Result extends Finding {
  readonly name: string;
  readonly title: string;
  readonly tookMs: number;
}

/** Whether any promise was broken. */
export function isKept(results: readonly Result[]): boolean {
  return results.every(({ verdicts }) => verdicts.every(({ kept }) => kept !== false));
}
