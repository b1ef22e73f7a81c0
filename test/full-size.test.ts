import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('a property test', () => {
  it('is as long as it says', () => {
    const arrays = fc.sample(fc.array(fc.boolean(), { maxLength: 300 }), { numRuns: 50, seed: 1 });
    expect(Math.max(...arrays.map(({ length }) => length))).toBeGreaterThan(200);
    const texts = fc.sample(fc.string({ maxLength: 100 }), { numRuns: 50, seed: 1 });
    expect(Math.max(...texts.map(({ length }) => length))).toBeGreaterThan(70);
  });
});
