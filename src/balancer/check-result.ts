// The result of a health check, as guards learn of it.
import { type Bag, bag } from '../options/bag.ts';
import { aBoolean, aNumber } from '../options/rule.ts';

/** The result of a health check. */
export interface CheckResult {
  readonly passed: boolean;
  /** When the check began, in milliseconds of the clock. */
  readonly beganAt: number;
}

/** What a result must be. */
export const CHECK: Bag<CheckResult> = bag<CheckResult>({
  passed: aBoolean,
  beganAt: aNumber('a finite number of milliseconds', Number.isFinite),
});
