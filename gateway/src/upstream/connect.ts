// Opens connections to a backend.
import { isIP, type OnReadOpts, connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { Connect } from '../http1/client-connection.ts';
import type { BaseUrl } from './base-url.ts';
import { type ConnectionSettings, lookupOf, tlsOptions } from './connection-settings.ts';

/** Probes that tell a peer which is gone without a word from one that is quiet. */
const PROBE_AFTER_MS = 60_000;

/**
 * A function that begins to connect. The name in the certificate is the backend's own, not the one in the
 * request's `Host`, which the client chooses.
 */
export function connector(
  { host, port, isSecure, socketPath }: BaseUrl,
  { tls, address }: Pick<ConnectionSettings, 'tls' | 'address'>,
): Connect {
  if (socketPath !== undefined)
    return (onread) => tcpConnect({ path: socketPath, allowHalfOpen: true, ...given(onread) });
  const options = {
    host,
    port,
    noDelay: true,
    // In a tunnel a backend may end its direction and still receive.
    allowHalfOpen: true,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    ...lookupOf(address),
  };
  if (!isSecure) return (onread) => tcpConnect({ ...options, ...given(onread) });
  // A session saves a part of the next handshake; it belongs to this host and these settings alone.
  let session: Buffer | undefined;
  const secure = {
    servername: isIP(host) === 0 ? host : '',
    ...tlsOptions(tls),
    ALPNProtocols: ['http/1.1'],
  };
  // Not into the memory of others: node:tls may read while something is written.
  return () => {
    const socket = tlsConnect({ ...options, ...secure, ...(session === undefined ? {} : { session }) });
    socket.on('session', (next) => (session = next));
    return socket;
  };
}

function given(onread: OnReadOpts | undefined): { readonly onread?: OnReadOpts } {
  return onread === undefined ? {} : { onread };
}
