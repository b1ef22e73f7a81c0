import { describe, expect, it } from 'vitest';
import { inUnitOf } from '../../src/config/units.ts';

describe('a number with a unit', () => {
  it.each([
    ['idleMs', '5s', 5_000],
    ['idleMs', '1.5 s', 1_500],
    ['idleMs', '250ms', 250],
    ['idleMs', '2m', 120_000],
    ['idleMs', '1H', 3_600_000],
    ['bodyBytes', '10MB', 10_485_760],
    ['bodyBytes', '64k', 65_536],
    ['bodyBytes', '1GiB', 1_073_741_824],
    ['bodyBytes', '512b', undefined],
    ['port', '80', 80],
    ['port', '80s', undefined],
    ['idleMs', 'soon', undefined],
    ['idleMs', '0.5ms', undefined],
    ['idleMs', '1e3', undefined],
    ['idleMs', '', undefined],
  ])('%s: %s is %s', (name, text, expected) => expect(inUnitOf(name, text)).toBe(expected));
});
