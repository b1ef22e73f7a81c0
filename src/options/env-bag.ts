/** What `env` must be, wherever an option takes one. */
import { aFunction, anObject, anObjectWith, checkRule, nearestHint, type Rule } from './rule.ts';

export const aClock: Rule = anObjectWith('now');
export const aTimers: Rule = anObjectWith('schedule');

const PARTS: Readonly<Record<string, Rule>> = { clock: aClock, random: aFunction, timers: aTimers };

/** Parts of an `Env`. It may have further members, as that of a simulator; only a near miss is a mistake. */
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
