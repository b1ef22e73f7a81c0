/** Bags of options: their names, the rule of each value, and errors for unknown names. */
import { shown } from '../shown.ts';
import { checkRule, isObject, nearestHint, type Rule } from './rule.ts';

/** A rule for each option of `T`. A missing rule is a compile error. */
export type Shape<T> = { readonly [Name in keyof T]-?: Rule };

/** The description of a kind of bag. */
export interface Bag<T> {
  readonly shape: Shape<T>;
  /** Former names of options, and their new paths. */
  readonly moved: Readonly<Record<string, string>>;
}

/** @param moved - former names of options, and their new paths relative to the bag */
export function bag<T extends object>(shape: Shape<T>, moved: Readonly<Record<string, string>> = {}): Bag<T> {
  return { shape, moved };
}

/** The rule of a bag within a bag. @param needed - required names */
export function aBag<T>(inner: Bag<T>, needed: readonly (keyof T & string)[] = []): Rule {
  return {
    words: 'an object of options',
    holds: isObject,
    inside: (options: Record<string, unknown>, place) => {
      checkNames(options, inner, place);
      checkNeeded(options, inner, place, needed);
    },
  };
}

/** @throws the error of the first required name that is missing */
export function checkNeeded<T>(
  options: object,
  { shape }: Bag<T>,
  place: string,
  needed: readonly (keyof T & string)[],
): void {
  for (const name of needed) {
    const value = (options as Record<string, unknown>)[name];
    checkRule(shape[name], value, place === '' ? name : `${place}.${name}`);
  }
}

/**
 * Checks a bag of options: its type, its names, and each value.
 * @param place - the prefix of names in error messages, such as `health`; empty for the options of a class
 * @param of - the name of the factory or class
 * @throws TypeError or RangeError with the place, the rule and the value
 */
export function checkBag<T>(
  options: unknown,
  known: Bag<T>,
  place: string,
  of = place,
): asserts options is T {
  if (!isObject(options)) {
    throw new TypeError(`the options of ${of} must be an object, got ${shown(options)}`);
  }
  if (isSurroundings(options) && !('clock' in known.shape)) throw notCalled(of);
  checkNames(options, known, place);
}

/** The options, with the defaults for missing ones. `undefined` counts as missing. */
export function withDefaults<T extends object, D extends Partial<T>>(
  options: T,
  defaults: D,
): Omit<T, keyof D> & Required<Pick<T, keyof D & keyof T>> {
  const settings: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(options)) if (value !== undefined) settings[name] = value;
  return settings as Omit<T, keyof D> & Required<Pick<T, keyof D & keyof T>>;
}

/** The options of a feature that `true` turns on and `false` turns off; `undefined` if it is off. */
export function ifOn<T extends object>(option: T | boolean | undefined): T | undefined {
  if (option === true) return {} as T;
  return option === false ? undefined : option;
}

/** The part of a larger bag whose names a shape has. */
export function pickNames<T extends object, U extends object>(
  options: U,
  shape: Shape<T>,
): Pick<U, keyof T & keyof U> {
  const names = Object.keys(shape) as (keyof T & keyof U)[];
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  ) as Pick<U, keyof T & keyof U>;
}

/**
 * Whether a value is the argument with which balancers call factories. A factory that the host forgot to call
 * gets it as its options.
 */
export function isSurroundings(value: unknown): boolean {
  return (
    isObject(value) && isObject(value.clock) && typeof value.random === 'function' && 'now' in value.clock
  );
}

/** The error for `guards: [outlierEjection]` instead of `guards: [outlierEjection()]`. */
export function notCalled(name: string): TypeError {
  return new TypeError(`${name} must be called, as ${name}(), got the function itself`);
}

function checkNames<T>(options: Record<string, unknown>, { shape, moved }: Bag<T>, place: string): void {
  const prefix = place === '' ? '' : `${place}.`;
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(shape, name)) throw unknownName(name, Object.keys(shape), moved, prefix);
    if (value !== undefined) checkRule(shape[name as keyof T], value, prefix + name);
  }
}

function unknownName(
  name: string,
  names: readonly string[],
  moved: Readonly<Record<string, string>>,
  prefix: string,
): TypeError {
  const place = prefix + name;
  if (Object.hasOwn(moved, name)) return new TypeError(`${place} is now ${prefix}${moved[name]}`);
  const hint = nearestHint(name, names) || `; there is ${names.join(', ')}`;
  return new TypeError(`${place} is not an option${hint}`);
}
