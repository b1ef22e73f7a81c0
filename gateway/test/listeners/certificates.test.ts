import { beforeAll, describe, expect, it } from 'vitest';
import { Certificates, type TlsSettings } from '../../src/listeners/certificates.ts';
import { aCertificate, type TestCertificate } from '../config/certificates.ts';
import { resolved } from '../resolved.ts';

const settingsOf = (certificates: readonly TestCertificate[]): TlsSettings => {
  const tls = { certificates: [...certificates] };
  const config = resolved({ listeners: [{ port: 0, tls }], pools: { pool: { backends: [] } } });
  return config.listeners[0]!.tls as TlsSettings;
};

let all: TestCertificate[];

beforeAll(async () => {
  all = await Promise.all([
    aCertificate({ dns: ['default.example'] }),
    aCertificate({ dns: ['shop.example', 'www.shop.example'] }),
    aCertificate({ dns: ['*.shop.example'] }),
    aCertificate({ dns: ['api.shop.example'] }),
  ]);
});

/** Which of the certificates is used for a name. */
const indexFor = (certificates: Certificates, name: string) => {
  const contexts = ['default.example', 'shop.example', 'any.shop.example', 'api.shop.example'].map((one) =>
    certificates.contextFor(one),
  );
  return contexts.indexOf(certificates.contextFor(name));
};

describe('the certificate for a name', () => {
  it.each([
    ['default.example', 0],
    ['shop.example', 1],
    ['SHOP.Example', 1],
    ['www.shop.example', 1],
    ['b.shop.example', 2],
    // The exact one, though it comes later.
    ['api.shop.example', 3],
    // A star stands for one label.
    ['a.b.shop.example', 0],
    ['other.example', 0],
    ['localhost', 0],
    ['', 0],
    ['*.shop.example', 2],
    ['__proto__', 0],
  ])('%j is the one at %s', (name, index) => {
    expect(indexFor(new Certificates(settingsOf(all)), name)).toBe(index);
  });

  it('is another one as soon as it was replaced', () => {
    const certificates = new Certificates(settingsOf(all.slice(0, 2)));
    const before = certificates.contextFor('shop.example');
    certificates.replace(settingsOf([all[0]!, all[1]!]));
    expect(certificates.contextFor('shop.example')).not.toBe(before);
    certificates.replace(settingsOf([all[0]!]));
    expect(certificates.contextFor('shop.example')).toBe(certificates.contextFor('default.example'));
  });

  it('stays where the next ones cannot be used', () => {
    const certificates = new Certificates(settingsOf(all));
    const before = certificates.contextFor('shop.example');
    const {
      certificates: [first],
      ...rest
    } = settingsOf(all);
    expect(() => certificates.replace({ ...rest, certificates: [{ ...first!, key: 'none' }] })).toThrow();
    expect(certificates.contextFor('shop.example')).toBe(before);
  });
});

describe('a connection', () => {
  it('may be used for all names of its certificate, and for no others', () => {
    const certificates = new Certificates(settingsOf(all));
    expect(certificates.areTogether('shop.example', 'www.shop.example')).toBe(true);
    expect(certificates.areTogether('a.shop.example', 'b.shop.example')).toBe(true);
    expect(certificates.areTogether('shop.example', 'api.shop.example')).toBe(false);
    expect(certificates.areTogether('shop.example', 'default.example')).toBe(false);
  });
});
