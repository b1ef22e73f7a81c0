// The files that are left to clients.
import { describe, expect, it } from 'vitest';
import { mostConnections } from '../../src/listeners/file-limit.ts';

const limits = (soft: string) =>
  `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${soft}                 4096                 files     \n`;

describe('the most connections of clients', () => {
  it.each([
    ['1024', 496],
    ['256', 112],
    ['10', 1],
    ['unlimited', Number.POSITIVE_INFINITY],
  ])('with %s open files', (soft, most) => {
    expect(mostConnections(limits(soft))).toBe(most);
  });

  it('are not known on other systems', () => {
    expect(mostConnections('')).toBe(Number.POSITIVE_INFINITY);
  });

  it.runIf(process.platform === 'linux')('are known on this one', () => {
    expect(mostConnections()).toBeGreaterThan(0);
  });
});
