import { shown } from '../shown.ts';

/** How much of its resources a backend uses, each from 0 to 1; further ones may be named. */
export interface WorkloadReport {
  readonly cpu?: number;
  readonly memory?: number;
  readonly network?: number;
  readonly [resource: string]: number | undefined;
}

/**
 * The most used resource is what limits a backend. `undefined` for an empty report.
 * @throws RangeError where a value is not a number from 0 to 1
 */
export function highestUse(report: WorkloadReport): number | undefined {
  let highest: number | undefined;
  for (const [resource, use] of Object.entries(report)) {
    if (use === undefined) continue;
    if (typeof use !== 'number' || !(use >= 0 && use <= 1))
      throw new RangeError(`${resource} must be a number from 0 to 1, got ${shown(use)}`);
    highest = Math.max(highest ?? 0, use);
  }
  return highest;
}
