// The HTTP service of active health checks.
import { type HTTPService, type Request, type Response, type SendOptions, UpstreamError } from 'evenkeel';
import { CONNECTION_HEADERS } from 'evenkeel/internal';
import { socketOfHost } from '../config/unix-socket.ts';
import { HeadParser } from '../http1/parse-head.ts';
import { WholeBody } from '../http1/whole-body.ts';
import type { BackendFailure } from './backend-failure.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import type { BackendCall, ReceivedHeaders, ResponseEvents } from './connections.ts';
import { Http1Connections } from './http1-connections.ts';

/** Sends health checks until it is closed. */
export interface CheckService extends HTTPService {
  /** Ends checks under way. */
  close(): void;
}

/** More of a response is not read: it is enough for any report, and no backend may fill the memory. */
const MAX_BODY_BYTES = 65_536;

/**
 * Each check has a connection of its own: a part of the check is whether one can be made. The body of a
 * response is read up to 64 KiB.
 * @param addressOf - the address that requests to a backend go to, if its URL has a name
 */
export function checkService(
  settings: ConnectionSettings,
  addressOf: (backend: string) => string | undefined,
): CheckService {
  const underWay = new Set<Http1Connections>();
  return {
    async sendRequest(url, request, options) {
      const address = addressOf(options?.backend ?? '');
      const connections = new Http1Connections(new URL(url).origin, { ...settings, address });
      underWay.add(connections);
      try {
        return await check(connections, url, request, options);
      } finally {
        underWay.delete(connections);
        connections.destroy();
      }
    },
    close() {
      for (const connections of underWay) connections.destroy();
    },
  };
}

function check(
  connections: Http1Connections,
  url: string,
  request: Request,
  { signal }: Partial<SendOptions> = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { host, pathname, search } = new URL(url);
    const { method, payload } = request;
    // Servers refuse a Host that they do not know; of a unix socket all know this one.
    const headers = headersOf(request, socketOfHost(host) === undefined ? host : 'localhost');
    const body = payload ? Buffer.from(payload) : undefined;
    if (body !== undefined) headers.push('Content-Length', String(body.length));
    const leave = () => {
      reject(signal?.reason);
      connections.destroy();
    };
    if (signal?.aborted) return leave();
    signal?.addEventListener('abort', leave, { once: true });
    const fail = (failure: BackendFailure) =>
      reject(new UpstreamError(`${method} ${url} failed: ${reasonOf(failure.cause)}`, { cause: failure }));
    connections.send(
      {
        method,
        path: pathname + search,
        headers,
        body: body === undefined ? undefined : new WholeBody(body),
        expectsContinue: false,
        headTimeoutMs: undefined,
        client: undefined,
      },
      new CheckResponse((response) => {
        signal?.removeEventListener('abort', leave);
        resolve(response);
      }, fail),
    );
  });
}

/** The response to a check, as far as it is read. */
class CheckResponse implements ResponseEvents {
  readonly #resolve: (response: Response) => void;
  readonly #fail: (failure: BackendFailure) => void;
  readonly #chunks: Buffer[] = [];
  #call: BackendCall | undefined;
  #bytes = 0;
  #status = 0;
  #headers: Record<string, string> = {};

  constructor(resolve: (response: Response) => void, fail: (failure: BackendFailure) => void) {
    this.#resolve = resolve;
    this.#fail = fail;
  }

  started(call: BackendCall): void {
    this.#call = call;
  }

  interim(): void {}

  head(status: number, _statusText: string, headers: ReceivedHeaders): boolean {
    this.#status = status;
    const raw = headers instanceof HeadParser ? headers.rawHeaders() : headers;
    for (let index = 0; index < raw.length; index += 2) {
      const name = String(raw[index]).toLowerCase();
      const before = this.#headers[name];
      const value = String(raw[index + 1]);
      this.#headers[name] = before === undefined ? value : `${before}, ${value}`;
    }
    return true;
  }

  data(chunk: Buffer): boolean {
    this.#chunks.push(Buffer.from(chunk.subarray(0, MAX_BODY_BYTES - this.#bytes)));
    this.#bytes += chunk.length;
    if (this.#bytes < MAX_BODY_BYTES) return true;
    this.#call?.abort();
    this.end();
    return true;
  }

  end(): void {
    const data = Buffer.concat(this.#chunks).toString();
    this.#resolve({ status: this.#status, data, headers: this.#headers });
  }

  failed(failure: BackendFailure): void {
    this.#fail(failure);
  }
}

/** Names and values by turns. `Host` may be set; otherwise it is the backend's own. */
function headersOf({ headers = {} }: Request, host: string): string[] {
  const own = new Map([
    ['host', host],
    ['user-agent', 'evenkeel'],
    ['accept', '*/*'],
  ]);
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (value === undefined || CONNECTION_HEADERS.has(lower) || lower === 'content-length') continue;
    own.delete(lower);
    for (const one of [value].flat()) flat.push(name, String(one));
  }
  return [...[...own].flat(), ...flat, 'connection', 'close'];
}

/** What a person can use: a host with several addresses fails with an error for each. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
