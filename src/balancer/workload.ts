// What a backend reports of itself: its workload and its concurrency.

import { checkRule } from '../options/rule.ts';
import { shown } from '../shown.ts';
import { aConcurrency } from './address.ts';

/**
 * The utilization of a backend's resources, each from 0 to 1, and its concurrency. Further resources may be
 * added under any name.
 */
export interface WorkloadReport {
  readonly cpu?: number;
  readonly memory?: number;
  readonly network?: number;
  /**
   * How many requests it can work on at once for this balancer, an integer from 1 to 1,000,000. It counts
   * unless the backend's entry in the pool says its own.
   */
  readonly concurrency?: number | undefined;
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
    if (use === undefined || resource === 'concurrency') continue;
    if (typeof use !== 'number' || !(use >= 0 && use <= 1))
      throw new RangeError(`${resource} must be a number from 0 to 1, got ${shown(use)}`);
    highest = Math.max(highest ?? 0, use);
  }
  return highest;
}

/**
 * The concurrency in a report; `undefined` if there is none.
 * @throws RangeError if it is not an integer from 1 to 1,000,000
 */
export function concurrencyIn({ concurrency }: WorkloadReport): number | undefined {
  if (concurrency !== undefined) checkRule(aConcurrency, concurrency, 'concurrency');
  return concurrency;
}
