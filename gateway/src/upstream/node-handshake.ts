// Upgrades over node:http, each on a connection of its own.
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { MAX_TIMEOUT_MS } from 'evenkeel/internal';
import { BackendFailure } from './backend-failure.ts';
import { type BaseUrl, targetOn } from './base-url.ts';
import { type ConnectionSettings, lookupOf, MAX_HEAD_BYTES, tlsOptions } from './connection-settings.ts';
import type { UpgradeEvents, UpgradeHead, UpgradeRequest } from './connections.ts';

/** Asks a backend to change the protocol. @returns a function that gives up */
export function shakeHands(
  { method, path, headers, connectTimeoutMs, headTimeoutMs }: UpgradeRequest,
  base: BaseUrl,
  { timeouts, tls, address }: ConnectionSettings,
  events: UpgradeEvents,
): () => void {
  const { host, port, isSecure } = base;
  const target = targetOn(base, path);
  if (typeof target !== 'string') {
    events.failed(target);
    return () => {};
  }
  let isOver = false;
  let isConnected = false;
  const once = (settle: () => void) => {
    clearTimeout(timer);
    clearTimeout(impatience);
    if (!isOver) settle();
    isOver = true;
  };
  const handshake: ClientRequest = (isSecure ? httpsRequest : httpRequest)({
    host,
    port,
    method,
    path: target,
    // Node takes pairs by turns, and then adds nothing of its own.
    headers: headers as unknown as Record<string, string>,
    setHost: false,
    agent: false,
    maxHeaderSize: MAX_HEAD_BYTES,
    ...(isSecure ? tlsOptions(tls) : {}),
    ...lookupOf(address),
  });
  const { connectMs, headersMs } = timeouts;
  const giveUp = () => handshake.destroy(new TimeoutError());
  // Timers for each tunnel, not for each request.
  const timer = setTimeout(giveUp, Math.min(connectMs + (headTimeoutMs ?? headersMs), MAX_TIMEOUT_MS));
  const impatience =
    connectTimeoutMs === undefined ? undefined : setTimeout(() => isConnected || giveUp(), connectTimeoutMs);
  handshake.on('socket', (socket) => {
    socket.setNoDelay(true);
    socket.once(isSecure ? 'secureConnect' : 'connect', () => (isConnected = true));
  });
  handshake.on('upgrade', (response, socket, first) =>
    once(() => events.upgraded(headOf(response), socket, first)),
  );
  handshake.on('response', (response) => once(() => events.declined(headOf(response), response)));
  handshake.on('error', (error) => once(() => events.failed(new BackendFailure(error, isConnected))));
  handshake.end();
  return () => once(() => handshake.destroy());
}

function headOf({ statusCode = 0, statusMessage = '', rawHeaders, headers }: IncomingMessage): UpgradeHead {
  return { status: statusCode, statusText: statusMessage, headers: rawHeaders, protocol: headers.upgrade };
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
}
