import { describe, expect, it } from 'vitest';
import type { Check } from '../../bench/verify/check.ts';
import { CHECKS } from '../../bench/verify/checks.ts';
import { chosen, usage } from '../../bench/verify/options.ts';

const check = (name: string): Check => ({ name, about: `about ${name}`, run: async () => [] });
const THREE = ['first', 'second', 'third'].map(check);
const namesOf = (...args: string[]) => chosen(args, THREE)?.checks.map(({ name }) => name);

describe('the command line of `npm run verify`', () => {
  it('runs every check by default, and otherwise those that it names, in their order', () => {
    expect(namesOf()).toEqual(['first', 'second', 'third']);
    expect(namesOf('--only', 'second')).toEqual(['second']);
    expect(namesOf('--only', 'third', '--only', 'first')).toEqual(['first', 'third']);
    expect(namesOf('--help')).toBeUndefined();
  });

  it('gives the soak its length and seed: an hour by default, a minute among others', () => {
    const soak = [...THREE, check('soak')];
    expect(chosen([], soak)?.scale.minutes).toBe(1);
    expect(chosen(['--only', 'soak'], soak)?.scale.minutes).toBe(60);
    expect(chosen(['--minutes', '2.5', '--seed', '7'], soak)?.scale).toEqual({ minutes: 2.5, seed: 7 });
    expect(() => chosen(['--minutes', '0'], soak)).toThrow('--minutes must be a number from 1 to 600, got 0');
    expect(() => chosen(['--seed', 'x'], soak)).toThrow('--seed must be an integer, got x');
  });

  it('says which names there are', () => {
    expect(() => namesOf('--only', 'frist')).toThrow(
      '--only must be one of first, second, third, got "frist"',
    );
    expect(() => namesOf('--seed')).toThrow('--seed');
    expect(usage(THREE)).toContain('  second  about second\n');
  });

  it('lists checks by different names that can be typed', () => {
    const names = CHECKS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });
});
