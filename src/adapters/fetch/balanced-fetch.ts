import type { BackendPoolEntry, Balancer, BalancerOptions, Request } from '../../index.ts';
import { bag, type Shape } from '../../options/bag.ts';
import { aFunction, aTimeout } from '../../options/rule.ts';
import {
  CLIENT,
  type ClientKind,
  type ClientOptions,
  ClientPool,
  type ClientStats,
} from '../clients/client-pool.ts';
import { FetchCall, type FetchCallParts } from './fetch-call.ts';
import { OutgoingRequest } from './outgoing-request.ts';

/** Settings of a {@link BalancedFetch}. */
export interface BalancedFetchOptions extends ClientOptions {
  /**
   * Time limit for the head of one backend's response, in milliseconds, above 0. A timeout is a failure of
   * the backend. @defaultValue that of `fetch`
   */
  readonly timeoutMs?: number;
  /** @defaultValue the platform's `fetch` */
  readonly fetch?: typeof fetch;
}

/** What the options of a balanced fetch must be. */
export const FETCH: Shape<BalancedFetchOptions> = { ...CLIENT, timeoutMs: aTimeout, fetch: aFunction };

const OPTIONS = bag<BalancedFetchOptions>(FETCH);

/**
 * A `fetch` that sends each request to the backend that the engine chooses. Path and query of the URL are
 * kept, its origin is replaced. The lease on the backend ends with the last byte of the response. Read or
 * cancel every body: an unread body of more than 64 KiB holds its lease until the response is
 * garbage-collected.
 */
export interface BalancedFetch {
  (input: string | URL | globalThis.Request, init?: RequestInit): Promise<globalThis.Response>;
  /** The engine: statistics, explanations, plans, and changes of the pool at run time. */
  readonly balancer: Balancer<Request>;
  /** The counters so far. */
  stats(): ClientStats;
  /** Stops discovery. Requests are still sent. */
  close(): void;
}

/**
 * Creates a `fetch` that balances. It runs on every platform that has `fetch`.
 *
 * @example
 * ```ts
 * const catalogue = balancedFetch(['http://10.0.0.1:8080', 'http://10.0.0.2:8080'], { failover: true });
 * const response = await catalogue('/products/7');
 * ```
 * @param balancer - may be shared with other clients; its `key` option derives the keys of requests
 * @throws RangeError that names the option and its value
 */
export function balancedFetch(balancer: Balancer<Request>, options?: BalancedFetchOptions): BalancedFetch;
/**
 * Creates a `fetch` that balances over a pool of its own.
 *
 * @param backends - the pool; the array is followed, never changed. The key of a request is its path with its
 * query, unless the option `key` is set
 * @throws TypeError or RangeError that names the entry or option and its value
 */
export function balancedFetch(
  backends: readonly BackendPoolEntry[],
  options?: BalancedFetchOptions & BalancerOptions<Request>,
): BalancedFetch;
export function balancedFetch(
  backends: readonly BackendPoolEntry[] | Balancer<Request>,
  options: BalancedFetchOptions & BalancerOptions<Request> = {},
): BalancedFetch {
  const parts = fetchCallParts(backends, options, { own: OPTIONS, of: 'balancedFetch' });
  const send = async (input: string | URL | globalThis.Request, init?: RequestInit) =>
    new FetchCall(parts, new OutgoingRequest(input, init)).start();
  return Object.assign(send, {
    balancer: parts.pool.balancer,
    stats: () => parts.pool.stats(),
    close: () => parts.pool.close(),
  });
}

/** @throws TypeError or RangeError that names the entry or option and its value */
export function fetchCallParts(
  backends: readonly BackendPoolEntry[] | Balancer<Request>,
  options: BalancedFetchOptions & BalancerOptions<Request>,
  kind: ClientKind,
): FetchCallParts {
  const pool = new ClientPool(backends, options, kind);
  const { timeoutMs, fetch = globalThis.fetch } = options;
  // In browsers, `fetch` must be called without a `this` of another object.
  return { pool, timeoutMs, fetch: (url, init) => fetch(url, init) };
}
