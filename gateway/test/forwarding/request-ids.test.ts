import { describe, expect, it } from 'vitest';
import { RequestIds } from '../../src/forwarding/request-ids.ts';

describe('the name of a request', () => {
  it.each([
    'a',
    'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    'Root=1-67891233-abcdef012345678912345678',
    'x'.repeat(128),
  ])("is the client's own where that is a good one: %.40s", (own) => {
    expect(new RequestIds().idFor(own)).toBe(own);
  });

  it.each([undefined, '', 'x'.repeat(129), 'a b', 'a\nb', 'a"b', 'a,b', 'é', '<script>'])(
    'is a new one for %j',
    (own) => {
      const id = new RequestIds().idFor(own);
      expect(id).not.toBe(own);
      expect(new RequestIds().idFor(id)).toBe(id);
    },
  );

  it('is another one each time, and in each gateway', () => {
    const gateways = [new RequestIds(), new RequestIds()];
    const ids = gateways.flatMap((one) => Array.from({ length: 1_000 }, () => one.idFor(undefined)));
    expect(new Set(ids).size).toBe(2_000);
  });
});
