// Parsers of option values.
import { type StrategyAlias, type StrategyName, strategies } from 'evenkeel';
import { nearestName, STRATEGY_ALIASES, TOKEN_PATTERN } from 'evenkeel/internal';
import type { ContenderName, ReplayKey } from 'evenkeel/simulator';
import { UsageError } from './exit-code.ts';

/**
 * Makes a parser of integers.
 * @returns a function that throws UsageError, naming the option, if a text is not an integer in the range
 */
export function integer(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new UsageError(`${option} must be an integer from ${min} to ${max}, got ${JSON.stringify(text)}`);
  };
}

/**
 * Makes a parser of words.
 * @param others - words that are taken, too, but not listed
 * @returns a function that throws UsageError, naming the option and all words, if a text is none of them
 */
export function oneOf<T extends string>(
  option: string,
  words: readonly T[],
  others: readonly T[] = [],
): (text: string) => T {
  const all = [...words, ...others];
  return (text) => {
    const word = all.find((known) => known === text);
    if (word !== undefined) return word;
    const near = nearestName(text, all);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new UsageError(`${option} must be one of ${words.join(', ')}, got ${JSON.stringify(text)}${hint}`);
  };
}

/** Collects the values of a repeatable option. */
export function several(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

const ALIASES = Object.keys(STRATEGY_ALIASES) as StrategyAlias[];
/** Strategies that are only there to be compared with. */
const REFERENCES: Readonly<Record<Exclude<ContenderName, StrategyName>, true>> = {
  'hash-mod-n': true,
  'plain-ring': true,
  'round-robin-from-first': true,
};

/** A strategy by our name, or by that of another load balancer. */
export const strategyName = oneOf<StrategyName | StrategyAlias>(
  '--strategy',
  Object.keys(strategies) as StrategyName[],
  ALIASES,
);

const contender = oneOf<ContenderName | StrategyAlias>(
  '--strategies',
  Object.keys({ ...strategies, ...REFERENCES }) as ContenderName[],
  ALIASES,
);

/** Names of strategies with commas between. @throws UsageError */
export function contenders(text: string): readonly ContenderName[] {
  const names = text.split(',').map((part) => {
    const name = contender(part.trim());
    return Object.hasOwn(STRATEGY_ALIASES, name)
      ? STRATEGY_ALIASES[name as StrategyAlias]
      : (name as ContenderName);
  });
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return names;
  throw new UsageError(`--strategies must name each strategy once, got ${twice} twice`);
}

/** `path`, `ip` or `header:NAME`. @throws UsageError */
export function replayKey(text: string): ReplayKey {
  if (text === 'path' || text === 'ip') return text;
  const [, name] = /^header:(.+)$/.exec(text) ?? [];
  if (name !== undefined && new RegExp(`^${TOKEN_PATTERN}$`).test(name)) return { header: name };
  throw new UsageError(`--key must be path, ip or header:NAME, got ${JSON.stringify(text)}`);
}

/** A number above 0. @returns a function that throws UsageError, naming the option */
export function positive(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value > 0 && value < Number.POSITIVE_INFINITY) return value;
    throw new UsageError(`${option} must be a number above 0, got ${JSON.stringify(text)}`);
  };
}

const HEADER_LINE = new RegExp(`^(${TOKEN_PATTERN}):[ \\t]*(.*?)[ \\t]*$`);

/**
 * Reads `Name: value` and adds it to the earlier headers.
 * @throws UsageError without a name or a colon
 */
export function header(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, name, value] = HEADER_LINE.exec(text) ?? [];
  if (name !== undefined && value !== undefined) {
    const key = name.toLowerCase();
    const before = Object.hasOwn(earlier, key) ? earlier[key] : undefined;
    // RFC 9110 section 5.3, and RFC 6265 section 5.4 for the one exception.
    const joined = before === undefined ? value : `${before}${key === 'cookie' ? '; ' : ', '}${value}`;
    return { ...earlier, [key]: joined };
  }
  throw new UsageError(`--header must read "Name: value", got ${JSON.stringify(text)}`);
}
