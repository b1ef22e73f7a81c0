// The schema of listeners for clients and operators.
import { z } from 'zod';
import { listenerAddress, listenerHost, listenerName, pem, port, secret } from './values.ts';

const certificate = z.strictObject({
  cert: pem.describe('The certificate, then the intermediate ones.'),
  key: pem.describe('Its private key.'),
  passphrase: secret.optional().describe('The passphrase of an encrypted key.'),
});

const tls = z.strictObject({
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
  port: port.optional().describe('0 for any free port. Required, but for a unix socket.'),
  h2c: z
    .boolean()
    .default(false)
    .describe('HTTP/2 without TLS, by prior knowledge (RFC 9113 section 3.3), beside HTTP/1.1.'),
  tls: tls.optional().describe('Ends TLS here. Left out: no TLS.'),
});

/** A listener for clients. */
export const listener = listenerObject
  .superRefine(({ host, port: number }, context) => {
    const isSocket = host?.startsWith('unix:') === true;
    if (number === undefined && !isSocket) context.addIssue({ code: 'custom', path: ['port'] });
  })
  .transform(({ port: number = 0, ...rest }) => ({ ...rest, port: number }))
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
