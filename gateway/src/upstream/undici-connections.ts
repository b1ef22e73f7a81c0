// Connections to one backend that undici holds.
import { isIP } from 'node:net';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import { type BaseUrl, readBaseUrl, targetOn } from './base-url.ts';
import {
  type BackendTls,
  type ConnectionSettings,
  lookupOf,
  MAX_HEAD_BYTES,
  tlsOptions,
} from './connection-settings.ts';
import type {
  BackendCall,
  BackendMessage,
  Connections,
  ResponseEvents,
  UpgradeEvents,
  UpgradeRequest,
} from './connections.ts';
import { shakeHands } from './node-handshake.ts';
import { UndiciCall } from './undici-call.ts';

/** @throws Error on a platform that has something else in the place of undici, as Bun does */
export function checkPlatform(): void {
  if (typeof Pool.prototype.dispatch !== 'function')
    throw new Error(
      'evenkeel-gateway needs Node.js: this platform replaces undici, which sends its requests',
    );
}

/** Keeps a pool of connections; upgrades go their own way. */
export class UndiciConnections implements Connections {
  readonly pool: Pool;
  readonly #base: BaseUrl;
  readonly #settings: ConnectionSettings;

  /** @param url - the backend's base URL */
  constructor(url: string, settings: ConnectionSettings) {
    this.#base = readBaseUrl(url);
    this.#settings = settings;
    const { connectMs, headersMs, totalMs, bodyMs, idleMs } = settings.timeouts;
    this.pool = new Pool(this.#base.origin, {
      connections: settings.connections ?? null,
      // More would couple the fates of requests that have nothing to do with each other.
      pipelining: 1,
      headersTimeout: Math.min(headersMs, totalMs),
      bodyTimeout: bodyMs,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: Math.max(idleMs, 600_000),
      maxHeaderSize: MAX_HEAD_BYTES,
      connect: connector(this.#base.host, {
        timeout: connectMs,
        ...tlsOptions(settings.tls),
        ...lookupOf(settings.address),
      }),
    });
  }

  send(
    { method, path, headers, body, headTimeoutMs, bodyTimeoutMs }: BackendMessage,
    events: ResponseEvents,
  ): BackendCall {
    const target = targetOn(this.#base, path);
    if (typeof target !== 'string') {
      events.failed(target);
      return NO_CALL;
    }
    const call = new UndiciCall(events);
    // The types do not know `servername`.
    const options: Dispatcher.DispatchOptions & { servername: string } = {
      path: target,
      method: method as Dispatcher.HttpMethod,
      headers: headers as string[],
      body: body ?? null,
      headersTimeout: headTimeoutMs ?? null,
      bodyTimeout: bodyTimeoutMs ?? null,
      // TLS connections are told apart by it: the same for all requests, whatever their `Host`.
      servername: this.#base.host,
    };
    this.pool.dispatch(options, call);
    return call;
  }

  upgrade(request: UpgradeRequest, events: UpgradeEvents): () => void {
    return shakeHands(request, this.#base, this.#settings, events);
  }

  close(): void {
    this.pool.close().catch(() => {});
  }

  destroy(): void {
    this.pool.destroy().catch(() => {});
  }
}

/** The call of a request that was never sent. */
const NO_CALL: BackendCall = { resume() {}, abort() {} };

/**
 * Opens connections. undici would ask for, and verify, the name that stands in the request's `Host`, which
 * the client chooses; here it is the backend's own.
 */
function connector(
  host: string,
  options: BackendTls & { readonly timeout: number },
): buildConnector.connector {
  const connect = buildConnector(options);
  const servername = options.servername ?? (isIP(host) === 0 ? host : '');
  return (target, done) => {
    connect({ ...target, servername }, (...result) => {
      result[1]?.on('error', tellFromEnd);
      done(...result);
    });
  };
}

/**
 * undici takes a reset for a good end where the end of the connection is the end of the response: half a
 * response would look whole (RFC 9112 section 8). It does so by the error's code.
 */
function tellFromEnd(error: NodeJS.ErrnoException): void {
  if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET';
}
