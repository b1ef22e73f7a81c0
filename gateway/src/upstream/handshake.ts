import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { MAX_TIMEOUT_MS } from 'evenkeel/internal';
import type { ResolvedPool } from '../config/resolved-config.ts';
import type { Upstream } from './upstream.ts';
import { MAX_HEAD_BYTES, tlsOptions } from './upstream.ts';

/** What is asked of a backend. */
export interface Handshake {
  readonly method: string;
  readonly path: string;
  /** Names and values by turns. */
  readonly headers: readonly string[];
}

/** What a backend may say to a handshake; one of them, once. */
export interface HandshakeOutcome {
  /** It has changed to the other protocol. @param head - the first of what it says in it */
  upgraded(answer: IncomingMessage, socket: Socket, head: Buffer): void;
  /** It has not, and says why. */
  answered(answer: IncomingMessage): void;
  /** @param wasSent - whether it may have heard of the request */
  failed(error: Error, wasSent: boolean): void;
}

/** Asks a backend to change the protocol, on a connection of its own. @returns a function that gives up */
export function shakeHands(
  { method, path, headers }: Handshake,
  upstream: Upstream,
  { timeouts, tls }: Pick<ResolvedPool, 'timeouts' | 'tls'>,
  outcome: HandshakeOutcome,
): () => void {
  const { protocol, hostname, port } = new URL(upstream.origin);
  const isSecure = protocol === 'https:';
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  const address = { host, port: Number(port || (isSecure ? 443 : 80)) };
  let isOver = false;
  let isConnected = false;
  const once = (settle: () => void) => {
    clearTimeout(timer);
    if (!isOver) settle();
    isOver = true;
  };
  const handshake: ClientRequest = (isSecure ? httpsRequest : httpRequest)({
    ...address,
    method,
    path: upstream.basePath + path,
    // Node takes pairs by turns, and then adds nothing of its own.
    headers: headers as unknown as Record<string, string>,
    setHost: false,
    agent: false,
    maxHeaderSize: MAX_HEAD_BYTES,
    ...(isSecure ? tlsOptions(tls) : {}),
  });
  // One timer for each tunnel, not for each request.
  const timer = setTimeout(
    () => handshake.destroy(new TimeoutError()),
    Math.min(timeouts.connectMs + timeouts.headersMs, MAX_TIMEOUT_MS),
  );
  handshake.on('socket', (socket) => {
    socket.setNoDelay(true);
    socket.once(isSecure ? 'secureConnect' : 'connect', () => (isConnected = true));
  });
  handshake.on('upgrade', (answer, socket, head) => once(() => outcome.upgraded(answer, socket, head)));
  handshake.on('response', (answer) => once(() => outcome.answered(answer)));
  handshake.on('error', (error) => once(() => outcome.failed(error, isConnected)));
  handshake.end();
  return () => once(() => handshake.destroy());
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
}
