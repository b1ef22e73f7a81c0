import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AffinityKey,
  byClientAddress,
  byCookie,
  byHeader,
  byJwtClaim,
  byPath,
} from '../../src/index.ts';
import { aRequest } from '../support.ts';

type Headers = NonNullable<ReturnType<typeof aRequest>['headers']>;

const keyOf = (key: AffinityKey, headers?: Headers) => key(aRequest('/', headers && { headers }));

/** Base64url without padding (RFC 7515 section 2). */
const base64url = (text: string) => Buffer.from(text).toString('base64url');
const tokenOf = (payload: string) => `${base64url('{"alg":"HS256"}')}.${base64url(payload)}.c2lnbmF0dXJl`;
const bearer = (payload: string): Headers => ({ authorization: `Bearer ${tokenOf(payload)}` });

/** Headers as a server could hand them in, with names that are in the way of careless look-ups. */
const names = fc.constantFrom(
  '__proto__',
  'constructor',
  'cookie',
  'Cookie',
  'authorization',
  'x-user',
  'X-USER',
  '',
);
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('x=1; ;=;;x', 'Bearer a.b.c', 'Bearer ', '__proto__=1'),
);
const anyHeaders = fc.dictionary(names, fc.oneof(texts, fc.array(texts), fc.constant(undefined)));

describe('byPath', () => {
  it('takes the path with its query, as it is', () => {
    expect(byPath(aRequest('/products/7?lang=en'))).toBe('/products/7?lang=en');
    expect(byPath(aRequest('/%2e%2E/Ä?#'))).toBe('/%2e%2E/Ä?#');
    expect(byPath(aRequest(''))).toBe('');
  });
});

describe('byClientAddress', () => {
  it('takes the address that the host gave', () => {
    expect(byClientAddress(aRequest('/', { clientAddress: '2001:db8::1' }))).toBe('2001:db8::1');
  });

  it('knows no key where the host gave none', () => {
    expect(byClientAddress(aRequest('/', { headers: { 'x-forwarded-for': '10.0.0.1' } }))).toBeUndefined();
  });
});

