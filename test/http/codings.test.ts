import { describe, expect, it } from 'vitest';
import { codingsOf, isDecoded } from '../../src/http/codings.ts';

describe('codings of a body', () => {
  it.each<[string | null, string[], boolean]>([
    [null, [], true],
    ['identity', [], true],
    ['GZIP, br', ['gzip', 'br'], true],
    ['x-gzip,,deflate', ['x-gzip', 'deflate'], true],
    ['zstd', ['zstd'], false],
    ['gzip2', ['gzip2'], false],
  ])('of %s', (header, codings, areDecoded) => {
    expect(codingsOf(header)).toEqual(codings);
    expect(codings.every(isDecoded)).toBe(areDecoded);
  });
});
