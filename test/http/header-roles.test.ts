import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listedNames, requestRole, responseRole, without } from '../../src/http/header-roles.ts';

describe('the role of a request header', () => {
  it.each([
    ['Connection', 'connection'],
    ['KEEP-ALIVE', 'hop'],
    ['Proxy-Connection', 'hop'],
    ['Proxy-Authorization', 'hop'],
    ['TE', 'hop'],
    ['Trailer', 'hop'],
    ['HTTP2-Settings', 'hop'],
    ['Transfer-Encoding', 'transfer-encoding'],
    ['content-length', 'content-length'],
    ['HOST', 'host'],
    ['X-Forwarded-For', 'x-forwarded-for'],
    ['X-Real-IP', 'x-forwarded-other'],
    ['x-request-id', 'request-id'],
    ['X-Forwarded-User', 'x-forwarded-any'],
    ['x-forwarded-ssl', 'x-forwarded-any'],
    // As long as `Content-Length`, and as nothing that is listed.
    ['X-Forwarded-By', 'x-forwarded-any'],
    ['X-FORWARDED-TLS-CLIENT-CERT-INFO-OF-THE-PEER-THAT-IS-LONGER-THAN-64-CHARACTERS', 'x-forwarded-any'],
  ])('%s is %s', (name, role) => {
    expect(requestRole(name)).toBe(role);
  });

  it.each([
    'Accept',
    'Cookie',
    'X-Anything',
    'X-Forwarded',
    'XX-Forwarded-For',
    'Sec-WebSocket-Key',
    '',
    'x'.repeat(5_000),
    '__proto__',
  ])('%.20s is an ordinary one', (name) => {
    expect(requestRole(name)).toBeUndefined();
  });

  it.each([
    'X_Forwarded_For',
    'content_length',
    'Transfer_Encoding',
    'x-forwarded_host',
    'proxy_connection',
    'X_Forwarded-User',
  ])('%s is dropped, since many take it for the real one', (name) => {
    expect(requestRole(name)).toBe('hop');
  });

  it('leaves other names with underscores alone', () => {
    expect(requestRole('my_header_name_')).toBeUndefined();
  });
});

describe("the role of an answer's header", () => {
  it.each([
    ['Connection', 'connection'],
    ['Keep-Alive', 'hop'],
    ['Upgrade', 'hop'],
    ['Trailer', 'hop'],
    ['TE', 'hop'],
    // node:http2 throws where one comes as a header, or as a trailer.
    ['HTTP2-Settings', 'hop'],
    ['Proxy-Authenticate', 'hop'],
    ['Transfer-Encoding', 'transfer-encoding'],
    ['Content-Length', 'content-length'],
    ['Date', 'date'],
    ['Set-Cookie', undefined],
    ['Via', undefined],
    ['', undefined],
    ['x'.repeat(100), undefined],
  ])('%.20s is %s', (name, role) => {
    expect(responseRole(name)).toBe(role);
  });
});

describe('the names that Connection lists', () => {
  it.each([
    ['keep-alive', undefined],
    ['close', undefined],
    ['Close, Keep-Alive', undefined],
    ['', undefined],
    [' , ,', undefined],
    ['X-One', ['x-one']],
    ['close, X-One,x-two ', ['x-one', 'x-two']],
    ['upgrade', ['upgrade']],
  ])('of %j are %j', (value, names) => {
    expect(listedNames(value)).toEqual(names);
  });

  it.each(['Host', 'cookie', 'AUTHORIZATION', 'content-length', 'Content-Type', 'cache-control', 'range'])(
    'never have %s, which applications rely on',
    (name) => {
      expect(listedNames(`${name}, x`)).toEqual(['x']);
    },
  );
});

describe('taking headers away', () => {
  it('goes by name, whatever its case, and keeps the order of the others', () => {
    const headers = ['A', '1', 'b', '2', 'a', '3', 'C', '4'];
    expect(without(headers, ['a'])).toEqual(['b', '2', 'C', '4']);
    expect(without(headers, [])).toEqual(headers);
    expect(headers).toHaveLength(8);
  });

  it('takes all of them and nothing else', () => {
    const name = fc.constantFrom('a', 'B', 'c', 'D', 'x-long-name');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), fc.array(name), (pairs, names) => {
        const gone = names.map((one) => one.toLowerCase());
        const expected = pairs.filter(([one]) => !gone.includes(one.toLowerCase()));
        expect(without(pairs.flat(), gone)).toEqual(expected.flat());
      }),
    );
  });
});
