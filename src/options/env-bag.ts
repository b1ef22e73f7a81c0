/** The rule of the option `env`. */
import { aFunction, anObject, anObjectWith, checkRule, nearestHint, type Rule } from './rule.ts';

export const aClock: Rule = anObjectWith('now');
export const aTimers: Rule = anObjectWith('schedule');

const PARTS: Readonly<Record<string, Rule>> = { clock: aClock, random: aFunction, timers: aTimers };

/**
 * Checks parts of an `Env`. Further members are allowed, as a simulator has some; only a misspelt name is an
 * error.
 */
export const anEnv: Rule = {
  ...anObject,
  words: 'an object with a clock, random or timers',
  inside: (env: Record<string, unknown>, place) => {
    for (const name of Object.keys(env)) {
      const hint = Object.hasOwn(PARTS, name) ? '' : nearestHint(name, Object.keys(PARTS));
      if (hint !== '') throw new TypeError(`${place}.${name} is not an option${hint}`);
    }
    for (const [name, rule] of Object.entries(PARTS))
      if (env[name] !== undefined) checkRule(rule, env[name], `${place}.${name}`);
  },
};
