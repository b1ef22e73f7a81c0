import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathTemplate } from '../../src/config/path-template.ts';
import { pathRewrite } from '../../src/routing/path-rewrite.ts';
import { fits } from '../../src/routing/wildcard.ts';

describe('a path without its prefix', () => {
  const strip = pathRewrite({ stripPrefix: true, rewrite: undefined }, '/api')!;

  it.each([
    ['/api', '/'],
    ['/api/', '/'],
    ['/api/x%2Fy', '/x%2Fy'],
  ])('%s is %s for the backend', (client, backend) => expect(strip.forth(client)?.path).toBe(backend));

  it.each([
    ['/', '/api/'],
    ['/x', '/api/x'],
  ])('and %s is %s for the client', (backend, client) => expect(strip.back(backend)).toBe(client));
});

describe('a path with another prefix', () => {
  const rewrite = pathRewrite({ stripPrefix: false, rewrite: '/v2' }, '/api')!;

  it('gets it, and the way back', () => {
    expect(rewrite.forth('/api/x')?.path).toBe('/v2/x');
    expect(rewrite.forth('/api')?.path).toBe('/v2');
    expect(rewrite.back('/v2/x')).toBe('/api/x');
    expect(rewrite.back('/v2')).toBe('/api');
    expect(rewrite.back('/v22')).toBeUndefined();
    expect(rewrite.back('/other')).toBeUndefined();
  });

  it('also from the root, and to it', () => {
    const below = pathRewrite({ stripPrefix: false, rewrite: '/base/' }, '/')!;
    expect(below.forth('/x')?.path).toBe('/base/x');
    expect(below.forth('/')?.path).toBe('/base/');
    expect(below.back('/base/x')).toBe('/x');
    expect(below.back('/base')).toBe('/');
  });
});

describe('a pattern of paths', () => {
  const to = (from: string, to: string) => pathRewrite({ stripPrefix: false, rewrite: { from, to } }, '/')!;

  it.each([
    ['/users/{id}/orders/{rest*}', '/orders/{id}/{rest*}', '/users/7/orders/a/b', '/orders/7/a/b'],
    ['/users/{id}/orders/{rest*}', '/orders/{id}/{rest*}', '/users/7/orders', '/orders/7/'],
    ['/users/{id}', '/people/{id}', '/users/7/x', undefined],
    ['/users/{id}', '/people/{id}', '/users/', undefined],
    ['/img/{name}.png', '/{name}.webp', '/img/a.b.png', '/a.b.webp'],
    ['/img/{name}.png', '/{name}.webp', '/img/.png', undefined],
    ['/{all*}', '/base/{all*}', '/x/y', '/base/x/y'],
    ['/a/{b}', '/{b}', '/a/%2F', '/%2F'],
  ])('%s as %s makes of %3$s %4$s', (from, target, path, expected) => {
    expect(to(from, target).forth(path)?.path).toBe(expected);
  });

  it('has a way back where no variable is lost', () => {
    expect(to('/u/{id}/{rest*}', '/{id}/x/{rest*}').back('/7/x/a')).toBe('/u/7/a');
    expect(to('/u/{id}/{rest*}', '/x/{rest*}').back('/x/a')).toBeUndefined();
  });

  it('may put variables into the query', () => {
    const rewrite = to('/users/{id}', '/user?id={id}&v=1');
    expect(rewrite.forth('/users/a&b')?.path).toBe('/user');
    expect(rewrite.forth('/users/a&b')?.added).toBe('id=a%26b&v=1');
    expect(rewrite.forth('/users/a;b=c')?.added).toBe('id=a%3Bb%3Dc&v=1');
  });

  it.each([
    ['/{a}{b}', 'a segment may have one variable such as {id}, the last one {rest*}'],
    ['/{a', 'a segment may have one variable such as {id}, the last one {rest*}'],
    ['/{}', 'a segment may have one variable such as {id}, the last one {rest*}'],
    ['/{a*}/b', '{a*} must be the last segment'],
    ['/x{a*}', '{a*} must be a segment of its own'],
    ['/{a}/{a}', '{a} must be there once'],
  ])('%s is none', (text, message) => expect(() => new PathTemplate(text)).toThrow(message));

  it('finds in a filled template what was put in', () => {
    const value = fc.stringMatching(/^[a-z%.-]{1,8}$/);
    fc.assert(
      fc.property(value, value, fc.stringMatching(/^[a-z/]{0,12}$/), (a, b, rest) => {
        const template = new PathTemplate('/x-{a}/y/{b}.z/{rest*}');
        const values = new Map([
          ['a', a],
          ['b', b],
          ['rest', rest],
        ]);
        expect(template.match(template.fill(values))).toEqual(values);
      }),
    );
  });
});

describe('a text with a star', () => {
  it.each([
    ['2.*', '2.1', true],
    ['2.*', '12.1', false],
    ['*json*', 'application/json; charset=utf-8', true],
    ['a*a', 'a', false],
    ['a*b*c', 'a-c-b-c', true],
    ['a*b*c', 'acb', false],
    ['*', '', true],
    ['exact', 'exact', true],
    ['exact', 'exactly', false],
  ])('%s: %s', (pattern, text, expected) => expect(fits(pattern, text)).toBe(expected));

  it('is compared like the regular expression that it stands for', () => {
    const letters = fc.stringMatching(/^[ab*]{0,8}$/);
    fc.assert(
      fc.property(letters, fc.stringMatching(/^[ab]{0,10}$/), (pattern, text) => {
        expect(fits(pattern, text)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text));
      }),
    );
  });

  it('takes no time that multiplies', () => {
    expect(fits(`${'a*'.repeat(1_000)}b`, 'a'.repeat(16_000))).toBe(false);
  });
});
