/** Rules of options: the words after "must be" in error messages, and the test of a value. */
import { MAX_TIMEOUT_MS } from '../deadline.ts';
import { shown } from '../shown.ts';
import { nearestName } from './nearest-name.ts';

/** A rule for a value. */
export interface Rule {
  /** The words after "must be". */
  readonly words: string;
  readonly holds: (value: unknown) => boolean;
  /** Whether values are secret, so that messages name their type alone. */
  readonly isSecret?: boolean;
  /** The class of the error. Numbers and names out of range throw a RangeError. @defaultValue TypeError */
  readonly error?: new (
    message: string,
  ) => Error;
  /** Checks the parts of a value for which `holds` is true. */
  readonly inside?: (value: never, place: string) => void;
  /** A hint about an invalid value, after the message. */
  readonly hint?: (value: unknown) => string;
}

/** @throws the error of the rule, with the place, the words and the value */
export function checkRule(rule: Rule, value: unknown, place: string): void {
  if (!rule.holds(value)) {
    const Failure = rule.error ?? TypeError;
    throw new Failure(
      `${place} must be ${rule.words}, got ${rule.isSecret === true ? typeOf(value) : shown(value)}${rule.hint?.(value) ?? ''}`,
    );
  }
  rule.inside?.(value as never, place);
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

/** A number within a range. */
export function aNumber(words: string, holds: (value: number) => boolean): Rule {
  return { words, holds: (value) => isNumber(value) && holds(value), error: RangeError };
}

export const aRatio: Rule = aNumber('a number from 0 to 1', (value) => value >= 0 && value <= 1);
export const aPositive: Rule = aNumber(
  'a finite number above 0',
  (value) => value > 0 && value < Number.POSITIVE_INFINITY,
);
/** A delay that platform timers support. */
export const aTimeout: Rule = aNumber(
  `a number of milliseconds above 0 and up to ${MAX_TIMEOUT_MS}`,
  (value) => value > 0 && value <= MAX_TIMEOUT_MS,
);

export function anInteger(min: number, max = Number.POSITIVE_INFINITY): Rule {
  const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`;
  return aNumber(
    `an integer ${range}`,
    (value) => Number.isSafeInteger(value) && value >= min && value <= max,
  );
}

/** An integer of at least `min`, or `Infinity`, which turns the feature off. */
export function anIntegerOrInfinity(min: number): Rule {
  const { words, holds } = anInteger(min);
  return aNumber(`${words}, or Infinity`, (value) => value === Number.POSITIVE_INFINITY || holds(value));
}

/** `an array`, `null`, or what `typeof` says. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

export const aFunction: Rule = { words: 'a function', holds: (value) => typeof value === 'function' };
export const aBoolean: Rule = { words: 'true or false', holds: (value) => typeof value === 'boolean' };
export const aString: Rule = { words: 'a string', holds: (value) => typeof value === 'string' };
export const aText: Rule = {
  words: 'a string with at least one character',
  holds: (value) => typeof value === 'string' && value !== '',
};
export const anObject: Rule = { words: 'an object', holds: isObject };
export const aSignal: Rule = {
  words: 'an AbortSignal',
  holds: (value) =>
    isObject(value) && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function',
};

/** An object with the given methods. Other members are allowed; it may be an instance of a class. */
export function anObjectWith(...methods: string[]): Rule {
  return {
    words: `an object with ${methods.length === 1 ? 'a method' : 'the methods'} ${inWords(methods)}`,
    holds: (value) =>
      (isObject(value) || typeof value === 'function') &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  };
}

/** One of some names. The error suggests the nearest one. */
export function oneOf(names: readonly string[]): Rule {
  return {
    words: `one of ${names.join(', ')}`,
    holds: (value) => typeof value === 'string' && names.includes(value),
    error: RangeError,
    hint: (value) => nearestHint(value, names),
  };
}

export function aListOf(entry: Rule): Rule {
  return {
    words: 'an array',
    holds: Array.isArray,
    inside: (list: readonly unknown[], place) => {
      for (const [i, one] of list.entries()) checkRule(entry, one, `${place}[${i}]`);
    },
  };
}

/** `true` for all defaults, `false` for off, or a value for another rule. */
export function orBoolean(rule: Rule): Rule {
  return {
    ...rule,
    words: `true, false or ${rule.words}`,
    holds: (value) => typeof value === 'boolean' || rule.holds(value),
    inside: (value, place) => {
      if (typeof value !== 'boolean') rule.inside?.(value, place);
    },
  };
}

/** A hint such as `; did you mean "retries"?`, or an empty text. */
export function nearestHint(written: unknown, names: Iterable<string>): string {
  const near = typeof written === 'string' ? nearestName(written, names) : undefined;
  return near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list such as `a, b and c`. */
function inWords(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
