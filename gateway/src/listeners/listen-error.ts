// Why an address cannot be used for a listener.
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
  const address = host?.startsWith('unix:') ? host : `${name}:${port}`;
  return new ConfigError([`${prefix}cannot listen on ${address}: ${reasonOf(error)}`], { cause: error });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'the address is in use (EADDRINUSE)';
  if (code === 'EACCES') return 'not allowed (EACCES); ports below 1024 need a privilege';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address (EADDRNOTAVAIL)';
  return message;
}
