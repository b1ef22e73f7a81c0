import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { PoolConfig } from '../../src/config/pool-schema.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { resolveConfig, UnresolvedConfigError } from '../../src/config/resolve-config.ts';
import type { ResolvedConfig, ResolvedPool } from '../../src/config/resolved-config.ts';
import type { GatewayConfig, GatewayConfigInput } from '../../src/config/schema.ts';
import { ConfigError } from '../../src/errors.ts';
import { sharedConfig } from '../../src/workers/shared-config.ts';
import { aCertificate, encrypted, type TestCertificate } from './certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-config-'));
const LONG_SECRET = 'a secret that has 32 bytes or more';

let shop: TestCertificate;
let api: TestCertificate;

beforeAll(async () => {
  [shop, api] = await Promise.all([
    aCertificate({ commonName: 'shop', dns: ['shop.example'] }),
    aCertificate({ commonName: 'api', dns: ['api.example'] }),
  ]);
  const files = {
    'shop.pem': shop.cert,
    'shop.key': shop.key,
    'api.key': encrypted(api.key, 'sesame'),
    passphrase: 'sesame\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});

afterAll(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string) => join(folder, name);

/** The least that can be said, and some more. */
function resolve(more: Partial<GatewayConfigInput>, env: Record<string, string> = {}) {
  const config = readConfig({
    listeners: [{ port: 8080 }],
    pools: { shop: { backends: ['http://a'] } },
    ...more,
  });
  return resolveConfig(config, { baseDir: folder, env });
}

function errorOf(more: Partial<GatewayConfigInput>, env: Record<string, string> = {}): unknown {
  try {
    resolve(more, env);
  } catch (error) {
    return error;
  }
  return undefined;
}

function problemsOf(more: Partial<GatewayConfigInput>, env: Record<string, string> = {}): readonly string[] {
  const error = errorOf(more, env);
  if (error === undefined) return [];
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).problems;
}

const withTls = (
  ...certificates: { cert: string; key: string; passphrase?: string | { file: string } }[]
) => ({
  listeners: [{ port: 443, tls: { certificates } }],
});
const withPool = (pool: object) => ({ pools: { shop: { backends: ['https://a'], ...pool } } });
const withSecret = (secret: string | { env: string } | { file: string }) =>
  withPool({ sessions: { cookie: { secrets: [secret] } } });
const admin = (token: string | { env: string } | { file: string }) => ({ admin: { port: 9_000, token } });

describe('a configuration without secrets', () => {
  it('stays what it is', () => {
    const { config, warnings, files } = resolve({});
    expect(config).toEqual(
      readConfig({ listeners: [{ port: 8080 }], pools: { shop: { backends: ['http://a'] } } }),
    );
    expect([warnings, files]).toEqual([[], []]);
  });

  it('has the shape that it had', () => {
    expectTypeOf<ResolvedConfig>().toExtend<GatewayConfig>();
    expectTypeOf<ResolvedPool>().toExtend<PoolConfig>();
  });
});

describe('certificates', () => {
  it('are read from files and text, with their names and without their passphrases', () => {
    const { config, files } = resolve(
      withTls(
        { cert: 'shop.pem', key: './shop.key' },
        { cert: api.cert, key: inFolder('api.key'), passphrase: { file: 'passphrase' } },
      ),
    );
    expect(config.listeners[0]?.tls).toMatchObject({
      certificates: [
        { cert: shop.cert, names: ['shop.example'] },
        { cert: api.cert, names: ['api.example'] },
      ],
      minVersion: 'TLSv1.2',
      http2: true,
    });
    for (const { key } of config.listeners[0]?.tls?.certificates ?? [])
      expect(key).toMatch(/^-----BEGIN PRIVATE KEY/);
    expect(files).toEqual(['shop.pem', 'shop.key', 'api.key', 'passphrase'].map(inFolder));
  });

  it('are missed, file by file', () => {
    const rule = 'must be PEM text or the path of a PEM file, got';
    expect(
      problemsOf(withTls({ cert: 'no.pem', key: 'passphrase' }, { cert: '.', key: 'shop.key/x' })),
    ).toEqual([
      `listeners[0].tls.certificates[0].cert ${rule} "no.pem", which cannot be read: there is no such file`,
      `listeners[0].tls.certificates[0].key ${rule} "passphrase", which has no -----BEGIN`,
      `listeners[0].tls.certificates[1].cert ${rule} ".", which cannot be read: it is not a file`,
      `listeners[0].tls.certificates[1].key ${rule} "shop.key/x", which cannot be read: there is no such file`,
    ]);
  });

  it('are named all the same, so that it can be tried again when they are there', () => {
    const error = errorOf(withTls({ cert: 'late.pem', key: 'shop.key' })) as UnresolvedConfigError;
    expect(error).toBeInstanceOf(UnresolvedConfigError);
    expect(error.name).toBe('ConfigError');
    expect(error.files).toEqual(['late.pem', 'shop.key'].map(inFolder));
  });

  it('do not show a key that lacks its first line', () => {
    const key = shop.key.split('\n').slice(1, -2).join('');
    const [problem] = problemsOf(withTls({ cert: 'shop.pem', key }));
    expect(problem).toMatch(
      /^listeners\[0\]\.tls\.certificates\[0\]\.key must be .*, got a string of \d+ characters, which cannot be read/,
    );
    expect(problem).not.toContain(key.slice(0, 20));
  });

  it('do not show what is too long for a path', () => {
    const key = `no first line\n${'c2VjcmV0'.repeat(100)}\n`;
    expect(problemsOf(withTls({ cert: 'shop.pem', key }))).toEqual([
      `listeners[0].tls.certificates[0].key must be PEM text or the path of a PEM file, got a string of ${key.length} characters, which cannot be read: ENAMETOOLONG`,
    ]);
  });

  it('may have text before them, also when what was resolved is read once more', () => {
    const about = 'subject=CN = shop\n';
    writeFileSync(inFolder('about.pem'), about + shop.cert);
    writeFileSync(inFolder('about.key'), `Bag Attributes\n${shop.key}`);
    const { config } = resolve({
      ...withTls({ cert: 'about.pem', key: 'about.key' }),
      ...withPool({ tls: { ca: 'about.pem', cert: 'about.pem', key: 'about.key' } }),
    });
    const again = resolve(sharedConfig(config)).config;
    expect(again.listeners[0]?.tls?.certificates[0]?.cert).toBe(about + shop.cert);
    expect(again.pools.shop?.tls).toMatchObject({ ca: [about + shop.cert], cert: about + shop.cert });
  });

  it('must fit their keys', () => {
    expect(problemsOf(withTls({ cert: 'shop.pem', key: 'api.key', passphrase: 'sesame' }))).toEqual([
      'listeners[0].tls.certificates[0].key must be the key of cert (CN=shop), got that of another',
    ]);
  });

  it('warn where they are never used', () => {
    const twice = withTls({ cert: 'shop.pem', key: 'shop.key' }, { cert: shop.cert, key: shop.key });
    expect(resolve(twice).warnings).toEqual([
      'listeners[0].tls.certificates[1] is never used: it has no name that an earlier one does not have',
    ]);
  });

  it('do not warn where each has a name of its own, nor the first one without a name', async () => {
    const nameless = await aCertificate({ commonName: 'no name of a host' });
    const second = { cert: api.cert, key: api.key };
    expect(resolve(withTls({ cert: shop.cert, key: shop.key }, second)).warnings).toEqual([]);
    const { config, warnings } = resolve(withTls({ cert: nameless.cert, key: nameless.key }, second));
    expect(config.listeners[0]?.tls?.certificates.map(({ names }) => names)).toEqual([[], ['api.example']]);
    expect(warnings).toEqual([]);
  });

  it('are read and checked for pools, too', () => {
    const tls = {
      ca: ['shop.pem', api.cert],
      cert: api.cert,
      key: 'api.key',
      passphrase: 'sesame',
      serverName: 'a.example',
    };
    const { config } = resolve(withPool({ tls }));
    expect(config.pools.shop?.tls).toMatchObject({
      ca: [shop.cert, api.cert],
      cert: api.cert,
      serverName: 'a.example',
      verify: true,
    });
    expect(config.pools.shop?.tls?.key).toMatch(/^-----BEGIN PRIVATE KEY/);
    expect(config.pools.shop?.tls).not.toHaveProperty('passphrase');
    expect(resolve(withPool({ tls: { ca: 'shop.pem' } })).config.pools.shop?.tls?.ca).toEqual([shop.cert]);
    expect(
      problemsOf(withPool({ tls: { ca: ['shop.pem', 'shop.key'], cert: 'shop.pem', key: 'no.key' } })),
    ).toEqual([
      'pools.shop.tls.ca[1] must be certificates in PEM, got something that cannot be read',
      'pools.shop.tls.key must be PEM text or the path of a PEM file, got "no.key", which cannot be read: there is no such file',
    ]);
  });
});

describe('secrets', () => {
  it('come as they are, from the environment, or from a file without the line end', () => {
    writeFileSync(inFolder('secret'), `${LONG_SECRET}\r\n`);
    const secrets = [LONG_SECRET, { env: 'SECRET' }, { file: 'secret' }];
    const { config } = resolve(withPool({ sessions: { cookie: { secrets } } }), {
      SECRET: `${LONG_SECRET}!`,
    });
    expect(config.pools.shop?.sessions).toMatchObject({
      cookie: { secrets: [LONG_SECRET, `${LONG_SECRET}!`, LONG_SECRET] },
    });
  });

  it('are missed, one by one', () => {
    writeFileSync(inFolder('empty'), '\n');
    const rule = 'must be the name of an environment variable, got';
    expect(problemsOf(admin({ env: 'NO' }))).toEqual([`admin.token.env ${rule} "NO", which is not set`]);
    expect(problemsOf(admin({ env: 'NO' }), { NO: '' })).toEqual([
      `admin.token.env ${rule} "NO", which is empty`,
    ]);
    expect(problemsOf(withSecret({ file: 'no' }))).toEqual([
      'pools.shop.sessions.cookie.secrets[0].file must be the path of a file with the secret, got "no", which cannot be read: there is no such file',
    ]);
    expect(problemsOf(withSecret({ file: 'empty' }))).toEqual([
      'pools.shop.sessions.cookie.secrets[0].file must be the path of a file that is not empty, got "empty"',
    ]);
  });

  it('must be long enough, wherever they come from', () => {
    const env = { SHORT: 'short' };
    expect(problemsOf(admin({ env: 'SHORT' }), env)).toEqual([
      'admin.token must have at least 16 characters, got 5',
    ]);
    expect(problemsOf(withSecret({ env: 'SHORT' }), env)).toEqual([
      'pools.shop.sessions.cookie.secrets[0] must have at least 32 bytes, got 5',
    ]);
  });

  it('do not take a token for what it is not', () => {
    expect(problemsOf(admin({ env: 'TOKEN' }), { TOKEN: 'sixteen and more characters' })).toEqual([
      'admin.token must have no spaces and only ASCII characters',
    ]);
    expect(resolve(admin({ env: 'TOKEN' }), { TOKEN: 'sixteen-and-more' }).config.admin?.token).toBe(
      'sixteen-and-more',
    );
  });

  it('come from this process unless told otherwise', () => {
    const config = readConfig({
      listeners: [{ port: 1 }],
      pools: { shop: { backends: [] } },
      ...admin({ env: 'PATH' }),
    });
    try {
      expect(resolveConfig(config, { baseDir: folder }).config.admin?.token).toBe(process.env.PATH);
    } catch (error) {
      // A path may hold what a token must not.
      expect((error as ConfigError).problems[0]).toMatch(/^admin\.token must have/);
    }
  });
});

describe('keys of tokens', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwt = (key: unknown, algorithms = ['ES256']) => withPool({ sessions: { jwt: { key, algorithms } } });
  const keyOf = ({ config }: ReturnType<typeof resolve>) => {
    const { sessions } = config.pools.shop as ResolvedPool;
    return sessions !== undefined && 'jwt' in sessions ? sessions.jwt.key : undefined;
  };

  it('may be PEM, JWK or JWKS, here or in a file', () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: '1', alg: 'ES256' };
    writeFileSync(inFolder('jwt.pem'), pem);
    writeFileSync(inFolder('jwk.json'), JSON.stringify(jwk));
    writeFileSync(inFolder('jwks.json'), JSON.stringify({ keys: [jwk] }));
    expect(keyOf(resolve(jwt(jwk)))).toEqual(jwk);
    expect(keyOf(resolve(jwt({ keys: [jwk] })))).toEqual({ keys: [jwk] });
    expect(keyOf(resolve(jwt(pem)))).toBe(pem);
    expect(keyOf(resolve(jwt({ file: 'jwt.pem' })))).toBe(pem.trimEnd());
    expect(keyOf(resolve(jwt({ file: 'jwk.json' })))).toEqual(jwk);
    expect(keyOf(resolve(jwt({ file: 'jwks.json' })))).toEqual({ keys: [jwk] });
    expect(keyOf(resolve(jwt({ env: 'KEY' }), { KEY: JSON.stringify(jwk) }))).toEqual(jwk);
  });

  it('must fit the algorithms, wherever they come from', () => {
    writeFileSync(inFolder('private.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(problemsOf(jwt({ file: 'private.pem' }))).toEqual([
      'pools.shop.sessions.jwt.key must be a public key, got a private one',
    ]);
    expect(problemsOf(jwt({ env: 'KEY' }, ['HS256']), { KEY: 'short' })).toEqual([
      'pools.shop.sessions.jwt.key must have at least 32 bytes, got 5',
    ]);
    expect(
      problemsOf(jwt({ env: 'KEY' }, ['HS256']), { KEY: '{not JSON, but a secret of 32 bytes' }),
    ).toEqual([]);
  });
});

