import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderRules } from '../../src/routing/header-rules.ts';

describe('header rules', () => {
  it('are nothing where there are none: the very same headers', () => {
    const headers = ['A', '1'];
    expect(new HeaderRules({ set: {}, remove: [] }).apply(headers)).toBe(headers);
  });

  it('take headers away and set others, whatever their case', () => {
    const rules = new HeaderRules({
      set: { 'X-Set': 'new', 'X-More': '2' },
      remove: ['Server', 'x-powered-BY'],
    });
    const headers = [
      'server',
      's',
      'A',
      '1',
      'x-set',
      'old',
      'X-SET',
      'older',
      'X-Powered-By',
      'p',
      'serve',
      'kept',
    ];
    expect(rules.apply(headers)).toEqual(['A', '1', 'serve', 'kept', 'X-Set', 'new', 'X-More', '2']);
    expect(headers).toHaveLength(12);
  });

  it('keep all others, in their order', () => {
    const name = fc.constantFrom('a', 'A', 'b', 'cc', 'CC', 'ddd');
    const pairs = fc.array(fc.tuple(name, fc.string()));
    fc.assert(
      fc.property(
        pairs,
        fc.uniqueArray(name),
        fc.uniqueArray(name, { selector: (one) => one.toLowerCase() }),
        (headers, remove, set) => {
          const rules = new HeaderRules({ set: Object.fromEntries(set.map((one) => [one, 'set'])), remove });
          const gone = [...remove, ...set].map((one) => one.toLowerCase());
          const left = headers.filter(([one]) => !gone.includes(one.toLowerCase()));
          expect(rules.apply(headers.flat())).toEqual([
            ...left.flat(),
            ...set.flatMap((one) => [one, 'set']),
          ]);
        },
      ),
    );
  });
});