describe('byHeader', () => {
  it.each(['x-user', 'X-User', 'X-USER'])('finds %s whatever the case it is sent in', (sent) => {
    expect(keyOf(byHeader('X-uSER'), { accept: '*/*', [sent]: 'ann' })).toBe('ann');
  });

  it('takes the first of several values', () => {
    expect(keyOf(byHeader('x-user'), { 'x-user': ['ann', 'bob'] })).toBe('ann');
  });

  it('knows no key without headers, without the header and without a value', () => {
    const key = byHeader('x-user');
    expect(keyOf(key)).toBeUndefined();
    expect(keyOf(key, {})).toBeUndefined();
    expect(keyOf(key, { 'x-user': [] })).toBeUndefined();
    expect(keyOf(key, { 'x-user': undefined })).toBeUndefined();
  });

  it('takes an empty value for a key', () => {
    expect(keyOf(byHeader('x-user'), { 'x-user': '' })).toBe('');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'finds no %s that nobody sent',
    (name) => {
      expect(keyOf(byHeader(name), {})).toBeUndefined();
      expect(keyOf(byHeader(name), Object.create(null) as Headers)).toBeUndefined();
    },
  );

  it('finds a header of the name __proto__ that somebody sent', () => {
    expect(keyOf(byHeader('__proto__'), JSON.parse('{"__proto__":"ann"}') as Headers)).toBe('ann');
  });

  it('does not look at the prototype of the headers', () => {
    expect(keyOf(byHeader('x-user'), Object.create({ 'x-user': 'ann' }) as Headers)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    ['', '""'],
    ['x user', '"x user"'],
    ['x-user\r\n', '"x-user\\r\\n"'],
    ['x:user', '"x:user"'],
    ['größe', '"größe"'],
    [undefined, 'undefined'],
    [['x-user'], '["x-user"]'],
  ])('throws for the name %j, which no header can have', (name, got) => {
    expect(() => byHeader(name as string)).toThrow(
      new TypeError(`the name of a header must be a token, got ${got}`),
    );
  });
});

describe('byCookie', () => {
  it.each<[string, string]>([
    ['alone', 'sid=7'],
    ['in the middle', 'a=1; sid=7; b=2'],
    ['without spaces', 'a=1;sid=7;b=2'],
    ['with too many spaces', 'a=1;   sid  =  7  '],
    ['behind parts that are none', ';;; =5; noise; sid=7'],
    ['twice: the first counts', 'sid=7; sid=8'],
    ['behind cookies that end or begin alike', 'xsid=1; sidx=2; sid.=3; SID=4; sid=7'],
  ])('finds a cookie %s', (_, cookie) => {
    expect(keyOf(byCookie('sid'), { cookie })).toBe('7');
  });

  it('keeps what comes after a second equals sign', () => {
    expect(keyOf(byCookie('sid'), { cookie: 'sid=a=b==' })).toBe('a=b==');
  });

  it('keeps quotes and escapes, which name a value as well as anything', () => {
    expect(keyOf(byCookie('sid'), { cookie: 'sid="a%20b"' })).toBe('"a%20b"');
  });

  it('finds the header in any case, and a cookie in any of several headers', () => {
    expect(keyOf(byCookie('sid'), { Cookie: 'sid=7' })).toBe('7');
    expect(keyOf(byCookie('sid'), { cookie: ['sid=7', 'b=2'] })).toBe('7');
    // HTTP/2 may send each cookie in a header of its own (RFC 9113 section 8.2.3).
    expect(keyOf(byCookie('sid'), { cookie: ['a=1', 'sid=7'] })).toBe('7');
  });

  it('knows no key without the cookie', () => {
    expect(keyOf(byCookie('sid'))).toBeUndefined();
    expect(keyOf(byCookie('sid'), { cookie: '' })).toBeUndefined();
    expect(keyOf(byCookie('sid'), { cookie: [] })).toBeUndefined();
    expect(keyOf(byCookie('sid'), { cookie: 'sid; sidx; a=1' })).toBeUndefined();
    expect(keyOf(byCookie('sid'), { 'set-cookie': 'sid=7' })).toBeUndefined();
  });

  it('takes __proto__ for a name like any other', () => {
    expect(keyOf(byCookie('__proto__'), { cookie: 'a=1' })).toBeUndefined();
    expect(keyOf(byCookie('__proto__'), { cookie: '__proto__=7' })).toBe('7');
  });

  it('reads a huge header in one pass', () => {
    const noise = `${'a=1;'.repeat(200_000)}${'='.repeat(200_000)};${' '.repeat(200_000)};`;
    expect(keyOf(byCookie('sid'), { cookie: `${noise}sid=7` })).toBe('7');
  });

  it.each(['', 'a b', 'a=b', 'a;b', 'a"b'])('throws for the name %j, which no cookie can have', (name) => {
    expect(() => byCookie(name)).toThrow(
      new TypeError(`the name of a cookie must be a token, got ${JSON.stringify(name)}`),
    );
  });
});

describe('byJwtClaim', () => {
  it.each<[string, string, string]>([
    ['a string', '{"sub":"ann"}', 'ann'],
    ['an empty string', '{"sub":""}', ''],
    ['a number', '{"sub":42.5}', '42.5'],
    ['a text beyond ASCII', '{"sub":"Zoë 🚣"}', 'Zoë 🚣'],
    ['a text with characters that base64url writes differently', '{"sub":"~~~???ÿÿÿ"}', '~~~???ÿÿÿ'],
    ['a lone surrogate', '{"sub":"\\ud800"}', '\ud800'],
    ['the last of a repeated claim', '{"sub":"eve","sub":"ann"}', 'ann'],
  ])('takes %s', (_, payload, key) => {
    expect(keyOf(byJwtClaim('sub'), bearer(payload))).toBe(key);
  });

  it('takes the claim that it was asked for', () => {
    expect(keyOf(byJwtClaim('tenant'), bearer('{"sub":"ann","tenant":"acme"}'))).toBe('acme');
  });

  it.each(['Bearer', 'bearer', 'BEARER'])(
    'knows the scheme %s, and one or more spaces after it',
    (scheme) => {
      const token = tokenOf('{"sub":"ann"}');
      expect(keyOf(byJwtClaim('sub'), { Authorization: `${scheme} ${token}` })).toBe('ann');
      // RFC 6750 section 2.1: "Bearer" 1*SP b64token.
      expect(keyOf(byJwtClaim('sub'), { authorization: `${scheme}   ${token}` })).toBe('ann');
    },
  );

  it('takes the first of several headers, and padding for what it is', () => {
    const token = `e30=.${Buffer.from('{"sub":"zoe"}').toString('base64')}.x`;
    expect(token).toContain('==.');
    expect(keyOf(byJwtClaim('sub'), { authorization: [`Bearer ${token}`, 'Basic eDp5'] })).toBe('zoe');
  });

  it.each<[string, string]>([
    ['an object', '{"sub":{"id":"ann"}}'],
    ['an array', '{"sub":["ann"]}'],
    ['null', '{"sub":null}'],
    ['a boolean', '{"sub":true}'],
    ['absent', '{"name":"ann"}'],
  ])('knows no key where the claim is %s', (_, payload) => {
    expect(keyOf(byJwtClaim('sub'), bearer(payload))).toBeUndefined();
  });

  it.each<[string, string]>([
    ['null', 'null'],
    ['a string', '"sub"'],
    ['a number', '7'],
    ['an array', '["ann"]'],
    ['nothing', ''],
    ['no JSON', '{"sub":"ann"'],
    ['nested too deeply', '['.repeat(10_000)],
  ])('knows no key where the payload is %s', (_, payload) => {
    expect(keyOf(byJwtClaim('sub'), bearer(payload))).toBeUndefined();
    // Claims are the members of an object (RFC 7519 section 7.2), not the places of a list or a text.
    expect(keyOf(byJwtClaim('length'), bearer(payload))).toBeUndefined();
    expect(keyOf(byJwtClaim('0'), bearer(payload))).toBeUndefined();
  });

  it.each<[string, string]>([
    ['no scheme', tokenOf('{"sub":"ann"}')],
    ['another scheme', `Basic ${tokenOf('{"sub":"ann"}')}`],
    ['no token', 'Bearer'],
    ['an empty token', 'Bearer '],
    ['one part', `Bearer ${base64url('{"sub":"ann"}')}`],
    ['no payload', 'Bearer a..c'],
    ['no base64', 'Bearer a.{"sub":"ann"}.c'],
    ['a length that base64 cannot have', 'Bearer a.eyJzd.c'],
    ['bytes that are no UTF-8', 'Bearer a.gICA.c'],
    ['text beyond Latin-1', 'Bearer a.日本語.c'],
    ['a comma', 'Bearer, a.e30.c'],
  ])('knows no key for a header with %s', (_, authorization) => {
    expect(keyOf(byJwtClaim('sub'), { authorization })).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'finds no %s that nobody sent',
    (claim) => {
      expect(keyOf(byJwtClaim(claim), bearer('{"sub":"ann"}'))).toBeUndefined();
      expect(keyOf(byJwtClaim(claim), bearer('{"__proto__":{"sub":"eve"}}'))).toBeUndefined();
    },
  );

  it('is not misled by a payload that names __proto__', () => {
    expect(keyOf(byJwtClaim('sub'), bearer('{"__proto__":{"sub":"eve"}}'))).toBeUndefined();
    expect(keyOf(byJwtClaim('__proto__'), bearer('{"__proto__":"ann"}'))).toBe('ann');
    expect({}).not.toHaveProperty('sub');
  });

  it('reads tokens up to 16,384 characters, and no longer ones', () => {
    const tokenOfLength = (length: number) => `${tokenOf('{"sub":"ann"}')}`.padEnd(length, 'x');
    expect(keyOf(byJwtClaim('sub'), { authorization: `Bearer ${tokenOfLength(16_384)}` })).toBe('ann');
    expect(keyOf(byJwtClaim('sub'), { authorization: `Bearer ${tokenOfLength(16_385)}` })).toBeUndefined();
    expect(keyOf(byJwtClaim('sub'), { authorization: `Bearer ${tokenOfLength(5_000_000)}` })).toBeUndefined();
  });

  it.each<[unknown, string]>([
    ['', '""'],
    [undefined, 'undefined'],
    [7, '7'],
  ])('throws for the claim %j', (claim, got) => {
    expect(() => byJwtClaim(claim as string)).toThrow(TypeError);
    expect(() => byJwtClaim(claim as string)).toThrow(`got ${got}`);
  });
});

describe('every affinity key', () => {
  it('is a string or undefined, and equal for equal requests, whatever the headers are', () => {
    const keys = [
      byHeader('x-user'),
      byHeader('__proto__'),
      byCookie('x'),
      byJwtClaim('sub'),
      byPath,
      byClientAddress,
    ];
    fc.assert(
      fc.property(anyHeaders, (headers) => {
        for (const key of keys) {
          const value = key(aRequest('/', { headers }));
          expect(['string', 'undefined']).toContain(typeof value);
          expect(key(aRequest('/', { headers: structuredClone(headers) }))).toBe(value);
        }
      }),
    );
  });
});
