import { shown } from './balancer/address.ts';
import { Balancer } from './balancer/balancer.ts';
import type { Lease } from './balancer/lease.ts';
import type { BalancerOptions } from './balancer/options.ts';
import type {
  BackendPoolEntry,
  HTTPService,
  ILoadBalancer,
  Request,
  Response,
  ResponseWriter,
} from './contracts.ts';
import { systemEnv, type Timers } from './env.ts';
import { NoBackendError, UpstreamError } from './errors.ts';
import type { ILoggerService } from './logger.ts';
import { type StrategyEntry, strategies } from './strategies/registry.ts';
import type { Outcome } from './strategies/strategy.ts';
import { type AffinityKey, byClientAddress, byPath } from './traffic/affinity.ts';
import { abortError, checkTimeout, withDeadline } from './traffic/deadline.ts';

/** Settings of a {@link Loadbalancer}: those of the engine, and how to send. */
export interface LoadbalancerOptions extends BalancerOptions<Request> {
  /** Milliseconds for a backend's answer, above 0. @defaultValue none: the HTTP service decides */
  readonly timeoutMs?: number;
  /** Whether an answer counts as the backend's failure. It is passed on all the same. @defaultValue status 502, 503 or 504 */
  readonly isFailure?: (response: Response) => boolean;
}

/** Settings of one request. */
export interface RequestOptions {
  /** Aborts when the client has left. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The load balancer that a host injects: sends each request to the backend that the engine chooses, and writes the one
 * answer, or the one error, that comes of it.
 *
 * @example
 * ```ts
 * const loadbalancer = new Loadbalancer(httpService, [{ IPAddr: '10.0.0.1', Port: 8080 }], new LoggerService());
 * await loadbalancer.onRequest(request, responseWriter);
 * ```
 */
export class Loadbalancer implements ILoadBalancer {
  /** The engine: statistics, explanations, plans, and changes of the pool at run time. */
  readonly balancer: Balancer<Request>;
  readonly #httpService: HTTPService;
  readonly #logger: ILoggerService | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #timers: Timers;
  readonly #isFailure: (response: Response) => boolean;

  /**
   * @param backendPool - the pool; the array is followed, never changed
   * @throws TypeError or RangeError naming the argument, entry or option and its value
   */
  constructor(
    httpService: HTTPService,
    backendPool: readonly BackendPoolEntry[],
    loggerService: ILoggerService,
    options: LoadbalancerOptions = {},
  ) {
    if (typeof httpService?.sendRequest !== 'function')
      throw new TypeError('httpService must have a method sendRequest');
    checkTimeout(options.timeoutMs, 'timeoutMs');
    this.#httpService = httpService;
    this.#logger = loggerService;
    this.#timeoutMs = options.timeoutMs;
    this.#timers = options.env?.timers ?? systemEnv.timers;
    this.#isFailure = options.isFailure ?? isGatewayError;
    this.balancer = new Balancer(backendPool, { ...options, key: options.key ?? defaultKey(options) });
    this.balancer.subscribe((event) => {
      if (event.type === 'rejected') this.#log('warn', `${event.message}; the entry is skipped`);
    });
  }

  /**
   * Sends a request to the backend that is chosen for it before this method first waits, and writes what came of it: exactly one of
   * `writeResponse` and `writeError` is called, once.
   *
   * @returns a promise that settles when the answer has been written; it rejects only where the writer itself fails
   */
  async onRequest(
    request: Request,
    responseWriter: ResponseWriter,
    { signal }: RequestOptions = {},
  ): Promise<void> {
    const exchange = await this.#exchange(request, signal);
    try {
      // A writer may return a promise, though its contract does not ask for one.
      await (exchange.error === undefined
        ? responseWriter.writeResponse(exchange.response)
        : responseWriter.writeError(exchange.error));
    } finally {
      exchange.lease?.release(exchange.outcome);
    }
  }

  /** Gets one answer or one error; never rejects. */
  async #exchange(request: Request, signal: AbortSignal | undefined): Promise<Exchange> {
    let lease: Lease | undefined;
    try {
      if (signal?.aborted) throw abortError(signal);
      lease = this.balancer.acquire(request);
      if (lease === undefined) throw new NoBackendError();
      this.#logDecision(request, lease);
      const response = await this.#send(urlFor(lease.backend.url, request.path), request, signal);
      if (typeof response !== 'object' || response === null) {
        throw new UpstreamError(`the HTTP service resolved with ${String(response)} instead of a response`);
      }
      return {
        lease,
        response,
        error: undefined,
        outcome: this.#isFailure(response) ? 'failure' : 'success',
      };
    } catch (thrown) {
      return {
        lease,
        response: undefined,
        error: asError(thrown),
        outcome: signal?.aborted ? 'cancelled' : 'failure',
      };
    }
  }

  #send(url: string, request: Request, signal: AbortSignal | undefined): Promise<Response> {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs === undefined && signal === undefined) return this.#httpService.sendRequest(url, request);
    return withDeadline((aborted) => this.#httpService.sendRequest(url, request, { signal: aborted }), {
      signal,
      timeoutMs,
      timers: this.#timers,
    });
  }

  #logDecision({ method, path }: Request, { backend, spilled }: Lease): void {
    if (this.#logger?.debugEnabled === false) return;
    this.#log('debug', `${method} ${path} -> ${backend.id}${spilled ? ' (spilled)' : ''}`);
  }

  /** A logger that throws, or rejects, never breaks a request. */
  #log(level: 'debug' | 'warn', message: string): void {
    try {
      const pending: unknown = this.#logger?.log(level, message);
      if (pending instanceof Promise) pending.catch(() => {});
    } catch {
      // Nowhere is left to tell it.
    }
  }
}

/** What came of a request, before it is written. */
type Exchange = { readonly lease: Lease | undefined; readonly outcome: Outcome } & (
  | { readonly response: Response; readonly error: undefined }
  | { readonly response: undefined; readonly error: Error }
);

/** A backend's base URL followed by a path, with exactly one slash between them. */
function urlFor(base: string, path: string): string {
  return path === '' || path.startsWith('/') ? base + path : `${base}/${path}`;
}

function isGatewayError({ status }: Response): boolean {
  return status === 502 || status === 503 || status === 504;
}

function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new UpstreamError(`the HTTP service failed with ${shown(thrown)}, which is not an Error`, {
    cause: thrown,
  });
}

function defaultKey({ strategy }: LoadbalancerOptions): AffinityKey {
  const entry: StrategyEntry | undefined = typeof strategy === 'string' ? strategies[strategy] : undefined;
  return entry?.key === 'client-address' ? byClientAddress : byPath;
}
