/** A request as the host hands it in. evenkeel passes this very object on to the {@link HTTPService}. */
export interface Request {
  id: string;
  /** Path with its query, for example `/products/7?lang=en`; added to the backend's base URL. */
  path: string;
  method: string;
  payload: string;
  headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The client's IP address, where the host knows it. */
  clientAddress?: string;
}

/** A backend's answer, passed on to the {@link ResponseWriter} as the very object that came. */
export interface Response {
  status: number;
  data: string;
  headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** What an {@link HTTPService} gets as its third argument, where the host configured a timeout or passed a signal. */
export interface SendOptions {
  /** Aborts when the client left or the time is up. */
  readonly signal: AbortSignal;
}

/** Sends one request to one backend. The host injects it. */
export interface HTTPService {
  /**
   * An error that it rejects with may have the property `requestSent: false`: it vouches that nothing was sent (connection refused, name
   * not found), so that failover may send even a POST to another backend.
   *
   * @param url - the backend's base URL followed by the request's path
   * @param request - the very object that was given to `onRequest`
   * @param options - left out unless the host configured a timeout or passed a signal
   */
  sendRequest(url: string, request: Request, options?: SendOptions): Promise<Response>;
}

/** Takes the one answer of a request. A method may return a promise: evenkeel waits for it. */
export interface ResponseWriter {
  /** Takes the answer: the very object that the {@link HTTPService} resolved with. Either this or `writeError` is called, once. */
  writeResponse(response: Response): void;
  /** Takes a header that goes out beside the answer or the error, before it. Only options such as sessions or a rate limit write any. */
  writeHeader(header: string, value: string): void;
  /** Takes what stands in place of an answer: an error of evenkeel, with the `status` that fits, or what the {@link HTTPService} failed with. */
  writeError(error: Error): void;
}

/** What every form of a pool entry but the URL string may carry. */
export interface BackendTraits {
  /** Stable name of the backend; decides its points on the ring. @defaultValue the base URL */
  id?: string;
  /** Share of the load relative to the others, from 0 (none) to 1,000; fractions are fine. @defaultValue 1 */
  weight?: number;
  /** Where the backend stands, for example `eu-west-1a`. */
  zone?: string;
  /** Serves only when no other backend can. @defaultValue false */
  backup?: boolean;
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

/** A backend by host and port. */
export interface HostBackend extends BackendTraits {
  host: string;
  port: number;
  /** @defaultValue `'http'` */
  protocol?: 'http' | 'https';
}

/** Any accepted form of a backend; a string is its base URL. */
export type BackendPoolEntry = BackendServiceInfo | UrlBackend | HostBackend | string;

/**
 * The pool of backends. The array stays the caller's: what is pushed to it, or removed from it, later is
 * noticed at the next request.
 */
export type BackendPool = BackendPoolEntry[];

/** The class that balances, as its callers see it. */
export interface ILoadBalancer {
  /** @returns a promise that settles when the answer has been written */
  onRequest(request: Request, responseWriter: ResponseWriter): Promise<void>;
}
