import {
  type BackendPoolEntry,
  BadRequestError,
  type Balancer,
  type BalancerOptions,
  type Request,
  UpstreamError,
} from '../../index.ts';
import { bag } from '../../options/bag.ts';
import { aBoolean, aFunction, aString } from '../../options/rule.ts';
import type { ClientStats } from '../clients/client-pool.ts';
import { type BalancedFetchOptions, FETCH, fetchCallParts } from './balanced-fetch.ts';
import { FetchCall, type FetchCallParts } from './fetch-call.ts';
import { NO_ORIGIN, OutgoingRequest } from './outgoing-request.ts';
import { requestHeaders, responseHeaders } from './proxy-headers.ts';
import { refusalResponse } from './refusal-response.ts';

/**
 * Settings of a {@link ProxyHandler}.
 *
 * @typeParam Context - the further arguments that the platform passes
 */
export interface ProxyHandlerOptions<Context extends unknown[]> extends BalancedFetchOptions {
  /** Returns the client's address, if the platform knows it. @defaultValue unknown */
  readonly clientAddress?: (request: globalThis.Request, ...context: Context) => string | undefined;
  /**
   * Whether all requests come from proxies whose `Forwarded` and `X-Forwarded-*` are trusted.
   * @defaultValue false
   */
  readonly trustProxy?: boolean;
  /** A prefix that is removed from every path. @defaultValue none */
  readonly prefix?: string;
  /**
   * Creates the response for a request that failed.
   * @defaultValue JSON with a `code`, status 502, 503 or 504
   */
  readonly onError?: (error: unknown, request: globalThis.Request) => Response | Promise<Response>;
}

const OPTIONS = bag<ProxyHandlerOptions<never[]>>({
  ...FETCH,
  clientAddress: aFunction,
  trustProxy: aBoolean,
  prefix: aString,
  onError: aFunction,
});

/** A web-standard handler that passes requests on to a pool. It rejects only if `onError` does. */
export interface ProxyHandler<Context extends unknown[] = unknown[]> {
  (request: globalThis.Request, ...context: Context): Promise<Response>;
  /** The engine: statistics, explanations, plans, and changes of the pool at run time. */
  readonly balancer: Balancer<Request>;
  /** The counters so far. */
  stats(): ClientStats;
  /** Stops discovery. Requests are still sent. */
  close(): void;
}

/** With failover, a body of up to this size is kept, so that it can be sent to another backend. */
const REPLAY_BYTES = 65_536;
/** A request id of the client is kept if it matches. */
const GOOD_ID = /^[\w.:/+=-]{1,128}$/;

/**
 * Creates a reverse proxy for platforms with `Request` and `Response`: Bun, Deno, edge workers, Hono. Bodies
 * are streamed in both directions. Headers of one connection are not passed on. Redirects are passed on, not
 * followed. It cannot upgrade to WebSocket.
 *
 * @example
 * ```ts
 * Bun.serve({ fetch: proxyHandler(['http://10.0.0.1:8080', 'http://10.0.0.2:8080']) });
 * ```
 * @param balancer - may be shared with other clients; its `key` option derives the keys of requests
 * @throws RangeError or TypeError that names the option and its value
 */
export function proxyHandler<Context extends unknown[] = unknown[]>(
  balancer: Balancer<Request>,
  options?: ProxyHandlerOptions<Context>,
): ProxyHandler<Context>;
/**
 * Creates a reverse proxy with a pool of its own.
 *
 * @param backends - the pool; the array is followed, never changed. The key of a request is its path with its
 * query, unless the option `key` is set
 * @throws RangeError or TypeError that names the entry or option and its value
 */
export function proxyHandler<Context extends unknown[] = unknown[]>(
  backends: readonly BackendPoolEntry[],
  options?: ProxyHandlerOptions<Context> & BalancerOptions<Request>,
): ProxyHandler<Context>;
export function proxyHandler<Context extends unknown[]>(
  backends: readonly BackendPoolEntry[] | Balancer<Request>,
  options: ProxyHandlerOptions<Context> & BalancerOptions<Request> = {},
): ProxyHandler<Context> {
  const parts = fetchCallParts(backends, options, { own: OPTIONS, of: 'proxyHandler' });
  const { clientAddress, trustProxy = false, prefix = '', onError } = options;
  if (prefix !== '' && !/^\/.*[^/]$/.test(prefix))
    throw new TypeError(`prefix must begin with a slash and end without one, got ${prefix}`);
  const handle = async (request: globalThis.Request, ...context: Context): Promise<Response> => {
    const own = request.headers.get('x-request-id') ?? '';
    const requestId = GOOD_ID.test(own) ? own : crypto.randomUUID();
    try {
      const address = clientAddress?.(request, ...context);
      const headers = requestHeaders(request, { address, isTrusted: trustProxy, requestId });
      return await passOn(parts, request, { prefix, headers, address });
    } catch (error) {
      if (request.signal.aborted) return new Response(null, { status: 499 });
      return onError === undefined ? refusalResponse(error, requestId) : onError(error, request);
    }
  };
  return Object.assign(handle, {
    balancer: parts.pool.balancer,
    stats: () => parts.pool.stats(),
    close: () => parts.pool.close(),
  });
}

/** @throws BadRequestError if `fetch` cannot send such a request, for example one with the method TRACE */
function outgoing(url: string, init: RequestInit, address: string | undefined): OutgoingRequest {
  try {
    return new OutgoingRequest(url, init, address);
  } catch (error) {
    throw new BadRequestError('the request cannot be sent as it is', { cause: error });
  }
}

async function passOn(
  parts: FetchCallParts,
  request: globalThis.Request,
  { prefix, headers, address }: { prefix: string; headers: Headers; address: string | undefined },
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const isBelow = pathname === prefix || pathname.startsWith(`${prefix}/`);
  const path = isBelow ? pathname.slice(prefix.length) || '/' : pathname;
  const { method, signal } = request;
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  const isKept = parts.pool.failover !== undefined && length <= REPLAY_BYTES;
  const body = isKept && request.body !== null ? await request.arrayBuffer() : request.body;
  const init = { method, headers, body, signal, redirect: 'manual' } as const;
  const answer = await new FetchCall(parts, outgoing(`${NO_ORIGIN}${path}${search}`, init, address)).start();
  const passed = responseHeaders(answer);
  if (passed === undefined || answer.status > 599) {
    await answer.body?.cancel();
    throw new UpstreamError('the response of the backend cannot be passed on');
  }
  const { status, statusText } = answer;
  return new Response(answer.body, { status, statusText, headers: passed });
}
