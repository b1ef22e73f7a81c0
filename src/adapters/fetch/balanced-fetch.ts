import { checkTimeout } from '../../deadline.ts';
import type { BackendPoolEntry, Balancer, BalancerOptions, Request } from '../../index.ts';
import { type ClientOptions, ClientPool, type ClientStats } from '../clients/client-pool.ts';
import { FetchCall, type FetchCallParts } from './fetch-call.ts';
import { OutgoingRequest } from './outgoing-request.ts';

/** Settings of a {@link BalancedFetch}. */
export interface BalancedFetchOptions extends ClientOptions {
  /**
   * Milliseconds for the head of one backend's answer, above 0; a longer wait is that backend's failure.
   * @defaultValue what `fetch` has
   */
  readonly timeoutMs?: number;
  /** @defaultValue the platform's `fetch` */
  readonly fetch?: typeof fetch;
}

/**
 * A `fetch` that sends each request to the backend that the engine chooses for it: path and query count, an
 * origin is replaced. The lease on the backend ends with the last byte of the answer. Read every body, or
 * cancel it: one of more than 64 KiB of which nothing is read keeps its lease until the answer is garbage.
 */
export interface BalancedFetch {
  (input: string | URL | globalThis.Request, init?: RequestInit): Promise<globalThis.Response>;
  /** The engine: statistics, explanations, plans, and changes of the pool at run time. */
  readonly balancer: Balancer<Request>;
  /** What happened so far. */
  stats(): ClientStats;
}

/**
 * Makes a `fetch` that balances. It needs nothing but the platform's own, so that it runs wherever there is
 * one.
 *
 * @example
 * ```ts
 * const catalogue = balancedFetch(['http://10.0.0.1:8080', 'http://10.0.0.2:8080'], { failover: true });
 * const response = await catalogue('/products/7');
 * ```
 * @param balancer - may be shared with others; the key of a request is its balancer's business
 * @throws RangeError naming the option and its value
 */
export function balancedFetch(balancer: Balancer<Request>, options?: BalancedFetchOptions): BalancedFetch;
/**
 * Makes a `fetch` that balances over a pool of its own.
 *
 * @param backends - the pool; the array is followed, never changed. The key is the path with its query unless
 * `key` says otherwise
 * @throws TypeError or RangeError naming the entry or option and its value
 */
export function balancedFetch(
  backends: readonly BackendPoolEntry[],
  options?: BalancedFetchOptions & BalancerOptions<Request>,
): BalancedFetch;
export function balancedFetch(
  backends: readonly BackendPoolEntry[] | Balancer<Request>,
  options: BalancedFetchOptions & BalancerOptions<Request> = {},
): BalancedFetch {
  const parts = fetchCallParts(backends, options);
  const send = async (input: string | URL | globalThis.Request, init?: RequestInit) =>
    new FetchCall(parts, new OutgoingRequest(input, init)).start();
  return Object.assign(send, { balancer: parts.pool.balancer, stats: () => parts.pool.stats() });
}

/** @throws TypeError or RangeError naming the entry or option and its value */
export function fetchCallParts(
  backends: readonly BackendPoolEntry[] | Balancer<Request>,
  options: BalancedFetchOptions & BalancerOptions<Request>,
): FetchCallParts {
  const { timeoutMs, fetch = globalThis.fetch } = options;
  checkTimeout(timeoutMs, 'timeoutMs');
  // Browsers want `fetch` called on nothing.
  return { pool: new ClientPool(backends, options), timeoutMs, fetch: (url, init) => fetch(url, init) };
}
