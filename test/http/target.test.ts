// A path cannot leave a backend's base path, however its dot segments are spelled: fastify#5204,
// CVE-2019-9901 (Envoy).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadRequestError } from '../../src/errors.ts';
import { insidePath, targetUrl } from '../../src/http/target.ts';

const BASE = 'http://10.0.0.1:8080/base/x';

/** How WHATWG's parser, which every HTTP service uses, reads a target. */
const pathOf = (target: string) => new URL(target).pathname;
const isInside = (pathname: string) => pathname === '/base/x' || pathname.startsWith('/base/x/');

/** A path as a backend reads it that decodes everything once more. */
function decodedOnce(pathname: string): string {
  const decoded = pathname
    .replace(/%25/g, '%')
    .replace(/%2f|%5c/gi, '/')
    .replace(/%2e/gi, '.');
  return pathOf(`http://x${decoded}`);
}

describe('a path on a backend with a base path', () => {
  it.each([
    ['/a', '/base/x/a'],
    ['a', '/base/x/a'],
    ['', '/base/x'],
    ['?a=/../..', '/base/x/?a=/../..'],
    ['/..', '/base/x/'],
    ['/../x', '/base/x/x'],
    ['/a/../../../b?c', '/base/x/b?c'],
    ['/a/./b', '/base/x/a/./b'],
    ['/a/../b/.', '/base/x/b/'],
    ['/%2e%2e/admin', '/base/x/admin'],
    ['/%2E./admin', '/base/x/admin'],
    ['/.%2e\\admin', '/base/x/admin'],
    ['/\\..\\..\\admin', '/base/x/admin'],
    ['/.\t./admin', '/base/x/admin'],
    ['/..\n', '/base/x/'],
    ['//other/path', '/base/x//other/path'],
    ['http://other/path', '/base/x/http://other/path'],
    ['http://other/../../..', '/base/x/'],
    ['/a..b/c...d', '/base/x/a..b/c...d'],
    ['/a/..%2fb', '/base/x/a/..%2fb'],
    ['/file..txt?x=../..', '/base/x/file..txt?x=../..'],
  ])('%j is sent as %s', (path, sent) => {
    expect(targetUrl(BASE, path)).toBe(`http://10.0.0.1:8080${sent}`);
  });

  it.each([
    '/..%2fadmin',
    '/..%2Fadmin',
    '/..%5cadmin',
    '/%2e%2e%2fadmin',
    '/a/..%2f..%2fadmin',
    '/%252e%252e/admin',
    '/%252e%252e%252fadmin',
    '/%25252e./admin',
    '/..;/admin',
    '/..;a=b/admin',
    '/..%3b/admin',
  ])('%j is refused, as some backends would read it so', (path) => {
    expect(() => targetUrl(BASE, path)).toThrow(BadRequestError);
  });

  it('stays inside in every spelling, or is refused', () => {
    const piece = fc.constantFrom(
      ...[
        '/',
        '/',
        '\\',
        '%2f',
        '%5C',
        '%252F',
        '..',
        '..',
        '.',
        '%2e',
        '%2E',
        '%252e',
        '%25',
        '2e',
        'a',
        'b;c',
      ],
      ...[';', '\t', '\n', ' ', '\0', '//', '?', '#', 'http:', '@', ':80', '%', 'é'],
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = pieces.join('');
        let target: string;
        try {
          target = targetUrl(BASE, path);
        } catch (error) {
          expect(error).toBeInstanceOf(BadRequestError);
          refused++;
          return;
        }
        const { origin, pathname } = new URL(target);
        expect([path, origin, isInside(pathname)]).toEqual([path, 'http://10.0.0.1:8080', true]);
        let decoded = pathname;
        for (let i = 0; i < 3; i++) {
          decoded = decodedOnce(decoded);
          expect([path, decoded, isInside(decoded)]).toEqual([path, decoded, true]);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('is left alone without two dots', () => {
    const text = fc.string({ unit: fc.constantFrom('/', 'a', '.a', '%41', '%2f', '?', '=') });
    fc.assert(fc.property(text, (path) => void expect(insidePath(path)).toBe(path)));
  });
});

it('a path on a backend without a base path is not touched', () => {
  for (const path of ['/../a', '/%2e%2e/a', '/..%2fa', '//host/a', '/\\..\\a', '/.\t./a'])
    expect(targetUrl('http://10.0.0.1:8080', path)).toBe(`http://10.0.0.1:8080${path}`);
});
