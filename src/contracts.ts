// The types that hosts implement and pass in: requests, responses, HTTP service, response writer and pool
// entries.

/** A request of a client. evenkeel passes the same object on to the {@link HTTPService}. */
export interface Request {
  id: string;
  /** Path with query, for example `/products/7?lang=en`. It is appended to the backend's base URL. */
  path: string;
  method: string;
  payload: string;
  headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The client's IP address, if the host knows it. */
  clientAddress?: string;
}

/** A response of a backend. evenkeel passes the same object on to the {@link ResponseWriter}. */
export interface Response {
  status: number;
  data: string;
  headers?: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * The third argument of an {@link HTTPService}, passed only if the host configured a timeout or passed a
 * signal.
 */
export interface SendOptions {
  /** Aborts when the client leaves or the time is up. */
  readonly signal: AbortSignal;
  /** The id of the backend; set for health checks alone. */
  readonly backend?: string;
}

/** Sends a request to a backend. The host implements it. */
export interface HTTPService {
  /**
   * The error of a rejection may have the property `requestSent: false`. It guarantees that nothing was sent,
   * for example because the connection was refused. Then failover may send even a POST to another backend.
   * Or it may have the property `requestRejected: true`: the request cannot be sent as it is, to whichever
   * backend. Then it is not retried, and does not count against the backend.
   *
   * @param url - the backend's base URL followed by the request's path
   * @param request - the object that was passed to `onRequest`
   * @param options - passed only if the host configured a timeout or passed a signal
   */
  sendRequest(url: string, request: Request, options?: SendOptions): Promise<Response>;
}

/**
 * Receives the response to one request. The host implements it. A method may return a promise, which evenkeel
 * awaits.
 */
export interface ResponseWriter {
  /**
   * Writes the response that the {@link HTTPService} resolved with. Either this or `writeError` is called,
   * exactly once.
   */
  writeResponse(response: Response): void;
  /**
   * Adds a header to the response. Called before `writeResponse` or `writeError`, only by options such as
   * sessions or a rate limit.
   */
  writeHeader(header: string, value: string): void;
  /**
   * Writes an error instead of a response: an error of evenkeel with an HTTP `status`, or the error of the
   * {@link HTTPService}.
   */
  writeError(error: Error): void;
}

/** Optional properties of a pool entry, in every form but the URL string. */
export interface BackendTraits {
  /**
   * Stable name of the backend, from which its points on the ring are computed.
   * @defaultValue the base URL
   */
  id?: string;
  /**
   * Share of the load relative to the other backends, from 0 (none) to 1,000; need not be an integer.
   * @defaultValue 1
   */
  weight?: number;
  /** The availability zone of the backend, for example `eu-west-1a`. */
  zone?: string;
  /** Whether the backend gets requests only if no other backend can serve them. @defaultValue false */
  backup?: boolean;
  /**
   * How many requests the backend can work on at once for this balancer, an integer from 1 to 1,000,000. With
   * fewer in flight it is never at the limit that the bound on requests in flight sets. With several
   * balancers, give each its part.
   * @defaultValue what the backend reports, else `bounds.concurrency` of the balancer, which is 1
   */
  concurrency?: number;
}

/** A backend in the native form: the base URL is `http://IPAddr:Port`. IPv6 addresses and host names work. */
export interface BackendServiceInfo extends BackendTraits {
  IPAddr: string;
  Port: number;
}

/** A backend by its base URL (`http:` or `https:`); a path prefix is kept. */
export interface UrlBackend extends BackendTraits {
  url: string;
}

/**
 * A backend by host and port; `URL`, `node:http` and `server.address()` each have a name of their own for the
 * host.
 */
export type HostBackend = BackendTraits &
  ({ host: string } | { hostname: string } | { address: string }) & {
    /** From 1 to 65,535; also as text, as environment variables have it. */
    port: number | string;
    /** @defaultValue `'http'` */
    protocol?: 'http' | 'https';
  };

/** Any accepted form of a backend. A string is its base URL, or `host:port`. */
export type BackendPoolEntry = BackendServiceInfo | UrlBackend | HostBackend | URL | string;

/**
 * The pool of backends. evenkeel never changes the array, but follows it: a backend that is added to it or
 * removed from it is noticed at the next request; a replaced entry is not used from then on, and other
 * changes of entries are noticed within as many requests as there are entries, or 8.
 */
export type BackendPool = BackendPoolEntry[];

/** A pool to begin with, for examples and tests: four backends on a private network. */
export const BackendPool: BackendServiceInfo[] = [2, 3, 4, 5].map((host) => ({
  IPAddr: `192.168.1.${host}`,
  Port: 8080,
}));

/** The interface of the load balancer. */
export interface ILoadBalancer {
  /** @returns a promise that settles when the response was written */
  onRequest(request: Request, responseWriter: ResponseWriter): Promise<void>;
}
