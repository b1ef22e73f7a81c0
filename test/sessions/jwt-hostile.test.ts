import { createHmac, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JwtSessionsOptions } from '../../src/sessions/index.ts';
import { aRequest } from '../support.ts';
import {
  claims,
  EC,
  encoded,
  hmacToken,
  NOW_S,
  RSA,
  RSA_2,
  rejections,
  rsaToken,
  SECRET,
  setUp,
  withToken,
} from './jwt-tokens.ts';

const VALID = hmacToken();
const [HEADER, PAYLOAD, SIGNATURE] = VALID.split('.') as [string, string, string];
const unsigned = (header: unknown, payload: unknown = claims()) => `${encoded(header)}.${encoded(payload)}.`;
const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** Sets bits beyond the last byte of a part: lenient decoders read the same. */
function respelled(part: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = part.slice(0, -1) + digits[digits.indexOf(part.at(-1) as string) + 1];
  expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(part, 'base64url'));
  return other;
}

async function expectRejected(token: string, reason: string, options: Partial<JwtSessionsOptions> = {}) {
  const sessions = setUp(options);
  expect(await sessions.read(withToken(token))).toBeUndefined();
  expect(rejections(sessions)).toEqual({ [reason]: 1 });
  expect(sessions.stats).toMatchObject({ verified: 0, cached: 0, remembered: 0 });
}

