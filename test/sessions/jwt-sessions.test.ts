import { createPublicKey } from 'node:crypto';
import { createLocalJWKSet, exportJWK, importPKCS8, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { type Backend, Balancer, type Lease, type Session } from '../../src/index.ts';
import { type JwtAlgorithm, type JwtSessionsOptions, jwtSessions } from '../../src/sessions/index.ts';
import { aRequest } from '../support.ts';
import {
  claims,
  EC,
  EC_384,
  ED,
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

const ANN: Session = { key: 'ann', backend: undefined };
const jwk = (pem: string) => createPublicKey(pem).export({ format: 'jwk' }) as JsonWebKey & { kty: string };

describe('a session', () => {
  it('is named by the claim sub, or by another', async () => {
    expect(await setUp().read(withToken(hmacToken()))).toEqual(ANN);
    const byTenant = setUp({ claim: 'tenant' });
    expect(await byTenant.read(withToken(hmacToken(claims({ tenant: 7 }))))).toMatchObject({ key: '7' });
  });

  it('is on the backend that answered it last, in every token of the same claim', async () => {
    const sessions = setUp();
    const write = () => expect.fail('a token is not written');
    const session = await sessions.read(withToken(hmacToken()));
    sessions.written(session, 'a', write);
    const later = await sessions.read(withToken(hmacToken(claims({ exp: NOW_S + 7_200 }))));
    expect(later).toEqual({ key: 'ann', backend: 'a' });
    sessions.written(later, 'b', write);
    expect(await sessions.read(withToken(hmacToken()))).toEqual({ key: 'ann', backend: 'b' });
    sessions.written(undefined, 'c', write);
    expect(sessions.stats.remembered).toBe(1);
  });

  it('is placed alike by processes that know nothing of each other, and moves only if its home does', async () => {
    const tokens = Array.from({ length: 40 }, (_, i) => withToken(hmacToken(claims({ sub: `user ${i}` }))));
    const processes = [setUp(), setUp()].map((sessions) => ({
      sessions,
      balancer: new Balancer(['http://a', 'http://b']),
    }));
    const placements = async () => {
      const placed: string[][] = [];
      for (const { sessions, balancer } of processes) {
        const ids: string[] = [];
        for (const token of tokens) {
          const session = await sessions.read(token);
          const { backend } = balancer.acquire('no matter', { session }) as Lease;
          sessions.written(session, backend.id, () => {});
          ids.push(backend.id);
        }
        placed.push(ids);
      }
      return placed;
    };
    const [first, second] = await placements();
    expect(first).toEqual(second);
    expect(new Set(first).size).toBe(2);
    for (const { balancer } of processes) for (let i = 0; i < 6; i++) balancer.add(`http://new${i}`);
    const [third, fourth] = await placements();
    expect(third).toEqual(fourth);
    for (const [i, id] of third!.entries()) if (id !== first![i]) expect(id).toMatch(/^http:..new/);
    for (const { sessions } of processes) expect(sessions.stats.remembered).toBe(0);
  });

  it('is remembered only where its home is not in service, and then stays', async () => {
    const sessions = setUp();
    const balancer = new Balancer(['http://a', 'http://b', 'http://c']);
    const token = withToken(hmacToken());
    const send = async (tried: readonly Backend[] = []) => {
      const session = await sessions.read(token);
      const { backend } = balancer.acquire('no matter', { session, tried }) as Lease;
      sessions.written(session, backend.id, () => {});
      return backend;
    };
    const home = await send();
    // A retry that was answered elsewhere moves nothing.
    const other = await send([home]);
    expect(other).not.toBe(home);
    expect([await send(), sessions.stats.remembered]).toEqual([home, 0]);
    balancer.markDown(home.id);
    const substitute = await send();
    expect([substitute === home, sessions.stats.remembered]).toEqual([false, 1]);
    balancer.markUp(home.id);
    expect(await send()).toBe(substitute);
    balancer.markDown(substitute.id);
    expect([await send(), sessions.stats.remembered]).toEqual([home, 0]);
  });

  it('is forgotten when too many are newer, and goes where its key belongs', async () => {
    const sessions = setUp({ limits: { sessions: 2 } });
    const token = (sub: string) => withToken(hmacToken(claims({ sub })));
    for (const sub of ['1', '2']) sessions.written(await sessions.read(token(sub)), 'a', () => {});
    // Used once more: 2 is now the one that was not used for longest.
    await sessions.read(token('1'));
    sessions.written(await sessions.read(token('3')), 'a', () => {});
    expect(sessions.stats.remembered).toBe(2);
    expect(await sessions.read(token('1'))).toEqual({ key: '1', backend: 'a' });
    expect(await sessions.read(token('2'))).toEqual({ key: '2', backend: undefined });
  });

  it('comes from wherever the host finds the token', async () => {
    const token = ({ path }: { path: string }) => path.split('token=')[1];
    const sessions = setUp({ token });
    expect(await sessions.read(aRequest(`/?token=${hmacToken()}`))).toEqual(ANN);
    expect(await sessions.read(withToken(hmacToken()))).toBeUndefined();
  });

  it.each(['Bearer', 'bearer', 'BEARER '])('comes from a header of the scheme %j', async (scheme) => {
    const headers = { Authorization: `${scheme} ${hmacToken()} ` };
    expect(await setUp().read(aRequest('/', { headers }))).toEqual(ANN);
  });
});

describe('a token', () => {
  it('is verified once and then remembered until it expires', async () => {
    let now = NOW_S * 1_000;
    const sessions = setUp({ limits: { now: () => now } });
    const request = withToken(hmacToken());
    const first = sessions.read(request);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toEqual(ANN);
    // No promise: nothing has to be verified any more.
    for (let i = 0; i < 10; i++) expect(sessions.read(request)).toEqual(ANN);
    expect(sessions.stats).toMatchObject({ verified: 1, cached: 10 });
    now += 3_659_999;
    expect(sessions.read(request)).toEqual(ANN);
    now += 1;
    expect(sessions.read(request)).toBeUndefined();
    expect(await sessions.read(request)).toBeUndefined();
    expect(rejections(sessions)).toEqual({ expired: 2 });
  });

  it('is verified again when too many were newer', async () => {
    const sessions = setUp({ limits: { tokens: 2 } });
    for (const sub of ['1', '2', '3', '1']) await sessions.read(withToken(hmacToken(claims({ sub }))));
    expect(sessions.stats).toMatchObject({ verified: 4, cached: 0 });
    await sessions.read(withToken(hmacToken(claims({ sub: '3' }))));
    expect(sessions.stats.cached).toBe(1);
  });

  it('is not remembered at all with a limit of 0', async () => {
    const sessions = setUp({ limits: { tokens: 0 } });
    for (let i = 0; i < 3; i++) await sessions.read(withToken(hmacToken()));
    expect(sessions.stats).toMatchObject({ verified: 3, cached: 0 });
  });

  it('may lack an expiry only where the host says so', async () => {
    const token = withToken(hmacToken({ sub: 'ann' }));
    expect(await setUp().read(token)).toBeUndefined();
    expect(await setUp({ limits: { requiredClaims: [] } }).read(token)).toEqual(ANN);
  });

  it.each<[string, Partial<JwtSessionsOptions>, object]>([
    ['its issuer', { issuer: 'us' }, { iss: 'us' }],
    ['one of its issuers', { issuer: ['us', 'them'] }, { iss: 'them' }],
    ['its audience', { audience: 'shop' }, { aud: 'shop' }],
    ['one of its audiences', { audience: ['shop', 'bank'] }, { aud: ['else', 'bank'] }],
    ['a past nbf and iat', {}, { nbf: NOW_S - 1, iat: NOW_S - 1 }],
    ['an nbf within the tolerance', {}, { nbf: NOW_S + 60 }],
    ['an iat within the tolerance', {}, { iat: NOW_S + 60 }],
    ['an exp within the tolerance', {}, { exp: NOW_S - 59 }],
  ])('is valid by %s', async (_, options, more) => {
    expect(await setUp(options).read(withToken(hmacToken(claims(more))))).toEqual(ANN);
  });
});

describe('a key', () => {
  const signed = async (alg: JwtAlgorithm, pem: string, header: object = {}) =>
    new SignJWT(claims()).setProtectedHeader({ alg, ...header }).sign(await importPKCS8(pem, alg));

  it.each<[JwtAlgorithm, { publicKey: string; privateKey: string }]>([
    ['RS256', RSA],
    ['RS384', RSA],
    ['RS512', RSA],
    ['PS256', RSA],
    ['PS512', RSA],
    ['ES256', EC],
    ['ES384', EC_384],
    ['EdDSA', ED],
    ['Ed25519', ED],
  ])(
    'for %s can be a PEM, its bytes, a JWK, a JWKS or a function',
    async (algorithm, { publicKey, privateKey }) => {
      const request = withToken(await signed(algorithm, privateKey));
      const key = jwk(publicKey);
      const forms = [publicKey, Buffer.from(publicKey), `\n${publicKey}\n`, key, { keys: [key] }];
      for (const form of [...forms, createLocalJWKSet({ keys: [key] })]) {
        const sessions = setUp({ key: form, algorithms: [algorithm] });
        expect(await sessions.read(request)).toEqual(ANN);
        const stranger = await sessions.read(
          withToken(rsaToken(undefined, { alg: algorithm }, RSA_2.privateKey)),
        );
        expect(stranger).toBeUndefined();
      }
    },
  );

  it('can be a secret as text, as bytes or as a JWK', async () => {
    for (const key of [
      SECRET,
      Buffer.from(SECRET),
      { kty: 'oct', k: Buffer.from(SECRET).toString('base64url') },
    ]) {
      expect(await setUp({ key }).read(withToken(hmacToken()))).toEqual(ANN);
    }
  });

  it('of a set is found by its kid, and by trying where a token has none', async () => {
    const keys = [
      { ...jwk(RSA.publicKey), kid: 'old' },
      { ...jwk(RSA_2.publicKey), kid: 'new' },
      { ...(await exportJWK(createPublicKey(EC.publicKey))), kid: 'other' },
    ];
    const sessions = setUp({ key: { keys }, algorithms: ['RS256', 'ES256'] });
    expect(await sessions.read(withToken(await signed('RS256', RSA_2.privateKey, { kid: 'new' })))).toEqual(
      ANN,
    );
    expect(await sessions.read(withToken(await signed('RS256', RSA_2.privateKey)))).toEqual(ANN);
    expect(await sessions.read(withToken(await signed('ES256', EC.privateKey)))).toEqual(ANN);
    expect(rejections(sessions)).toEqual({});
    expect(
      await sessions.read(withToken(await signed('RS256', RSA_2.privateKey, { kid: 'old' }))),
    ).toBeUndefined();
    expect(
      await sessions.read(withToken(await signed('RS256', RSA_2.privateKey, { kid: 'gone' }))),
    ).toBeUndefined();
    const forged = (await signed('RS256', RSA_2.privateKey)).split('.');
    expect(await sessions.read(withToken(`${forged[0]}.${forged[1]}.${'A'.repeat(342)}`))).toBeUndefined();
    expect(rejections(sessions)).toEqual({ signature: 2, key: 1 });
    const expired = rsaToken(claims({ exp: NOW_S - 100 }), { alg: 'RS256' }, RSA_2.privateKey);
    expect(await sessions.read(withToken(expired))).toBeUndefined();
    expect(rejections(sessions)).toEqual({ signature: 2, key: 1, expired: 1 });
  });

  it('that cannot be found leaves the request without a session', async () => {
    const sessions = setUp({ key: () => Promise.reject(new Error('no network')), algorithms: ['RS256'] });
    expect(await sessions.read(withToken(rsaToken()))).toBeUndefined();
    expect(rejections(sessions)).toEqual({ key: 1 });
  });
});

describe('the options', () => {
  const rsaJwk = jwk(RSA.publicKey);
  const der = createPublicKey(RSA.publicKey).export({ type: 'spki', format: 'der' });
  const weak =
    '-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END PUBLIC KEY-----';

  it.each<[string, Partial<JwtSessionsOptions>, RegExp]>([
    ['no algorithm', { algorithms: [] }, /^algorithms must be an array of at least one algorithm$/],
    ['no list of algorithms', { algorithms: undefined as never }, /^algorithms must be an array/],
    ...(['none', 'None', 'nOnE', 'NONE', 'hs256', '', 'toString', '__proto__', 'A256KW'] as never[]).map(
      (algorithm): [string, Partial<JwtSessionsOptions>, RegExp] => [
        `the algorithm ${JSON.stringify(algorithm)}`,
        { algorithms: ['HS256', algorithm] },
        new RegExp(`^algorithms\\[1\\] must be one of HS256, .*, got ${JSON.stringify(algorithm)}$`),
      ],
    ),
    ['a secret for RS256', { algorithms: ['RS256'] }, /^key must be of the kind rsa for RS256, got secret$/],
    ['a PEM for HS256', { key: RSA.publicKey }, /^key must be of the kind secret for HS256, got rsa$/],
    [
      'the bytes of a PEM for HS256',
      { key: Buffer.from(RSA.publicKey) },
      /^key must be of the kind secret for HS256/,
    ],
    [
      'a PEM for RS256 and HS256',
      { key: RSA.publicKey, algorithms: ['RS256', 'HS256'] },
      /^key must be of the kind secret for HS256, got rsa$/,
    ],
    ['a public key in DER', { key: der }, /^key must be a public key in PEM, got one in DER$/],
    ['a public JWK for HS256', { key: rsaJwk }, /^key must be of the kind secret for HS256, got rsa$/],
    [
      'a JWKS for HS256',
      { key: { keys: [rsaJwk] } },
      /^algorithms must be asymmetric for a set of public keys, got HS256$/,
    ],
    [
      'a function for HS256',
      { key: createLocalJWKSet({ keys: [rsaJwk] }) },
      /^algorithms must be asymmetric for a set/,
    ],
    [
      'the wrong curve',
      { key: EC_384.publicKey, algorithms: ['ES256'] },
      /^key must be of the kind ec prime256v1 for ES256, got ec secp384r1$/,
    ],
    [
      'a private PEM',
      { key: RSA.privateKey, algorithms: ['RS256'] },
      /^key must be a public key, got a private one$/,
    ],
    [
      'a private JWK',
      { key: { ...rsaJwk, d: 'AQAB' }, algorithms: ['RS256'] },
      /^key must be a public key, got a private one$/,
    ],
    [
      'a JWK for encryption',
      { key: { ...rsaJwk, use: 'enc' }, algorithms: ['RS256'] },
      /^key\.use must be "sig", got "enc"$/,
    ],
    [
      'a JWK without a kind',
      { key: {} as never, algorithms: ['RS256'] },
      /^key cannot be read as a public key/,
    ],
    [
      'a broken PEM',
      { key: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', algorithms: ['RS256'] },
      /^key cannot be read/,
    ],
    ['an oct JWK without k', { key: { kty: 'oct' } }, /^key\.k must be a string, got undefined$/],
    [
      'an RSA key of 512 bits',
      { key: weak, algorithms: ['RS256'] },
      /^key must have at least 2048 bits, got 512$/,
    ],
    ['a short secret', { key: 'hush' }, /^key must have at least 32 bytes, got 4$/],
    [
      'a secret that is short for HS512',
      { algorithms: ['HS256', 'HS512'] },
      /^key must have at least 64 bytes, got 44$/,
    ],
    ['no key', { key: undefined as never }, /^key must be a secret, .* got undefined$/],
    ['an empty issuer', { issuer: '' }, /^issuer must be a name or an array of at least one name, got ""$/],
    ['no audience', { audience: [] }, /^audience must be a name or an array of at least one name, got \[\]$/],
    ['an empty claim', { claim: '' }, /^claim must be a string with at least one character, got ""$/],
    ['a token that is no function', { token: 'x' as never }, /^token must be a function, got "x"$/],
    [
      'a tolerance below 0',
      { limits: { clockToleranceMs: -1 } },
      /^limits.clockToleranceMs must be a number from 0 to 86400000, got -1$/,
    ],
    [
      'a tolerance that is no number',
      { limits: { clockToleranceMs: Number.NaN } },
      /^limits.clockToleranceMs must be .* got NaN$/,
    ],
    [
      'a fraction of tokens',
      { limits: { tokens: 0.5 } },
      /^limits\.tokens must be an integer from 0 to 1000000, got 0\.5$/,
    ],
    [
      'too many sessions',
      { limits: { sessions: 1e8 } },
      /^limits\.sessions must be an integer from 0 to 10000000/,
    ],
  ])('refuse %s', (_, options, message) => {
    expect(() => jwtSessions({ key: SECRET, algorithms: ['HS256'], ...options })).toThrow(message);
  });

  it.each([
    { clockToleranceMs: 0 },
    { clockToleranceMs: 86_400_000 },
    { tokens: 0, sessions: 0 },
    { tokens: 1_000_000, sessions: 10_000_000 },
  ])('take the ends of their ranges: %o', (limits) => {
    expect(() => jwtSessions({ key: SECRET, algorithms: ['HS256'], limits })).not.toThrow();
  });
});
