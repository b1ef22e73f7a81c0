// Checks certificates and keys before TLS uses them.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { canonicalPattern } from './host-names.ts';

/** A certificate and its key, as configured. */
export interface CertificateSource {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string | undefined;
}

/** A certificate that can be used. */
export interface CheckedCertificate {
  /** PEM: the certificate, then the intermediate ones. */
  readonly cert: string;
  /** PEM, decrypted. */
  readonly key: string;
  /**
   * DNS names, some with `*.`, and IP addresses of the certificate, in the form in which requests name them.
   */
  readonly names: readonly string[];
}

/** The result of a check. */
export interface CertificateCheck {
  /** `undefined` if it cannot be used. */
  readonly certificate: CheckedCertificate | undefined;
  readonly problems: readonly string[];
  /** Problems that do not prevent serving, for example that it has expired. */
  readonly warnings: readonly string[];
}

/**
 * Checks that a certificate can be read, that the key belongs to it, and that TLS accepts both. An expired
 * one is a warning: some clients accept it, and a gateway that does not start serves none.
 * @param where - the name of the setting in messages, for example `listeners[0].tls.certificates[0]`
 * @param now - milliseconds since 1970
 */
export function checkCertificate(source: CertificateSource, where: string, now: number): CertificateCheck {
  const failed = (problem: string): CertificateCheck => ({
    certificate: undefined,
    problems: [problem],
    warnings: [],
  });
  const chain = readCertificates(source.cert);
  if (chain === undefined)
    return failed(`${where}.cert must be certificates in PEM, got something that cannot be read`);
  const key = readKey(source, where);
  if (typeof key === 'string') return failed(key);
  const own = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (own < 0)
    return failed(`${where}.key must be the key of cert (${titleOf(chain[0])}), got that of another`);
  if (own > 0)
    return failed(
      `${where}.cert must begin with the certificate that key is for, got it in place ${own + 1}`,
    );
  const [leaf] = chain as [X509Certificate];
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  try {
    createSecureContext({ cert: source.cert, key: pem });
  } catch (error) {
    return failed(`${where}.cert cannot be used: ${reasonOf(error)}`);
  }
  const certificate = { cert: source.cert, key: pem, names: namesOf(leaf) };
  return { certificate, problems: [], warnings: datesOf(leaf, `${where}.cert`, now) };
}

/** Checks certificates of authorities, which have no keys. */
export function checkAuthorities(
  ca: string,
  where: string,
  now: number,
): Omit<CertificateCheck, 'certificate'> {
  const certificates = readCertificates(ca);
  if (certificates === undefined) {
    return {
      problems: [`${where} must be certificates in PEM, got something that cannot be read`],
      warnings: [],
    };
  }
  return { problems: [], warnings: certificates.flatMap((certificate) => datesOf(certificate, where, now)) };
}

/** @returns `undefined` without a certificate, or if one cannot be read */
function readCertificates(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [^-]+-----/g);
  try {
    return blocks?.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

/** @returns the key, or the problem with it */
function readKey({ key, passphrase }: CertificateSource, where: string): KeyObject | string {
  const isEncrypted = /ENCRYPTED/.test(key);
  if (isEncrypted && passphrase === undefined)
    return `${where}.passphrase is missing; it must be given for a key that is encrypted`;
  try {
    return createPrivateKey({ key, ...(isEncrypted ? { passphrase } : {}) });
  } catch {
    return isEncrypted
      ? `${where}.passphrase must be the one that key is encrypted with, got another`
      : `${where}.key must be a private key in PEM, got something that cannot be read`;
  }
}

function datesOf(certificate: X509Certificate, where: string, now: number): string[] {
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  const title = `${where} (${titleOf(certificate)})`;
  if (to.getTime() < now) return [`${title} has expired on ${to.toISOString()}`];
  return from.getTime() > now ? [`${title} is not valid before ${from.toISOString()}`] : [];
}

function titleOf(certificate: X509Certificate | undefined): string {
  const subject = certificate?.subject?.replaceAll(/\s*\n\s*/g, ', ') ?? '';
  return subject === '' ? 'without a subject' : subject.slice(0, 80);
}

/**
 * The names in `subjectAltName` (RFC 5280 section 4.2.1.6); the common name counts only if there are none.
 */
function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
  // Node puts ambiguous values in quotes.
  const entries = [...(subjectAltName ?? '').matchAll(/(?:^|, )([\w ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  const names = entries.flatMap(([, kind, value = '']) =>
    kind === 'DNS' || kind === 'IP Address' ? [value] : [],
  );
  const commonName = /^CN=(.*)$/m.exec(subject ?? '')?.[1];
  const all = names.length === 0 && commonName !== undefined ? [commonName] : names;
  const known = all.map((name) => canonicalPattern(name)).filter((name) => name !== undefined);
  return [...new Set(known)];
}

function reasonOf(error: unknown): string {
  const { reason, message } = error as Error & { reason?: string };
  return reason ?? message;
}