describe('a token that is not valid is as if there were none, and counted:', () => {
  it.each(['none', 'None', 'nOnE', 'NONE'])('the algorithm %s', async (alg) => {
    await expectRejected(unsigned({ alg }), 'algorithm');
    await expectRejected(`${unsigned({ alg })}${SIGNATURE}`, 'algorithm');
    await expectRejected(unsigned({ alg }), 'algorithm', { key: RSA.publicKey, algorithms: ['RS256'] });
  });

  it('a public key as the HMAC secret', async () => {
    const options: Partial<JwtSessionsOptions> = { key: RSA.publicKey, algorithms: ['RS256'] };
    for (const secret of [RSA.publicKey, RSA.publicKey.trim(), RSA.publicKey.replaceAll('\n', '')]) {
      await expectRejected(hmacToken(undefined, undefined, secret), 'algorithm', options);
      await expectRejected(hmacToken(undefined, { alg: 'RS256' }, secret), 'signature', options);
    }
  });

  it.each<[string, string, string, Partial<JwtSessionsOptions>?]>([
    ['signed by another', hmacToken(undefined, undefined, `${SECRET}!`), 'signature'],
    [
      'signed with another RSA key',
      rsaToken(undefined, undefined, RSA_2.privateKey),
      'signature',
      { key: RSA.publicKey, algorithms: ['RS256'] },
    ],
    ['an algorithm beside the list', hmacToken(undefined, { alg: 'HS512' }), 'algorithm'],
    ['an algorithm as an array', hmacToken(undefined, { alg: ['HS256'] }), 'malformed'],
    ['no algorithm', hmacToken(undefined, {}), 'malformed'],
    ['changed claims', `${HEADER}.${encoded(claims({ sub: 'bob' }))}.${SIGNATURE}`, 'signature'],
    ['a changed header', `${encoded({ alg: 'HS256', typ: 'JWT' })}.${PAYLOAD}.${SIGNATURE}`, 'signature'],
    ['a stripped signature', `${HEADER}.${PAYLOAD}.`, 'signature'],
    ['no signature', `${HEADER}.${PAYLOAD}`, 'malformed'],
    ['a truncated signature', VALID.slice(0, -3), 'signature'],
    ['truncated claims', VALID.slice(0, HEADER.length + 10), 'malformed'],
    ['a truncated header', VALID.slice(0, 10), 'malformed'],
    ['a signature twice', `${VALID}.${SIGNATURE}`, 'malformed'],
    ['five parts', `${HEADER}.${HEADER}.${PAYLOAD}.${PAYLOAD}.${SIGNATURE}`, 'malformed'],
    ['two dots', '..', 'malformed'],
    ['rubbish', 'rubbish', 'malformed'],
    ['spaces', `${HEADER} ${PAYLOAD}`, 'malformed'],
    ['a header that is no JSON', hmacToken(undefined, 'no JSON'), 'malformed'],
    ['a header that is an array', hmacToken(undefined, []), 'malformed'],
    ['a header that is null', hmacToken(undefined, 'null'), 'malformed'],
    ['claims that are no JSON', hmacToken('no JSON'), 'malformed'],
    ['claims that are an array', hmacToken([claims()]), 'malformed'],
    ['claims that are no UTF-8', invalidUtf8(), 'malformed'],
    ['an unknown critical extension', hmacToken(undefined, { alg: 'HS256', crit: ['x'], x: 1 }), 'malformed'],
    [
      'claims that are not encoded',
      hmacToken(undefined, { alg: 'HS256', b64: false, crit: ['b64'] }),
      'malformed',
    ],
    ['expired', hmacToken(claims({ exp: NOW_S - 60 })), 'expired'],
    ['expired by milliseconds mistaken', hmacToken(claims({ exp: -1 })), 'expired'],
    ['without an expiry', hmacToken({ sub: 'ann' }), 'claim'],
    ['an expiry as text', hmacToken(claims({ exp: String(NOW_S + 3_600) })), 'claim'],
    ['not valid yet', hmacToken(claims({ nbf: NOW_S + 61 })), 'early'],
    ['issued in the future', hmacToken(claims({ iat: NOW_S + 61 })), 'early'],
    ['issued at a word', hmacToken(claims({ iat: 'now' })), 'early'],
    ['the wrong issuer', hmacToken(claims({ iss: 'them' })), 'issuer', { issuer: 'us' }],
    ['no issuer', VALID, 'issuer', { issuer: 'us' }],
    ['the wrong audience', hmacToken(claims({ aud: 'bank' })), 'audience', { audience: 'shop' }],
    ['the wrong audiences', hmacToken(claims({ aud: ['bank', 'sho'] })), 'audience', { audience: 'shop' }],
    ['no audience', VALID, 'audience', { audience: 'shop' }],
    ['too long', `${VALID}${'A'.repeat(16_385 - VALID.length)}`, 'oversized'],
    ['100 KB', 'A'.repeat(102_400), 'oversized'],
    ['100 KB that are signed', hmacToken(claims({ x: 'x'.repeat(102_400) })), 'oversized'],
    ['100 KB of dots', '.'.repeat(102_400), 'oversized'],
    ['16 KB of dots', '.'.repeat(16_384), 'malformed'],
    ['a deep header', `${encoded(deep(1_900))}.${PAYLOAD}.${SIGNATURE}`, 'malformed'],
    ['a header of arrays in arrays', `${encoded('['.repeat(10_000))}.${PAYLOAD}.`, 'malformed'],
    ['padding', `${HEADER}=.${PAYLOAD}=.${SIGNATURE}=`, 'malformed'],
    ['a spelling with + and /', VALID.replaceAll('-', '+').replaceAll('_', '/').concat('+'), 'malformed'],
    ['trailing bits in the signature', `${HEADER}.${PAYLOAD}.${respelled(SIGNATURE)}`, 'malformed'],
    ['a line break', `${HEADER}.${PAYLOAD}\n.${SIGNATURE}`, 'malformed'],
    ['characters beyond ASCII', `${HEADER}.${PAYLOAD}é.${SIGNATURE}`, 'malformed'],
  ])('%s', async (_, token, reason, options) => {
    await expectRejected(token, reason, options);
  });

  it.each<[string, unknown]>([
    ['missing', undefined],
    ['an object', { sub: 'ann' }],
    ['an array', ['ann']],
    ['true', true],
    ['null', null],
    ['empty', ''],
    ['256 characters', 'x'.repeat(256)],
  ])('a claim that is %s', async (_, sub) => {
    await expectRejected(hmacToken(claims({ sub })), 'claim');
  });

  it('a number beyond all numbers', async () => {
    await expectRejected(hmacToken(`{"sub":1e999,"exp":${NOW_S + 60}}`), 'claim');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'a claim %s that is only inherited',
    async (claim) => {
      await expectRejected(VALID, 'claim', { claim });
    },
  );
});

describe('a header of keys', () => {
  it.each<[string, object]>([
    ['a kid that is a path', { kid: '../../../../dev/null' }],
    ['a kid that is SQL', { kid: `' UNION SELECT 'key` }],
    ['a kid that is an address', { kid: 'http://127.0.0.1:1/key' }],
    ['a jku', { jku: 'http://127.0.0.1:1/jwks.json' }],
    ['an x5u', { x5u: 'http://127.0.0.1:1/cert.pem' }],
    ['an x5c', { x5c: ['AAAA'] }],
    ['a jwk', { jwk: { kty: 'oct', k: encoded('the key of an attacker, of 32 bytes') } }],
  ])('is ignored: %s', async (_, header) => {
    const own = hmacToken(undefined, { alg: 'HS256', ...header });
    expect(await setUp().read(withToken(own))).toMatchObject({ key: 'ann' });
    // Signed with what the header offers, or with nothing, as the content of /dev/null is.
    for (const secret of ['the key of an attacker, of 32 bytes', '']) {
      await expectRejected(hmacToken(undefined, { alg: 'HS256', ...header }, secret), 'signature');
    }
  });

  it('cannot bring its own public key', async () => {
    const header = { alg: 'RS256', jwk: { kty: 'RSA' } };
    const token = rsaToken(undefined, header, RSA_2.privateKey);
    await expectRejected(token, 'signature', { key: RSA.publicKey, algorithms: ['RS256'] });
    await expectRejected(token, 'algorithm', { key: EC.publicKey, algorithms: ['ES256'] });
  });
});

describe('odd but valid', () => {
  it('claims that come twice count with their last value, as RFC 7519 section 4 allows', async () => {
    const token = hmacToken(`{"sub":"eve","sub":"ann","exp":${NOW_S + 60}}`);
    expect(await setUp().read(withToken(token))).toMatchObject({ key: 'ann' });
    await expectRejected(hmacToken(`{"sub":"ann","exp":${NOW_S + 60},"exp":1}`), 'expired');
  });

  it('deep claims', async () => {
    const token = hmacToken(`{"sub":"ann","exp":${NOW_S + 60},"deep":${deep(1_900)}}`);
    expect(token.length).toBeLessThan(16_384);
    expect(await setUp().read(withToken(token))).toMatchObject({ key: 'ann' });
  });

  it('claims named __proto__ change nothing', async () => {
    const token = hmacToken(`{"__proto__":{"sub":"eve","polluted":1},"sub":"ann","exp":${NOW_S + 60}}`);
    expect(await setUp().read(withToken(token))).toMatchObject({ key: 'ann' });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    const byProto = setUp({ claim: '__proto__' });
    expect(await byProto.read(withToken(hmacToken(`{"__proto__":"ann","exp":${NOW_S + 60}}`)))).toMatchObject(
      { key: 'ann' },
    );
  });
});

describe('what is no token is not counted', () => {
  it.each<[string, Record<string, string>]>([
    ['no header', {}],
    ['another scheme', { authorization: `Basic ${VALID}` }],
    ['a scheme without a token', { authorization: 'Bearer' }],
    ['a token without a scheme', { authorization: VALID }],
    ['an empty header', { authorization: '' }],
  ])('%s', async (_, headers) => {
    const sessions = setUp();
    expect(await sessions.read(aRequest('/', { headers }))).toBeUndefined();
    expect(rejections(sessions)).toEqual({});
  });

  it('a function of the host that trips over what a client sent', () => {
    const token = () => {
      throw new URIError('malformed');
    };
    expect(setUp({ token }).read(aRequest())).toBeUndefined();
    expect(setUp({ token: () => 5 as never }).read(aRequest())).toBeUndefined();
  });
});

describe('hostile tokens cost little', () => {
  const lookedFor: unknown[] = [];
  const findKey = () => {
    lookedFor.push('key');
    return createPublicKey(RSA.publicKey);
  };
  /** For a key that has to be fetched, on a clock that is read where claims are checked. */
  const hurried = () => {
    lookedFor.length = 0;
    const now = () => {
      lookedFor.push('claims');
      return NOW_S * 1_000;
    };
    return setUp({ key: findKey, algorithms: ['RS256'], limits: { now } });
  };

  it('a good one has its key looked for', async () => {
    const sessions = hurried();
    expect(await sessions.read(withToken(rsaToken()))).toMatchObject({ key: 'ann' });
    expect(lookedFor).toEqual(['claims', 'key']);
  });

  it.each([16_385, 1_000_000])('one of %d characters is not looked at, whatever is in it', (length) => {
    const sessions = hurried();
    for (const text of ['A', '.', '[', 'A.', `${'A'.repeat(99)}=`]) {
      // Neither a promise nor a digest of it is made.
      expect(sessions.read(withToken(text.repeat(length).slice(0, length)))).toBeUndefined();
    }
    expect(rejections(sessions)).toEqual({ oversized: 5 });
    expect(lookedFor).toEqual([]);
  });

  it.each([
    ['one part', 'A'.repeat(16_384)],
    ['a part that is not whole', `${'A'.repeat(16_383)}.`],
    ['three parts, none of them whole', `${'A'.repeat(5_457)}.${'A'.repeat(5_461)}.${'A'.repeat(5_461)}`],
    ['spaces', `${' '.repeat(16_000)}x y`],
  ])('one of another form is refused for that, before its claims are read: %s', async (_, token) => {
    const sessions = hurried();
    expect(await sessions.read(withToken(token))).toBeUndefined();
    expect(rejections(sessions)).toEqual({ malformed: 1 });
    expect(lookedFor).toEqual([]);
  });

  it.each([
    ['a deep header', `${encoded('['.repeat(12_000))}.e30.e30`, 'malformed'],
    ['another algorithm', `${HEADER}.${encoded(deep(1_900))}.${SIGNATURE}`, 'algorithm'],
  ])('no key is fetched for one whose header is wrong: %s', async (_, token, reason) => {
    const sessions = hurried();
    expect(await sessions.read(withToken(token))).toBeUndefined();
    expect(rejections(sessions)).toEqual({ [reason]: 1 });
    expect(lookedFor).not.toContain('key');
  });
});

function invalidUtf8(): string {
  const text = `${HEADER}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}
