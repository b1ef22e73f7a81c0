import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Listed, Roster } from '../../src/forwarding/roster.ts';

const member = (): Listed => ({ place: -1 });

describe('a roster', () => {
  it('has who joined and has not left, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 9 })), { maxLength: 100 }), (steps) => {
        const all = Array.from({ length: 10 }, member);
        const roster = new Roster<Listed>();
        const expected = new Set<Listed>();
        for (const [joins, which] of steps) {
          const one = all[which] as Listed;
          if (joins && !expected.has(one)) roster.add(one);
          if (!joins) roster.delete(one);
          if (joins) expected.add(one);
          else expected.delete(one);
          expect(roster.size).toBe(expected.size);
          expect(new Set(roster)).toEqual(expected);
        }
        for (const one of all) expect(one.place >= 0).toBe(expected.has(one));
      }),
    );
  });

  it('is gone over as it was, whoever leaves meanwhile', () => {
    const roster = new Roster<Listed>();
    const all = Array.from({ length: 5 }, member);
    for (const one of all) roster.add(one);
    let seen = 0;
    for (const one of roster) {
      roster.delete(one);
      seen++;
    }
    expect([seen, roster.size]).toEqual([5, 0]);
  });
});
