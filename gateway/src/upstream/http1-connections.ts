// Connections to one backend over HTTP/1.1.
import { systemEnv } from 'evenkeel';
import { Deadlines } from 'evenkeel/internal';
import { ClientPool } from '../http1/client-pool.ts';
import { WholeBody } from '../http1/whole-body.ts';
import { BackendExchange } from './backend-exchange.ts';
import { BackendFailure } from './backend-failure.ts';
import { type BaseUrl, readBaseUrl, targetOn } from './base-url.ts';
import { connector } from './connect.ts';
import { type ConnectionSettings, MAX_HEAD_BYTES } from './connection-settings.ts';
import type {
  BackendCall,
  BackendMessage,
  Connections,
  ResponseEvents,
  UpgradeEvents,
  UpgradeRequest,
} from './connections.ts';
import { Handshake } from './handshake.ts';
import { type FramedHead, framed } from './request-message.ts';

/** A response with more headers is not passed on. */
const MAX_HEADERS = 1_000;
/** One timer serves all connections of the process. */
const DEADLINES = new Deadlines(systemEnv);
/** The call of a request that was never sent. */
const NO_CALL: BackendCall = { resume() {}, limitBody() {}, abort() {} };

/** Keeps a pool of connections; upgrades have connections of their own. */
export class Http1Connections implements Connections {
  readonly pool: ClientPool;
  readonly #base: BaseUrl;
  readonly #headTimeoutMs: number;
  /** Milliseconds that a body waits for the backend's word; `undefined` if none does. */
  readonly #continueMs: number | undefined;

  /** @param url - the backend's base URL */
  constructor(url: string, settings: ConnectionSettings) {
    const { timeouts, connections, requestsPerConnection } = settings;
    this.#base = readBaseUrl(url);
    const { connectMs, headersMs, totalMs, bodyMs, idleMs, ageMs, continueMs } = timeouts;
    this.#headTimeoutMs = Math.min(headersMs, totalMs);
    this.#continueMs = continueMs === 0 ? undefined : Math.min(continueMs, this.#headTimeoutMs);
    const poolSettings = {
      limits: { fields: MAX_HEADERS, fieldBytes: MAX_HEAD_BYTES },
      connections: connections ?? Number.POSITIVE_INFINITY,
      isSecure: this.#base.isSecure,
      connect: connector(this.#base, settings),
      connectTimeoutMs: connectMs,
      bodyTimeoutMs: bodyMs,
      idleMs,
      ageMs,
      requests: requestsPerConnection ?? Number.POSITIVE_INFINITY,
    };
    this.pool = new ClientPool(poolSettings, DEADLINES, systemEnv);
  }

  send(message: BackendMessage, events: ResponseEvents): BackendCall {
    const { method, body, headTimeoutMs, bodyTimeoutMs, client } = message;
    const continueMs = message.expectsContinue ? this.#continueMs : undefined;
    const { headers } = message;
    const all = continueMs === undefined ? headers : [...headers, 'Expect', '100-continue'];
    const request = this.#framed(message, all);
    if (request instanceof BackendFailure) {
      events.failed(request);
      return NO_CALL;
    }
    const exchange = new BackendExchange(events);
    exchange.attach(
      this.pool.send(
        {
          method,
          head: request.head,
          body,
          bodyLength: request.bodyLength,
          connectTimeoutMs: undefined,
          headTimeoutMs: headTimeoutMs ?? this.#headTimeoutMs,
          bodyTimeoutMs,
          continueMs,
          isUpgrade: false,
          signsIn: request.signsIn,
          owner: client,
        },
        exchange,
      ),
    );
    return exchange;
  }

  upgrade(message: UpgradeRequest, events: UpgradeEvents): () => void {
    const { method, body, connectTimeoutMs, headTimeoutMs } = message;
    const request = this.#framed(message, message.headers);
    if (request instanceof BackendFailure) {
      events.failed(request);
      return () => {};
    }
    const call = this.pool.send(
      {
        method,
        head: request.head,
        body: body && new WholeBody(body),
        bodyLength: request.bodyLength,
        connectTimeoutMs,
        headTimeoutMs: headTimeoutMs ?? this.#headTimeoutMs,
        bodyTimeoutMs: undefined,
        continueMs: undefined,
        isUpgrade: true,
        signsIn: false,
        owner: undefined,
      },
      new Handshake(events),
    );
    return () => call.abort();
  }

  close(): void {
    this.pool.close();
  }

  destroy(): void {
    this.pool.destroy();
  }

  #framed(
    { method, path, lines, hasHost, body }: BackendMessage | UpgradeRequest,
    headers: readonly string[],
  ): FramedHead | BackendFailure {
    const target = targetOn(this.#base, path);
    if (typeof target !== 'string') return target;
    try {
      const hasBody = body !== undefined;
      return framed(
        method,
        target,
        { headers, lines, hasHost },
        { hasBody, authority: this.#base.authority },
      );
    } catch (error) {
      return new BackendFailure(error, false, 'unsendable');
    }
  }
}
