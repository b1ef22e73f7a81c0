// The schema of listeners for clients and operators.
import { z } from 'zod';
import { FIRST_FD, handedOver, MAX_FD, needsNoPort } from './handed-over.ts';
import { adminAddress, listenerAddress, listenerName, pem, port, secret } from './values.ts';

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

const fd = z
  .int()
  .min(FIRST_FD)
  .max(MAX_FD)
  .meta({ rule: `an integer from ${FIRST_FD} to ${MAX_FD}, without host and port` })
  .describe(
    'A socket that listens already, by its number: the parent hands it over, as systemd does from 3 on.',
  );

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
  fd: fd.optional(),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/)
    .optional()
    .meta({ rule: 'octal digits in quotes such as "0660", of a unix socket' })
    .describe('Who may use the file of a unix socket, as for `chmod`. Left out: as the umask says.'),
  h2c: z
    .boolean()
    .default(false)
    .describe('HTTP/2 without TLS, by prior knowledge (RFC 9113 section 3.3), beside HTTP/1.1.'),
  tls: tls.optional().describe('Ends TLS here. Left out: no TLS.'),
});

/** An address as it is written. */
interface Written {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly fd?: number | undefined;
}

/** @param takesNone - whether a host needs no port */
function checkAddress(
  { host, port: number, fd }: Written,
  context: z.core.$RefinementCtx,
  takesNone: (host: string | undefined) => boolean,
): void {
  const isNumber = fd !== undefined && fd >= FIRST_FD && fd <= MAX_FD;
  if (isNumber && (host !== undefined || number !== undefined))
    context.addIssue({ code: 'custom', path: ['fd'] });
  else if (fd === undefined && number === undefined && !takesNone(host))
    context.addIssue({ code: 'custom', path: ['port'] });
}

/** A listener for clients. */
export const listener = listenerObject
  .superRefine((written, context) => {
    checkAddress(written, context, needsNoPort);
    if (written.mode !== undefined && written.host?.startsWith('unix:') !== true)
      context.addIssue({ code: 'custom', path: ['mode'] });
  })
  .transform(({ fd, port: number = 0, ...rest }) => {
    return { ...rest, ...(fd !== undefined && { host: `fd:${fd}` }), port: number };
  })
  .meta({ rule: 'an object with port' });

/** The listener for operators. */
export const admin = z
  .strictObject({
    host: adminAddress.optional().describe('The address to listen on. Left out: 127.0.0.1.'),
    port: port.optional().describe('0 for any free port. Required, but for a socket that was handed over.'),
    fd: fd.optional(),
    token: secret
      .optional()
      .describe('Bearer token of at least 16 characters; required if other machines can reach the address.'),
    dashboard: z.boolean().default(true).describe('Whether the dashboard is served.'),
  })
  .superRefine((written, context) => checkAddress(written, context, isHandedOver))
  .transform(({ fd, host = '127.0.0.1', port: number = 0, ...rest }) => {
    return { host: fd === undefined ? host : `fd:${fd}`, port: number, ...rest };
  })
  .meta({ rule: 'an object with port' });

const isHandedOver = (host: string | undefined) => handedOver(host ?? '') !== undefined;
