// The workload that a backend reports of itself.

import { shown } from '../shown.ts';

/**
 * The utilization of a backend's resources, each from 0 to 1. Further resources may be added under any name.
 */
export interface WorkloadReport {
  readonly cpu?: number;
  readonly memory?: number;
  readonly network?: number;
  readonly [resource: string]: number | undefined;
}

/**
 * The highest utilization in a report, as the most used resource limits the backend; `undefined` for an empty
 * report.
 * @throws RangeError if a value is not a number from 0 to 1
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
