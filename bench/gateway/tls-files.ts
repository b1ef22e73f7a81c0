// The TLS side of the proxies: one certificate for all, and no session that a client could resume.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aCertificate } from '../../gateway/test/config/certificates.ts';
import { HOST } from './ports.ts';

/** Files in PEM, and settings of OpenSSL. */
export interface TlsFiles {
  /** The certificate, on P-256 as most are today, which also is its own authority. */
  readonly cert: string;
  /** Its key, under the name at which haproxy looks for it. */
  readonly key: string;
  /** Settings that every program with OpenSSL reads, Node included. */
  readonly settings: string;
}

/**
 * Without tickets, each handshake is a full one. wrk would resume sessions, but not with every server alike,
 * and not every proxy has a setting for it.
 */
const SETTINGS = `openssl_conf = program
nodejs_conf = program
[program]
ssl_conf = ssl
[ssl]
system_default = every_context
[every_context]
Options = -SessionTicket
`;

/** Makes a certificate and writes the files. */
export async function writeTlsFiles(directory: string): Promise<TlsFiles> {
  const files = {
    cert: join(directory, 'front.pem'),
    key: join(directory, 'front.pem.key'),
    settings: join(directory, 'openssl.cnf'),
  };
  const { cert, key } = await aCertificate({ commonName: 'bench.example', ips: [HOST] });
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  writeFileSync(files.settings, SETTINGS);
  return files;
}

/** Environment variables for a proxy with a TLS side. */
export function tlsEnvironment(tls: TlsFiles | undefined): Readonly<Record<string, string>> {
  return tls === undefined ? {} : { OPENSSL_CONF: tls.settings };
}
