import { describe, expect, it } from 'vitest';
import { Conditions } from '../../src/routing/conditions.ts';
import { HeaderRules } from '../../src/routing/header-rules.ts';
import { pathRewrite } from '../../src/routing/path-rewrite.ts';
import { Redirect } from '../../src/routing/redirect.ts';
import { RouteTable } from '../../src/routing/route-table.ts';
import { aQuery } from './a-query.ts';

type Config = ConstructorParameters<typeof Redirect>[0];

const NONE = new HeaderRules({ set: {}, remove: [] });

function location(
  config: Partial<Config>,
  scheme: string,
  authority: string,
  path: string,
  rewrite?: string,
) {
  const paths = rewrite === undefined ? undefined : pathRewrite({ stripPrefix: false, rewrite }, '/old');
  return new Redirect({ status: 308, ...config }, paths).locationFor(aQuery({ scheme, authority, path }));
}

describe('a redirect', () => {
  it.each<[Partial<Config>, string, string, string, string | undefined]>([
    [{ scheme: 'https' }, 'http', 'a.example', '/x?y', 'https://a.example/x?y'],
    [{ scheme: 'https' }, 'http', 'a.example:8080', '/', 'https://a.example/'],
    [{ scheme: 'https', port: 8443 }, 'http', 'a.example:8080', '/', 'https://a.example:8443/'],
    [{ scheme: 'https', port: 443 }, 'http', 'a.example', '/', 'https://a.example/'],
    [{ scheme: 'https' }, 'http', '[::1]:8080', '/', 'https://[::1]/'],
    [{ scheme: 'https' }, 'https', 'a.example', '/', undefined],
    [{ scheme: 'https' }, 'https', 'a.example:443', '/', undefined],
    [{ scheme: 'https' }, 'http', '', '/', undefined],
    [{ host: 'www.a.example' }, 'http', 'a.example:8080', '/x', 'http://www.a.example/x'],
    [{ host: 'www.a.example' }, 'https', 'WWW.a.example', '/x', undefined],
    [{ host: 'b' }, 'http', '', '/', 'http://b/'],
    // The path never becomes a host.
    [{ scheme: 'https' }, 'http', 'a', '//evil.example', 'https://a//evil.example'],
    [{ scheme: 'https' }, 'http', 'a', '/a\\b"\xe9', 'https://a/a%5Cb%22%E9'],
  ])('%j of %s://%s%s leads to %s', (config, scheme, authority, path, expected) => {
    expect(location(config, scheme, authority, path)).toBe(expected);
  });

  it('may change the path', () => {
    expect(location({}, 'http', 'a', '/old/x?y', '/new')).toBe('http://a/new/x?y');
    expect(location({}, 'http', 'a', '/old', '/old')).toBeUndefined();
  });

  it('that leads to where the client is does not match', () => {
    const redirect = new Redirect({ status: 301, scheme: 'https' }, undefined);
    const table = new RouteTable([
      { host: '*', path: '/', prefix: '/', conditions: undefined, redirect, responseHeaders: NONE },
    ]);
    expect(table.find('a', '/', aQuery({ scheme: 'http' }))).toBeDefined();
    expect(table.find('a', '/', aQuery({ scheme: 'https' }))).toBeUndefined();
  });
});

describe('conditions', () => {
  const place = (
    name: string,
    host: string,
    path: string,
    conditions: Partial<ConstructorParameters<typeof Conditions>[0]>,
  ) => ({
    name,
    host,
    path,
    prefix: path,
    conditions: Conditions.of({
      methods: undefined,
      headers: undefined,
      listeners: undefined,
      ...conditions,
    }),
    redirect: new Redirect({ status: 308, host: name }, undefined),
    responseHeaders: NONE,
  });
  const table = new RouteTable([
    place('any', '*', '/', {}),
    place('post', '*', '/', { methods: ['POST', 'GET'] }),
    place('post-inside', '*', '/', { methods: ['POST'], listeners: ['inside'] }),
    place('beta', '*', '/', { headers: { 'X-Beta': '1*' } }),
    place('longer', '*', '/api', { methods: ['GET'] }),
    place('host', 'a.example', '/', { methods: ['PUT'] }),
    place('only-get', 'b.example', '/x', { methods: ['GET'], headers: { 'X-A': '*' } }),
  ]);
  const find = (host: string, path: string, facts: object) =>
    (table.find(host, path, aQuery({ authority: host, ...facts })) as { name?: string } | undefined)?.name;

  it('decide where host and path are the same: headers, then the others, then the order', () => {
    expect(find('c', '/', { method: 'DELETE' })).toBe('any');
    expect(find('c', '/', { method: 'POST' })).toBe('post');
    expect(find('c', '/', { method: 'HEAD' })).toBe('post');
    expect(find('c', '/', { method: 'POST', listener: 'inside' })).toBe('post-inside');
    expect(find('c', '/', { method: 'POST', listener: 'inside', headers: { 'x-beta': '10' } })).toBe('beta');
    expect(find('c', '/', { method: 'DELETE', headers: { 'x-beta': ['2', '1'] } })).toBe('beta');
    expect(find('c', '/', { method: 'DELETE', headers: { 'x-beta': '2' } })).toBe('any');
  });

  it('that fail let a shorter path or a less exact host have the request', () => {
    expect(find('c', '/api/x', {})).toBe('longer');
    expect(find('c', '/api/x', { method: 'DELETE' })).toBe('any');
    expect(find('a.example', '/', { method: 'PUT' })).toBe('host');
    expect(find('a.example', '/', {})).toBe('post');
  });

  it('on the method are told where they alone fail', () => {
    const few = new RouteTable([
      place('a', 'a', '/x', { methods: ['GET', 'PUT'] }),
      place('b', '*', '/x/y', { methods: ['PATCH'] }),
    ]);
    expect(few.find('a', '/x/y', aQuery({ method: 'POST' }))).toBeUndefined();
    expect(few.methodsFor('a', '/x/y', aQuery({ method: 'POST' }))).toEqual(['PATCH', 'GET', 'PUT', 'HEAD']);
    expect(few.methodsFor('a', '/z', aQuery({ method: 'POST' }))).toEqual([]);
  });
});
