// The options of `steady`: their meaning, their defaults and their checks.

import { type Env, systemEnv } from '../env.ts';
import { bag, checkBag, withDefaults } from '../options/bag.ts';
import { anEnv } from '../options/env-bag.ts';
import { aFunction, aNumber, anInteger, aRatio, aTimeout, type Rule } from '../options/rule.ts';

/** Settings of {@link steady}. */
export interface SteadyOptions {
  /**
   * The first change goes on at once; changes within so many milliseconds after it go together.
   * @defaultValue 50
   */
  readonly coalesceMs?: number;
  /** How long a suspicious loss of backends is not believed, in milliseconds. @defaultValue 30,000 */
  readonly holdMs?: number;
  /** A loss of more than this share of the backends is suspicious, from 0 to 1. @defaultValue 0.5 */
  readonly maxLossRatio?: number;
  /**
   * How many snapshots in a row must lack a backend until it is gone. At most `holdMs` after the first of
   * them it is gone in any case.
   * @defaultValue what the source says, else 2
   */
  readonly retireAfter?: number;
  /**
   * After so many milliseconds, or up to 15 % fewer, the source is asked for everything anew.
   * @defaultValue 300,000
   */
  readonly rereadMs?: number;
  /** Gets one line for each trouble with the source. @defaultValue none */
  readonly report?: (line: string) => void;
  readonly env?: Partial<Env>;
}

/** {@link SteadyOptions} with every default filled in. */
export interface SteadySettings extends Required<Omit<SteadyOptions, 'retireAfter' | 'env'>> {
  readonly retireAfter: number | undefined;
  readonly env: Env;
}

const aPause: Rule = aNumber(
  'a finite number of milliseconds of at least 0',
  (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
);

const OPTIONS = bag<SteadyOptions>({
  coalesceMs: aPause,
  holdMs: aPause,
  maxLossRatio: aRatio,
  retireAfter: anInteger(1),
  rereadMs: aTimeout,
  report: aFunction,
  env: anEnv,
});

const DEFAULTS = {
  coalesceMs: 50,
  holdMs: 30_000,
  maxLossRatio: 0.5,
  rereadMs: 300_000,
  report: (_line: string): void => {},
};

/** @throws TypeError or RangeError that names the option and the value */
export function readSteadyOptions(options: SteadyOptions): SteadySettings {
  checkBag(options, OPTIONS, 'steady');
  return {
    retireAfter: undefined,
    ...withDefaults(options, DEFAULTS),
    env: { ...systemEnv, ...options.env },
  };
}
