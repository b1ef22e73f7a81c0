import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PathRules, readPath, routedPath, withRawRest } from '../../src/config/normal-path.ts';

const RULES: PathRules = { encodedSlash: 'keep', caseSensitive: true };
const read = (target: string, rules: Partial<PathRules> = {}) => readPath(target, { ...RULES, ...rules });

describe('the normal form of a path', () => {
  it.each([
    ['/login', '/login'],
    ['/', '/'],
    ['/a/b/', '/a/b/'],
    ['/%6cogin', '/login'],
    ['/%6Cogin', '/login'],
    ['//login', '/login'],
    ['/./login', '/login'],
    ['/x/../login', '/login'],
    ['/%2e%2E/login', '/login'],
    ['/login;x', '/login'],
    ['/login;x=1/y;z', '/login/y'],
    ['/x/..;y=1/login', '/login'],
    ['/a//../b', '/b'],
    ['/..', '/'],
    ['/../..', '/'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/.', '/a/'],
    ['/login/;x', '/login/'],
    ['/.well-known/x', '/.well-known/x'],
    ['/...', '/...'],
    ['/a%2Fb', '/a%2Fb'],
    ['/a%2fb', '/a%2Fb'],
    ['/%40me%3Bx', '/@me%3Bx'],
    ['/a b|c', '/a%20b%7Cc'],
    ['/caf\xc3\xa9', '/caf%C3%A9'],
    ['/café', '/caf%E9'],
    ['/日', '/%E6%97%A5'],
    ['/a\\b', '/a%5Cb'],
    // A percent sign that encodes nothing does not begin to: this is no "login".
    ['/%%36cogin', '/%256cogin'],
    ['/%256cogin', '/%256cogin'],
    ['/100%', '/100%25'],
    ['/%zz', '/%25zz'],
    ['/%00', '/%00'],
  ])('of %j is %j', (raw, normal) => {
    expect(read(raw)).toMatchObject({ normal, routed: normal, raw, query: '' });
    expect(read(`${raw}?a=%2e%2e//;b`)).toMatchObject({ normal, raw, query: '?a=%2e%2e//;b' });
  });

  it('is the same for each spelling, and its own normal form', () => {
    const segment = fc.stringMatching(/^(?:[a-z.;%@ é]|%[2-7][0-9a-f]|%%){0,6}$/);
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
        const path = read(`/${segments.join('/')}`);
        if (path !== undefined) expect(read(path.normal)?.normal).toBe(path.normal);
      }),
    );
  });

  it('takes a time that grows with the length', () => {
    for (const unit of ['%2e', '/..', '//', ';', '%', '\\', '\xa0', '%2f/'])
      expect(read(`/${unit.repeat(20_000)}x`)?.normal.length ?? 0).toBeLessThan(100_000);
  });

  it.each([
    '/a/..%2flogin',
    '/a%2F../login',
    '/a/..\\login',
    '/a\\..\\login',
    '/a/%2e%2e%5clogin',
    '/..;x%2fa',
  ])('does not exist for %j', (path) => expect(read(path)).toBeUndefined());

  it('reads encoded slashes as it is told', () => {
    expect(read('/a%2Fb', { encodedSlash: 'refuse' })).toBeUndefined();
    expect(read('/a%252Fb', { encodedSlash: 'refuse' })?.normal).toBe('/a%252Fb');
    expect(read('/a%2Fb', { encodedSlash: 'decode' })?.normal).toBe('/a/b');
    expect(read('/a%2F%2fb', { encodedSlash: 'decode' })?.normal).toBe('/a/b');
  });

  it('does without letter case where that does not count', () => {
    expect(read('/Login/%C3', { caseSensitive: false })).toMatchObject({
      routed: '/login/%c3',
      normal: '/Login/%C3',
    });
    expect(routedPath('/API/%c3', false)).toBe('/api/%c3');
  });

  it('is the one of routes, too', () => {
    expect(routedPath('/caf%c3%a9', true)).toBe('/caf%C3%A9');
    expect(routedPath('/static/', true)).toBe('/static/');
  });
});

describe('a path with its beginning normalised, and the rest as it came', () => {
  it.each([
    ['/api', '/api/unsafe/http://x/y.jpg', '/api/unsafe/http://x/y.jpg'],
    ['/api', '//%61pi;v=1/cart;jsessionid=7', '/api/cart;jsessionid=7'],
    ['/api', '/x/../api/a//b', '/api/a//b'],
    ['/api', '/api/a%41/', '/api/a%41/'],
    ['/api', '/api', '/api'],
    ['/api', '/api/', '/api/'],
    // The rest alone would be a URL of another host.
    ['/api', '/api//evil.example/x', '/api/evil.example/x'],
    ['/api', '/api/;x//evil.example', '/api/evil.example'],
    ['/api', '/api//', '/api/'],
    ['/api/', '/api//a', '/api/a'],
    ['/', '//a//b', '/a//b'],
    ['/a/b', '/a//b/c;x', '/a/b/c;x'],
    // Dot segments must not lead back across the beginning.
    ['/api', '/api/a/./b//c', undefined],
    ['/api', '/api/a/b/../c', undefined],
    ['/api', '/api/a/../b//c', '/api/b//c'],
    ['/api', '/api/./b;x', '/api/b;x'],
    ['/api', '/x/..;y/api/%2E', '/api/'],
    ['/api', '/api/..\\x', undefined],
  ])('%s of %s is %s', (prefix, raw, expected) => {
    const path = read(raw);
    expect(path && withRawRest(path, prefix)).toBe(expected);
  });

  it('is read as the path itself', () => {
    const segment = fc.constantFrom('', 'a', 'b', '.', '..', '%2e%2E', 'a;x', ';', '..;', '%61', 'A', '%2f');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
        const path = read(`/${segments.join('/')}`);
        if (path === undefined) return;
        for (const prefix of ['/', '/a', '/a/b']) {
          if (!`${path.normal}/`.startsWith(prefix === '/' ? '/' : `${prefix}/`)) continue;
          const rest = withRawRest(path, prefix);
          if (rest === undefined) continue;
          expect(rest.startsWith(prefix)).toBe(true);
          expect(rest.slice(prefix.length)).not.toMatch(/^\/\//);
          // But for empty segments, whose only trace may be a slash at the end.
          expect(read(rest)?.normal.replace(/\/$/, '')).toBe(path.normal.replace(/\/$/, ''));
        }
      }),
    );
  });
});
