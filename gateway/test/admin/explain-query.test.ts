import { describe, expect, it } from 'vitest';
import { explainQuery } from '../../src/admin/explain-query.ts';

const read = (query: string) => explainQuery(new URLSearchParams(query));

describe('explainQuery', () => {
  it('reads a request', () => {
    const query = new URLSearchParams({
      path: '/a?b=1',
      host: 'shop.example:8080',
      method: 'POST',
      clientAddress: '::1',
    });
    query.append('header', 'X-One: 1');
    query.append('header', 'x-two:a:b');
    expect(explainQuery(query)).toEqual({
      path: '/a?b=1',
      host: 'shop.example:8080',
      method: 'POST',
      clientAddress: '::1',
      headers: { 'x-one': '1', 'x-two': 'a:b' },
    });
  });

  it('needs a path alone', () => {
    expect(read('path=/')).toEqual({ path: '/', headers: {} });
  });

  it('puts headers of one name together', () => {
    expect(read('path=/&header=a:1&header=A:2&header=cookie:x=1&header=Cookie:y=2').headers).toEqual({
      a: '1, 2',
      cookie: 'x=1; y=2',
    });
  });

  it('takes odd names for what they are', () => {
    const { headers } = read('path=/&header=__proto__:x&header=constructor:y');
    expect(Object.entries(headers ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it.each<[string, RegExp]>([
    ['', /^path is missing; it must be a path/],
    ['path=x', /^path must be a path that begins with "\/".*, got "x"$/],
    ['path=/a%0d%0ab', /^path must be/],
    ['path=/a b', /^path must be/],
    ['path=/é', /^path must be/],
    ['path=/&path=/b', /^path must be given once$/],
    ['path=/&host=a/b', /^host must be a host name or an IP address, got "a\/b"$/],
    ['path=/&host=', /^host must be/],
    ['path=/&method=GE T', /^method must be a token/],
    ['path=/&clientAddress=localhost', /^clientAddress must be an IP address, got "localhost"$/],
    ['path=/&header=nothing', /^header must be Name:value/],
    ['path=/&header=:x', /^header must be Name:value/],
    ['path=/&header=a b:x', /^header must be Name:value/],
    ['path=/&header=a:x%0d%0aevil:1', /^header must be Name:value/],
    ['path=/&headers=a:b', /^headers is not known; did you mean header\?$/],
    [`path=/${'&header=a:b'.repeat(101)}`, /^header must be given 100 times at most/],
  ])('refuses %s', (query, message) => {
    expect(() => read(query)).toThrow(message);
  });
});
