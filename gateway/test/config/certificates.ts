import { createPrivateKey } from 'node:crypto';
import { generate } from 'selfsigned';

/** A certificate for tests, with its key, both in PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

interface Wanted {
  readonly commonName?: string;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly from?: Date;
  readonly to?: Date;
}

const DAY_MS = 86_400_000;

/** Signs itself; on an elliptic curve, which takes milliseconds. */
export async function aCertificate({
  commonName = 'test',
  dns = [],
  ips = [],
  from = new Date(Date.now() - DAY_MS),
  to = new Date(Date.now() + 30 * DAY_MS),
}: Wanted = {}): Promise<TestCertificate> {
  const altNames = [
    ...dns.map((value) => ({ type: 2 as const, value })),
    ...ips.map((ip) => ({ type: 7 as const, ip })),
  ];
  const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: from,
    notAfterDate: to,
    extensions:
      altNames.length === 0
        ? [{ name: 'basicConstraints', cA: true }]
        : [{ name: 'subjectAltName', altNames }],
  });
  return { cert, key };
}

/** The same key, encrypted. */
export function encrypted(key: string, passphrase: string): string {
  return createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString();
}
