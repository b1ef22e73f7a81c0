import { describe, expect, it } from 'vitest';
import {
  bytes,
  count,
  counted,
  duration,
  milliseconds,
  percent,
  rate,
} from '../../../src/admin/dashboard/client/formats.ts';

describe('numbers on the dashboard', () => {
  it.each([
    [count(0), '0'],
    [count(99_999), '99,999'],
    [count(1_234_567), '1.2M'],
    [counted(1, 'retry', 'retries'), '1 retry'],
    [counted(2, 'key'), '2 keys'],
    [rate(undefined), '–'],
    [rate(0), '0'],
    [rate(0.31), '0.3'],
    [rate(1_234.5), '1,235'],
    [percent(undefined), '–'],
    [percent(0), '0 %'],
    [percent(0.000_01), '< 0.01 %'],
    [percent(0.001_234), '0.12 %'],
    [percent(0.256), '25.6 %'],
    [percent(1), '100 %'],
    [milliseconds(undefined), '–'],
    [milliseconds(0.4), '0.4 ms'],
    [milliseconds(9.99), '10 ms'],
    [milliseconds(999.6), '1 s'],
    [milliseconds(1_234), '1.23 s'],
    [milliseconds(61_000), '61.0 s'],
    [duration(-5), '0 s'],
    [duration(59_999), '59 s'],
    [duration(3_600_000), '1 h'],
    [duration(3_725_000), '1 h 2 min'],
    [duration(90_000_000), '1 d 1 h'],
    [bytes(0), '0 B'],
    [bytes(999), '999 B'],
    [bytes(1_500), '1.5 kB'],
    [bytes(123_456_789), '123 MB'],
  ])('%s is %s', (shown, wanted) => {
    expect(shown).toBe(wanted);
  });
});
