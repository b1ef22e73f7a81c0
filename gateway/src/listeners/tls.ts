// TLS of a listener, over node:tls.
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Certificates, TlsSettings } from './certificates.ts';

/** Settings of a TLS server. */
export interface TlsTermination {
  readonly settings: TlsSettings;
  readonly certificates: Certificates;
  readonly handshakeTimeoutMs: number;
  /** Takes a connection after its handshake. */
  readonly accept: (socket: TLSSocket) => void;
}

/**
 * Terminates TLS, for HTTP/2 and HTTP/1.1 on one port (RFC 7301), with a certificate for each server name.
 */
export function tlsServer({ settings, certificates, handshakeTimeoutMs, accept }: TlsTermination): Server {
  const { certificates: pairs, minVersion, http2 } = settings;
  const first = pairs[0];
  const server = createServer({
    ALPNProtocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    minVersion,
    handshakeTimeout: handshakeTimeoutMs,
    noDelay: true,
    SNICallback: (name, done) => {
      // An exception here would end the process.
      try {
        done(null, certificates.contextFor(name));
      } catch (error) {
        done(error as Error);
      }
    },
    // For clients that name no server.
    ...(first === undefined ? {} : { cert: first.cert, key: first.key }),
  });
  server.on('secureConnection', (socket) => {
    // Only from now on: a client that ends its direction during the handshake, as a port check does, is gone.
    socket.allowHalfOpen = true;
    socket.on('error', () => socket.destroy());
    accept(socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

/** Replaces the certificate for clients that name no server. */
export function replaceDefault(server: Server, { certificates: [first], minVersion }: TlsSettings): void {
  if (first !== undefined) server.setSecureContext({ cert: first.cert, key: first.key, minVersion });
}
