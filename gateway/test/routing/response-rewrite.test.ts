import { describe, expect, it } from 'vitest';
import { pathRewrite } from '../../src/routing/path-rewrite.ts';
import { ResponseRewrite } from '../../src/routing/response-rewrite.ts';

const BACKEND = 'http://10.0.0.1:8080';

function rewritten(
  name: string,
  value: string,
  {
    host,
    backend = BACKEND,
    authority = 'shop.example',
  }: {
    host?: string;
    backend?: string;
    authority?: string;
  } = {},
): string {
  const headers = ['X-Other', value, name, value];
  const paths = pathRewrite({ stripPrefix: true, rewrite: undefined }, '/api')!;
  new ResponseRewrite(paths, host).apply(headers, { scheme: 'https', authority }, backend);
  expect(headers[1]).toBe(value);
  return headers[3] as string;
}

describe.each(['Location', 'content-location'])('%s', (name) => {
  it.each([
    ['/x?y#z', '/api/x?y#z'],
    ['/', '/api/'],
    ['x/y', 'x/y'],
    ['?page=2', '?page=2'],
    ['', ''],
    [`${BACKEND}/x`, 'https://shop.example/api/x'],
    [BACKEND, 'https://shop.example/api/'],
    ['http://shop.example/x', 'http://shop.example/api/x'],
    ['HTTPS://Shop.Example/x', 'HTTPS://Shop.Example/api/x'],
    ['//shop.example/x', '//shop.example/api/x'],
    ['https://elsewhere.example/x', 'https://elsewhere.example/x'],
    ['//elsewhere.example/x', '//elsewhere.example/x'],
    ['mailto:a@b', 'mailto:a@b'],
  ])('%j leads the client to %j', (value, expected) => expect(rewritten(name, value)).toBe(expected));

  it('of the host that the route gives to backends is that of the client', () => {
    const host = 'inner.example';
    expect(rewritten(name, 'http://inner.example/x', { host })).toBe('https://shop.example/api/x');
  });

  it('leaves out the base path of the backend', () => {
    const backend = `${BACKEND}/base`;
    expect(rewritten(name, '/base/x', { backend })).toBe('/api/x');
    expect(rewritten(name, '/based', { backend })).toBe('/api/based');
  });
});

describe('Set-Cookie', () => {
  it.each([
    ['a=/x; Path=/', 'a=/x; Path=/api'],
    ['a=1; path=/x; Secure', 'a=1; path=/api/x; Secure'],
    ['a=1; Secure', 'a=1; Secure'],
    ['__Host-a=1; Path=/; Secure', '__Host-a=1; Path=/; Secure'],
    ['a=1; Domain=shop.example', 'a=1; Domain=shop.example'],
    ['a=1; Domain=.example', 'a=1; Domain=.example'],
    ['a=1; Domain=elsewhere.org', 'a=1; Domain=elsewhere.org'],
  ])('%j is %j', (value, expected) => expect(rewritten('Set-Cookie', value)).toBe(expected));

  it('of the domain of the backend is for the host of the client', () => {
    const host = 'app.inner.local';
    expect(rewritten('Set-Cookie', 'a=1; Domain=inner.local; Path=/', { host })).toBe(
      'a=1; Domain=shop.example; Path=/api',
    );
    for (const authority of ['localhost:8080', '192.0.2.1', '[::1]:80'])
      expect(rewritten('Set-Cookie', 'a=1; Domain=inner.local', { host, authority })).toBe('a=1');
  });
});
