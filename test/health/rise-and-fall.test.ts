import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RiseAndFall, type Turn } from '../../src/health/rise-and-fall.ts';

/** Takes results, `+` for a success and `-` for a failure; gives what each turned. */
function turns(judgement: RiseAndFall, results: string): Turn[] {
  return [...results].map((result) => judgement.record(result === '+'));
}

describe('rise and fall', () => {
  it('lets the first result decide', () => {
    expect(turns(new RiseAndFall(3, 2), '+')).toEqual(['up']);
    expect(turns(new RiseAndFall(3, 2), '-')).toEqual(['down']);
  });

  it('knows nothing before that', () => {
    const judgement = new RiseAndFall(3, 2);
    expect(judgement.state).toBe('unknown');
    expect(judgement.isInBetween).toBe(false);
  });

  it('falls with as many failures in a row as it takes, not with one fewer', () => {
    expect(turns(new RiseAndFall(3, 2), '+---')).toEqual(['up', undefined, undefined, 'down']);
    expect(turns(new RiseAndFall(1, 2), '+-')).toEqual(['up', 'down']);
  });

  it('rises with as many successes in a row as it takes, not with one fewer', () => {
    expect(turns(new RiseAndFall(3, 2), '-++')).toEqual(['down', undefined, 'up']);
    expect(turns(new RiseAndFall(3, 1), '-+')).toEqual(['down', 'up']);
  });

  it('begins to count anew after one result the other way', () => {
    expect(turns(new RiseAndFall(3, 2), '+--+--').filter(Boolean)).toEqual(['up']);
    expect(turns(new RiseAndFall(3, 2), '-+-+-').filter(Boolean)).toEqual(['down']);
  });

  it('does not count results of the time before a turn', () => {
    // The failures that took it down say nothing about how fast it falls the next time.
    expect(turns(new RiseAndFall(2, 2), '+--++-').at(-1)).toBeUndefined();
  });

  it('is in between while the last results speak against the state', () => {
    const judgement = new RiseAndFall(3, 2);
    const seen = [...'+-+---+-++'].map((result) => {
      judgement.record(result === '+');
      return judgement.isInBetween;
    });
    expect(seen).toEqual([false, true, false, true, true, false, true, false, true, false]);
  });

  it('agrees with a look at the last results', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (fall, rise, results) => {
          const judgement = new RiseAndFall(fall, rise);
          let expected: 'up' | 'down' | 'unknown' = 'unknown';
          results.forEach((result, i) => {
            const before = expected;
            const lastAre = (wanted: boolean, count: number) =>
              i + 1 >= count && results.slice(i + 1 - count, i + 1).every((one) => one === wanted);
            if (i === 0) expected = result ? 'up' : 'down';
            else if (expected === 'up' && lastAre(false, fall)) expected = 'down';
            else if (expected === 'down' && lastAre(true, rise)) expected = 'up';
            expect(judgement.record(result)).toBe(before === expected ? undefined : expected);
            expect(judgement.state).toBe(expected);
          });
        },
      ),
    );
  });
});
