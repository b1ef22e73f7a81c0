import { isIP } from 'node:net';
import type { Backend, Outcome } from 'evenkeel';
import { buildConnector, Pool } from 'undici';
import type { ResolvedPool } from '../config/resolved-config.ts';
import { BackendMeter } from '../observation/backend-meter.ts';

/** How backends of a pool are reached. */
export type ConnectionSettings = Pick<ResolvedPool, 'timeouts' | 'connections' | 'tls'>;

/** The longest head of an answer that is read, in bytes. */
export const MAX_HEAD_BYTES = 65_536;

/** One backend on the wire: its connections, and what is counted of it. */
export class Upstream {
  readonly url: string;
  readonly origin: string;
  /** The path prefix of its base URL, without a slash at the end. */
  readonly basePath: string;
  readonly meter: BackendMeter;
  readonly connections: Pool;
  /** How long a request to it may take, in milliseconds. */
  readonly totalMs: number;
  /** What its TLS connections are told apart by: the same for all requests, whatever host they ask for. */
  readonly name: string;
  /** Requests and tunnels that it works on, and has yet to be given. */
  #held = 0;
  #isClosing = false;

  constructor({ url }: Pick<Backend, 'url'>, settings: ConnectionSettings, meter = new BackendMeter()) {
    const { origin, pathname, hostname } = new URL(url);
    this.url = url;
    this.origin = origin;
    this.basePath = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
    this.meter = meter;
    const { connectMs, headersMs, totalMs, bodyMs, idleMs } = settings.timeouts;
    this.totalMs = totalMs;
    this.connections = new Pool(origin, {
      connections: settings.connections ?? null,
      // More would couple the fates of requests that have nothing to do with each other.
      pipelining: 1,
      headersTimeout: Math.min(headersMs, totalMs),
      bodyTimeout: bodyMs,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: Math.max(idleMs, 600_000),
      maxHeaderSize: MAX_HEAD_BYTES,
      connect: connector(hostname, { timeout: connectMs, ...tlsOptions(settings.tls) }),
    });
    this.name = hostname;
  }

  /** Somebody is about to send it something. */
  begin(): void {
    this.#held++;
    this.meter.active++;
    this.meter.requests++;
  }

  /** What was begun is over. */
  end(outcome: Outcome): void {
    this.#held--;
    this.meter.active--;
    if (outcome === 'failure') this.meter.errors++;
    else if (outcome === 'cancelled') this.meter.cancelled++;
    if (this.#isClosing) this.close();
  }

  /** Closes the connections as soon as all that was begun is over. */
  close(): void {
    this.#isClosing = true;
    if (this.#held === 0) this.connections.close().catch(() => {});
  }

  /** Ends what runs. */
  destroy(): void {
    this.connections.destroy().catch(() => {});
  }
}

/**
 * Opens connections. undici would ask for, and verify, the name that stands in the request's `Host`, which the client chooses; here it is the
 * backend's own.
 */
function connector(
  hostname: string,
  options: BackendTls & { readonly timeout: number },
): buildConnector.connector {
  const connect = buildConnector(options);
  const servername = options.servername ?? (isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : '');
  return (target, done) => {
    connect({ ...target, servername }, (...result) => {
      result[1]?.on('error', tellFromEnd);
      done(...result);
    });
  };
}

/**
 * undici takes a reset for a good end where the end of the connection is the end of the answer: half an answer would look whole (RFC 9112
 * section 8). It does so by the error's code.
 */
function tellFromEnd(error: NodeJS.ErrnoException): void {
  if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET';
}

/** What node:tls wants to know. */
export interface BackendTls {
  readonly rejectUnauthorized?: boolean;
  readonly ca?: string[];
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** How a pool's backends are to be verified, as node:tls wants to know it. */
export function tlsOptions(tls: ResolvedPool['tls']): BackendTls {
  if (tls === undefined) return {};
  const { ca, serverName, verify, cert, key } = tls;
  return {
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
