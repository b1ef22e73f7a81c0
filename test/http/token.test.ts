import { describe, expect, it } from 'vitest';
import { isToken, TOKEN_PATTERN } from '../../src/http/token.ts';

describe('a token', () => {
  it('has the characters of RFC 9110 section 5.6.2 and no others', () => {
    const ascii = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    const allowed = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;
    for (const character of ascii)
      expect([character, isToken(`a${character}`)]).toEqual([character, allowed.test(character)]);
  });

  it.each(['', ' a', 'a\n', 'a b', undefined, 1, ['a']])('is not %j', (value) => {
    expect(isToken(value)).toBe(false);
  });

  it('can be a part of a larger expression', () => {
    expect(new RegExp(`^(${TOKEN_PATTERN})=`).exec('a-b=c')?.[1]).toBe('a-b');
  });
});
