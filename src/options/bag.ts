/** Bags of options: which names there are, what each must be, and what to say of names that there are not. */
import { shown } from '../shown.ts';
import { checkRule, isObject, nearestHint, type Rule } from './rule.ts';

/** A rule for each option of `T`: one that was forgotten does not compile. */
export type Shape<T> = { readonly [Name in keyof T]-?: Rule };

/** A checked kind of bag. */
export interface Bag<T> {
  readonly shape: Shape<T>;
  /** Names that options had before, and where each one is now. */
  readonly moved: Readonly<Record<string, string>>;
}

/** @param moved - names that options had before, and the path of each one now, beside the bag */
export function bag<T extends object>(shape: Shape<T>, moved: Readonly<Record<string, string>> = {}): Bag<T> {
  return { shape, moved };
}

/** A bag within a bag. @param needed - names that must be there */
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

/** @throws what the rules of names that must be there say of `undefined` */
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
 * Checks a bag of options: its own kind, the names in it, and the value of each.
 * @param place - what messages put before the names, such as `health`; empty for the options of a class
 * @param of - the factory or class that takes the bag
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

/** The options with the defaults of those that were left out; `undefined` is as good as left out. */
export function withDefaults<T extends object, D extends Partial<T>>(
  options: T,
  defaults: D,
): Omit<T, keyof D> & Required<Pick<T, keyof D & keyof T>> {
  const settings: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(options)) if (value !== undefined) settings[name] = value;
  return settings as Omit<T, keyof D> & Required<Pick<T, keyof D & keyof T>>;
}

/** The options of a part that `true` turns on and `false` off; `undefined` if it is off. */
export function ifOn<T extends object>(option: T | boolean | undefined): T | undefined {
  if (option === true) return {} as T;
  return option === false ? undefined : option;
}

/** The options that a shape has, out of a larger bag. */
export function pickNames<T extends object, U extends object>(
  options: U,
  shape: Shape<T>,
): Pick<U, keyof T & keyof U> {
  const names = Object.keys(shape) as (keyof T & keyof U)[];
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  ) as Pick<U, keyof T & keyof U>;
}

/** Whether a value is what balancers call factories with: one that was not called gets it as options. */
export function isSurroundings(value: unknown): boolean {
  return (
    isObject(value) && isObject(value.clock) && typeof value.random === 'function' && 'now' in value.clock
  );
}

/** For `guards: [outlierEjection]` in place of `guards: [outlierEjection()]`. */
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
