import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkAuthorities, checkCertificate } from '../../src/config/certificates.ts';
import { aCertificate, encrypted, type TestCertificate } from './certificates.ts';

const WHERE = 'listeners[0].tls.certificates[0]';
const NOW = Date.now();

let shop: TestCertificate;
let other: TestCertificate;

beforeAll(async () => {
  [shop, other] = await Promise.all([
    aCertificate({ commonName: 'shop', dns: ['Shop.example', '*.shop.example'], ips: ['127.0.0.1', '::1'] }),
    aCertificate({ commonName: 'other.example' }),
  ]);
});

const check = (source: Parameters<typeof checkCertificate>[0]) => checkCertificate(source, WHERE, NOW);
const problemOf = (source: Parameters<typeof checkCertificate>[0]) => {
  const { certificate, problems } = check(source);
  expect(certificate).toBeUndefined();
  expect(problems).toHaveLength(1);
  return problems[0];
};

describe('a certificate with its key', () => {
  it('is known by the names that requests ask for', () => {
    const { certificate, problems, warnings } = check(shop);
    expect(certificate?.names).toEqual(['shop.example', '*.shop.example', '127.0.0.1', '[::1]']);
    expect([problems, warnings]).toEqual([[], []]);
  });

  it('is known by its common name where it has no others', () => {
    expect(check(other).certificate?.names).toEqual(['other.example']);
  });

  it('may stand before those that lead to the root', () => {
    const chain = { cert: `${shop.cert}\n${other.cert}`, key: shop.key };
    expect(check(chain).certificate).toMatchObject({
      cert: chain.cert,
      names: check(shop).certificate?.names,
    });
  });

  it('comes with its key decrypted, so that nobody else needs the passphrase', () => {
    const { certificate } = check({
      cert: shop.cert,
      key: encrypted(shop.key, 'open sesame'),
      passphrase: 'open sesame',
    });
    expect(certificate?.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(createPrivateKey(certificate?.key ?? '').equals(createPrivateKey(shop.key))).toBe(true);
    expect(() => createSecureContext({ cert: certificate?.cert, key: certificate?.key })).not.toThrow();
  });

  it('needs no passphrase where the key is not encrypted', () => {
    expect(check({ ...shop, passphrase: 'too much' }).problems).toEqual([]);
  });

  it('only warns of its dates', async () => {
    const from = new Date('2020-01-01T00:00:00Z');
    const to = new Date('2021-01-01T00:00:00Z');
    const old = await aCertificate({ commonName: 'old.example', from, to });
    const at = (now: string) => checkCertificate(old, WHERE, Date.parse(now));
    expect(at('2020-06-01').warnings).toEqual([]);
    expect(at('2022-01-01').warnings).toEqual([
      `${WHERE}.cert (CN=old.example) has expired on 2021-01-01T00:00:00.000Z`,
    ]);
    expect(at('2019-01-01').warnings).toEqual([
      `${WHERE}.cert (CN=old.example) is not valid before 2020-01-01T00:00:00.000Z`,
    ]);
    expect(at('2022-01-01').certificate?.names).toEqual(['old.example']);
  });
});

describe('a certificate that cannot be used', () => {
  it('is none at all, or broken', () => {
    const rule = `${WHERE}.cert must be certificates in PEM, got something that cannot be read`;
    expect(problemOf({ ...shop, cert: shop.key })).toBe(rule);
    expect(problemOf({ ...shop, cert: '' })).toBe(rule);
    expect(problemOf({ ...shop, cert: shop.cert.replace(/MII/, 'AAA') })).toBe(rule);
    expect(problemOf({ ...shop, cert: `${shop.cert}${shop.cert.replace(/MII/, 'AAA')}` })).toBe(rule);
  });

  it('has no key, or a broken one', () => {
    const rule = `${WHERE}.key must be a private key in PEM, got something that cannot be read`;
    expect(problemOf({ ...shop, key: shop.cert })).toBe(rule);
    expect(problemOf({ ...shop, key: shop.key.slice(0, 60) })).toBe(rule);
  });

  it('has the key of another', () => {
    expect(problemOf({ ...shop, key: other.key })).toBe(
      `${WHERE}.key must be the key of cert (CN=shop), got that of another`,
    );
  });

  it('stands behind another', () => {
    const cert = `${other.cert}\n${shop.cert}`;
    expect(problemOf({ cert, key: shop.key })).toBe(
      `${WHERE}.cert must begin with the certificate that key is for, got it in place 2`,
    );
  });

  it('has an encrypted key without the passphrase, or with a wrong one', () => {
    const key = encrypted(shop.key, 'open sesame');
    expect(problemOf({ ...shop, key })).toBe(
      `${WHERE}.passphrase is missing; it must be given for a key that is encrypted`,
    );
    expect(problemOf({ ...shop, key, passphrase: 'open barley' })).toBe(
      `${WHERE}.passphrase must be the one that key is encrypted with, got another`,
    );
  });

  it('never shows a key or a passphrase', () => {
    const key = encrypted(shop.key, 'open sesame');
    const said = [
      { ...shop, key, passphrase: 'open barley' },
      { ...shop, key: other.key },
      { ...shop, cert: shop.key },
    ].map(problemOf);
    expect(said.join()).not.toMatch(/barley|sesame|BEGIN|MI[GI]/);
  });
});

describe('authorities', () => {
  it('may be many in one text', () => {
    expect(checkAuthorities(`${shop.cert}\n${other.cert}`, 'ca', NOW)).toEqual({
      problems: [],
      warnings: [],
    });
  });

  it('must be certificates, and warn of their dates', () => {
    expect(checkAuthorities(shop.key, 'pools.shop.tls.ca', NOW).problems).toEqual([
      'pools.shop.tls.ca must be certificates in PEM, got something that cannot be read',
    ]);
    const { publicKey } = generateKeyPairSync('ed25519');
    expect(
      checkAuthorities(publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'ca', NOW).problems,
    ).toHaveLength(1);
    expect(checkAuthorities(shop.cert, 'ca', NOW + 1e12).warnings[0]).toMatch(
      /^ca \(CN=shop\) has expired on /,
    );
  });
});
