import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUnusualTarget } from '../../src/message/request-target.ts';

const of = (target: string, method = 'GET') => {
  const read = readUnusualTarget(target, method);
  return read && [read.path, read.authority?.host];
};

describe('a target in absolute form', () => {
  it.each([
    ['http://shop.example/a?b', ['/a?b', 'shop.example']],
    ['HTTPS://Shop.Example:8443/', ['/', 'shop.example']],
    ['http://shop.example', ['/', 'shop.example']],
    ['http://shop.example?a=b', ['/?a=b', 'shop.example']],
    ['http://[::1]:80/x', ['/x', '[::1]']],
    ['http://shop.example//a/../b%2f', ['//a/../b%2f', 'shop.example']],
  ])('%s asks for %j', (target, expected) => {
    expect(of(target)).toEqual(expected);
  });

  it.each([
    'http:///a',
    'http://',
    'http://user@shop.example/',
    'ftp://shop.example/',
    'http:/a',
    'a',
    '',
    '?a',
    '#',
  ])('is not %j', (target) => {
    expect(of(target)).toBeUndefined();
  });

  it('keeps the path byte by byte', () => {
    fc.assert(
      fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
        const rest = `/${path}?${query}`;
        expect(of(`http://a.test${rest}`)).toEqual([rest, 'a.test']);
      }),
    );
  });
});

describe('a target that is *', () => {
  it('is for OPTIONS alone', () => {
    expect(of('*', 'OPTIONS')).toEqual(['*', undefined]);
    expect(of('*', 'GET')).toBeUndefined();
    expect(of('**', 'OPTIONS')).toBeUndefined();
  });
});
