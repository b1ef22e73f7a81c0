import { expect, it } from 'vitest';
import { TokenBucket } from '../../src/listeners/token-bucket.ts';

it('is so much at once, and so much a second for good', () => {
  const bucket = new TokenBucket(3, 2, 1_000);
  const takes = (nowMs: number, count: number) =>
    Array.from({ length: count }, () => bucket.take(nowMs)).filter(Boolean).length;
  expect(takes(1_000, 5)).toBe(3);
  expect(takes(1_499, 5)).toBe(0);
  expect(takes(1_500, 5)).toBe(1);
  // Whoever asks in vain loses nothing of what is growing.
  expect([takes(1_700, 1), takes(1_900, 1), takes(2_000, 1)]).toEqual([0, 0, 1]);
  // No more than at once is ever saved.
  expect(takes(60_000, 5)).toBe(3);
});
