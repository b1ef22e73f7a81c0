// Why an address cannot be used for a listener.
import { handedOver, needsNoPort } from '../config/handed-over.ts';
import { ConfigError } from '../errors.ts';

/**
 * The error, in one line.
 * @param prefix - goes before it, for example `admin: `
 */
export function listenError(
  { host, port }: { readonly host?: string | undefined; readonly port: number },
  error: NodeJS.ErrnoException,
  prefix = '',
): ConfigError {
  const name = host?.includes(':') ? `[${host}]` : (host ?? '*');
  const address = needsNoPort(host) ? host : `${name}:${port}`;
  return new ConfigError([`${prefix}cannot listen on ${address}: ${reasonOf(error, host)}`], {
    cause: error,
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException, host = ''): string {
  if (handedOver(host) !== undefined) return `no socket that listens was handed over there (${code})`;
  if (code === 'EADDRINUSE') return 'the address is in use (EADDRINUSE)';
  if (code === 'EACCES') return 'not allowed (EACCES); ports below 1024 need a privilege';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address (EADDRNOTAVAIL)';
  if (code === 'ENOTFOUND') return 'there is no such host name (ENOTFOUND)';
  return message;
}
