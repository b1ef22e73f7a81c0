import { Agent, Dispatcher, errors } from 'undici';
import { parsedUrl } from '../../http/url.ts';
import type { BackendPoolEntry, Balancer, BalancerOptions, Request } from '../../index.ts';
import { bag } from '../../options/bag.ts';
import { anObjectWith } from '../../options/rule.ts';
import { CLIENT, type ClientOptions, ClientPool, type ClientStats } from '../clients/client-pool.ts';
import { Call, type CallParts } from './call.ts';
import { OlderHandler } from './older-handler.ts';

/** Settings of a {@link BalancedDispatcher}. */
export interface BalancedDispatcherOptions extends ClientOptions {
  /**
   * Only requests to this origin go to the pool; all others go to their own origins.
   * @defaultValue all requests go to the pool
   */
  readonly origin?: string | URL;
  /**
   * The dispatcher that sends to backends. It is not closed with this one.
   * @defaultValue an `Agent` of its own
   */
  readonly dispatcher?: Dispatcher;
}

const OPTIONS = bag<BalancedDispatcherOptions>({
  ...CLIENT,
  origin: {
    words: 'an absolute URL',
    holds: (value) => value instanceof URL || (typeof value === 'string' && parsedUrl(value) !== undefined),
  },
  dispatcher: anObjectWith('dispatch'),
});

/**
 * An undici `Dispatcher` that sends each request to the backend that the engine chooses, instead of the
 * request's origin. The lease on the backend ends with the last byte of the response, or when an upgraded
 * socket is closed.
 *
 * @example
 * ```ts
 * const dispatcher = new BalancedDispatcher(['http://10.0.0.1:8080', 'http://10.0.0.2:8080']);
 * const { statusCode, body } = await request('http://catalogue/products/7', { dispatcher });
 * ```
 */
export class BalancedDispatcher extends Dispatcher {
  /** The engine: statistics, explanations, plans, and changes of the pool at run time. */
  readonly balancer: Balancer<Request>;
  readonly #pool: ClientPool;
  readonly #origin: string | undefined;
  /** The agent of its own, which is closed with this dispatcher. */
  readonly #agent: Agent | undefined;
  readonly #parts: CallParts;
  readonly #calls = new Set<Call>();
  #closing: Promise<void> | undefined;
  #isDestroyed = false;
  /** Called when the last call has ended. */
  #idle: (() => void) | undefined;

  /**
   * @param balancer - may be shared with other clients; its `key` option derives the keys of requests
   * @throws TypeError or RangeError that names the option and its value
   */
  constructor(balancer: Balancer<Request>, options?: BalancedDispatcherOptions);
  /**
   * @param backends - the pool; the array is followed, never changed. The key of a request is its path with
   * its query, unless the option `key` is set
   * @throws TypeError or RangeError that names the entry or option and its value
   */
  constructor(
    backends: readonly BackendPoolEntry[],
    options?: BalancedDispatcherOptions & BalancerOptions<Request>,
  );
  constructor(
    backends: readonly BackendPoolEntry[] | Balancer<Request>,
    options: BalancedDispatcherOptions & BalancerOptions<Request> = {},
  ) {
    super();
    if (typeof Dispatcher.prototype.dispatch !== 'function')
      throw new Error('evenkeel/undici needs Node.js: this platform replaces undici; use evenkeel/fetch');
    this.#pool = new ClientPool(backends, options, { own: OPTIONS, of: 'BalancedDispatcher' });
    this.balancer = this.#pool.balancer;
    this.#origin = options.origin === undefined ? undefined : new URL(options.origin).origin;
    this.#agent = options.dispatcher === undefined ? new Agent() : undefined;
    this.#parts = {
      dispatcher: options.dispatcher ?? (this.#agent as Agent),
      pool: this.#pool,
      over: (call) => {
        this.#calls.delete(call);
        if (this.#calls.size === 0) this.#idle?.();
      },
    };
  }

  /** Sends a request. @returns always `true`: the caller need not wait */
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (this.#isElsewhere(options.origin)) return this.#parts.dispatcher.dispatch(options, handler);
    const known = handler.onRequestStart === undefined ? new OlderHandler(handler) : handler;
    const call = new Call(this.#parts, options, known);
    this.#calls.add(call);
    if (this.#isDestroyed) call.abort(new errors.ClientDestroyedError());
    else if (this.#closing !== undefined) call.abort(new errors.ClientClosedError());
    else call.start();
    return true;
  }

  /** The counters so far. */
  stats(): ClientStats {
    return this.#pool.stats();
  }

  /**
   * Refuses new requests, and waits for those in progress. Upgraded sockets stay open.
   */
  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | undefined {
    this.#pool.close();
    this.#closing ??= this.#close();
    return answer(this.#closing, callback);
  }

  /** Ends all requests in progress with an error. */
  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(
    error?: Error | null | (() => void),
    callback: (() => void) | undefined = typeof error === 'function' ? error : undefined,
  ): Promise<void> | undefined {
    const reason = error instanceof Error ? error : new errors.ClientDestroyedError();
    this.#isDestroyed = true;
    this.#pool.close();
    for (const call of [...this.#calls]) call.abort(reason);
    return answer(this.#agent?.destroy(reason) ?? Promise.resolve(), callback);
  }

  async #close(): Promise<void> {
    if (this.#calls.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    if (!this.#isDestroyed) await this.#agent?.close();
  }

  #isElsewhere(origin: string | URL | undefined): boolean {
    if (this.#origin === undefined || origin === undefined) return false;
    return (typeof origin === 'string' ? origin : origin.origin) !== this.#origin;
  }
}

function answer(done: Promise<void>, callback: (() => void) | undefined): Promise<void> | undefined {
  if (callback === undefined) return done;
  void done.then(callback);
  return undefined;
}
