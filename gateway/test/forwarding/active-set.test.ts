import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ActiveMember, ActiveSet } from '../../src/forwarding/active-set.ts';

const member = (): ActiveMember => ({ place: -1 });

describe('an active set', () => {
  it('has who joined and has not left, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 9 })), { maxLength: 100 }), (steps) => {
        const all = Array.from({ length: 10 }, member);
        const set = new ActiveSet<ActiveMember>();
        const expected = new Set<ActiveMember>();
        for (const [joins, which] of steps) {
          const one = all[which] as ActiveMember;
          if (joins && !expected.has(one)) set.add(one);
          if (!joins) set.delete(one);
          if (joins) expected.add(one);
          else expected.delete(one);
          expect(set.size).toBe(expected.size);
          expect(new Set(set)).toEqual(expected);
        }
        for (const one of all) expect(one.place >= 0).toBe(expected.has(one));
      }),
    );
  });

  it('is gone over as it was, whoever leaves meanwhile', () => {
    const set = new ActiveSet<ActiveMember>();
    const all = Array.from({ length: 5 }, member);
    for (const one of all) set.add(one);
    let seen = 0;
    for (const one of set) {
      set.delete(one);
      seen++;
    }
    expect([seen, set.size]).toEqual([5, 0]);
  });
});