describe('cookies of several pools', () => {
  const cookie = (more: object = {}) => ({
    backends: [],
    sessions: { cookie: { secrets: [LONG_SECRET], ...more } },
  });
  const warningsOf = (pools: Record<string, object>, ...hosts: (string | undefined)[]) =>
    resolve({
      pools: pools as GatewayConfigInput['pools'],
      routes: Object.keys(pools).map((pool, i) => ({ pool, path: `/${pool}`, host: hosts[i] })),
    }).warnings;

  it('warn where they overwrite each other', () => {
    const line =
      'pools.b.sessions.cookie has name and path of pools.a.sessions.cookie: clients that use both lose their sessions';
    expect(warningsOf({ a: cookie(), b: cookie() })).toEqual([line]);
    expect(warningsOf({ a: cookie(), b: cookie() }, 'shop.example')).toEqual([line]);
    expect(warningsOf({ a: cookie(), b: cookie() }, '*.example', 'shop.example')).toEqual([line]);
    expect(warningsOf({ a: cookie(), b: cookie() }, 'shop.example', 'api.example')).toEqual([]);
    expect(warningsOf({ a: cookie(), b: cookie({ name: 'b' }) })).toEqual([]);
    expect(warningsOf({ a: cookie({ path: '/a' }), b: cookie({ path: '/b' }) })).toEqual([]);
  });
});
