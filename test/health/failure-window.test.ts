import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FailureWindow, WINDOW_STEPS } from '../../src/health/failure-window.ts';

it('counts what a list of everything would count', () => {
  const entry = fc.record({
    steps: fc.oneof(
      { weight: 5, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.nat(3) },
      { weight: 1, arbitrary: fc.nat(3 * WINDOW_STEPS) },
    ),
    failures: fc.constantFrom(0 as const, 1 as const),
    clear: fc.integer({ min: 0, max: 40 }).map((n) => n === 0),
  });
  fc.assert(
    fc.property(fc.nat(1_000), fc.array(entry, { minLength: 100, maxLength: 200 }), (start, entries) => {
      const window = new FailureWindow();
      let all: { step: number; failures: number }[] = [];
      let step = start;
      for (const { steps, failures, clear } of entries) {
        step += steps;
        if (clear) {
          window.clear();
          all = [];
        }
        window.count(step, failures);
        all.push({ step, failures });
        const recent = all.filter((one) => one.step > step - WINDOW_STEPS);
        expect([window.ended, window.failed]).toEqual([
          recent.length,
          recent.reduce((sum, one) => sum + one.failures, 0),
        ]);
      }
    }),
    { verbose: 1 },
  );
});
