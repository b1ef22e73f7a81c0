// The schema of listeners for clients and operators.
import { z } from 'zod';
import { FIRST_FD, MAX_FD, needsNoPort } from './handed-over.ts';
import { listenerAddress, listenerHost, listenerName, pem, port, secret } from './values.ts';

const certificate = z.strictObject({
  cert: pem.describe('The certificate, then the intermediate ones.'),
  key: pem.describe('Its private key.'),
  passphrase: secret.optional().describe('The passphrase of an encrypted key.'),
});

export const tls = z.strictObject({
  certificates: z
    .array(certificate)
    .min(1)
    .describe('Each certificate serves the names that it has; the first one serves all other names, too.'),
  minVersion: z
    .enum(['TLSv1.2', 'TLSv1.3'])
    .default('TLSv1.2')
    .describe('The oldest TLS version that clients may use.'),
  http2: z.boolean().default(true).describe('Whether clients may choose HTTP/2.'),
});

const listenerObject = z.strictObject({
  name: listenerName.optional().describe('A name that routes may ask for in `listeners`.'),
  host: listenerAddress
    .optional()
    .describe(
      'The address to listen on. Left out: every address of this machine. `unix:/path` is a unix socket.',
    ),
  port: port
    .optional()
    .describe('0 for any free port. Required, but for a unix socket or one that was handed over.'),
  fd: z
    .int()
    .min(FIRST_FD)
    .max(MAX_FD)
    .optional()
    .meta({ rule: `an integer from ${FIRST_FD} to ${MAX_FD}, without host and port` })
    .describe(
      'A socket that listens already, by its number: the parent hands it over, as systemd does from 3 on.',
    ),
  h2c: z
    .boolean()
    .default(false)
    .describe('HTTP/2 without TLS, by prior knowledge (RFC 9113 section 3.3), beside HTTP/1.1.'),
  tls: tls.optional().describe('Ends TLS here. Left out: no TLS.'),
});

/** A listener for clients. */
export const listener = listenerObject
  .superRefine(({ host, port: number, fd }, context) => {
    const isNumber = fd !== undefined && fd >= FIRST_FD && fd <= MAX_FD;
    if (isNumber && (host !== undefined || number !== undefined))
      context.addIssue({ code: 'custom', path: ['fd'] });
    else if (fd === undefined && number === undefined && !needsNoPort(host))
      context.addIssue({ code: 'custom', path: ['port'] });
  })
  .transform(({ fd, port: number = 0, ...rest }) => {
    return { ...rest, ...(fd !== undefined && { host: `fd:${fd}` }), port: number };
  })
  .meta({ rule: 'an object with port' });

/** The listener for operators. */
export const admin = z.strictObject({
  host: listenerHost.default('127.0.0.1').describe('The address to listen on.'),
  port: port.describe('0 for any free port.'),
  token: secret
    .optional()
    .describe('Bearer token of at least 16 characters; required if other machines can reach the address.'),
  dashboard: z.boolean().default(true).describe('Whether the dashboard is served.'),
});
