// The errors that a request can end with.

/** The stable codes of {@link LoadbalancerError}. */
export type LoadbalancerErrorCode =
  | 'ERR_LB_BAD_REQUEST'
  | 'ERR_LB_NO_BACKEND'
  | 'ERR_LB_UPSTREAM'
  | 'ERR_LB_TIMEOUT'
  | 'ERR_LB_CANCELLED'
  | 'ERR_LB_RATE_LIMITED'
  | 'ERR_LB_OVERLOADED';

/** An attempt to send a request to a backend. */
export interface Attempt {
  /** Id of the backend. */
  readonly backend: string;
  /** Why the attempt failed, in words. */
  readonly reason: string;
}

/** Optional details of an error. */
export interface LoadbalancerErrorOptions {
  readonly cause?: unknown;
  /**
   * `false` guarantees that nothing was sent. Then the request may go to another backend, whatever its
   * method.
   */
  readonly requestSent?: boolean;
  readonly attempts?: readonly Attempt[];
}

/** The base class of all errors that a request can end with. */
export class LoadbalancerError extends Error {
  /**
   * Identifies the class in all copies of evenkeel, as a process may load both the ES module and the CommonJS
   * build.
   */
  protected static readonly brand: string = 'evenkeel.LoadbalancerError';
  readonly code: LoadbalancerErrorCode;
  /** The HTTP status for a response (RFC 9110 section 15). */
  readonly status: number;
  /** The failed attempts in their order; empty if there was none. */
  readonly attempts: readonly Attempt[];
  /** `false` if it is certain that nothing was sent; `undefined` if it is not known. */
  readonly requestSent: boolean | undefined;

  constructor(
    code: LoadbalancerErrorCode,
    status: number,
    message: string,
    { cause, attempts = [], requestSent }: LoadbalancerErrorOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.status = status;
    this.attempts = attempts;
    this.requestSent = requestSent;
  }

  /** Recognises errors of another copy of evenkeel, too. O(depth of the class). */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: `this` is the subclass that was asked for
    return isBranded(value, this);
  }
}

/**
 * Whether a value is an `Error`, of this realm or of another one: under Jest, errors of Node.js are of
 * another realm than the tests.
 */
export function isError(value: unknown): value is Error {
  if (value instanceof Error) return true;
  try {
    return /^\[object (?:Error|DOMException)\]$/.test(Object.prototype.toString.call(value));
  } catch {
    // A getter of the value threw.
    return false;
  }
}

/**
 * Whether a value is an instance of a class, or of a class with the same brand. It calls no getter of the
 * value.
 */
function isBranded(value: unknown, kind: { readonly prototype: object }): boolean {
  if (Object.prototype.isPrototypeOf.call(kind.prototype, value as object)) return true;
  const brand = brandOf(kind);
  if (brand === undefined || typeof value !== 'object' || value === null) return false;
  for (let parent = Object.getPrototypeOf(value); parent !== null; parent = Object.getPrototypeOf(parent))
    if (brandOf(Object.getOwnPropertyDescriptor(parent, 'constructor')?.value) === brand) return true;
  return false;
}

/** The brand of a class itself; `undefined` for a subclass that declares none. */
function brandOf(kind: unknown): unknown {
  return typeof kind === 'function' ? Object.getOwnPropertyDescriptor(kind, 'brand')?.value : undefined;
}

/**
 * The request cannot be sent as it is: its URL, method or a header is invalid, for example, or a GET has a
 * payload. No backend is to blame, and no other backend is tried. Status 400.
 */
export class BadRequestError extends LoadbalancerError {
  protected static override readonly brand: string = 'evenkeel.BadRequestError';
  /** Tells the load balancer that the request was rejected, as any error of an HTTP service may. */
  readonly requestRejected = true;

  constructor(message: string, options?: LoadbalancerErrorOptions) {
    super('ERR_LB_BAD_REQUEST', 400, message, { ...options, requestSent: false });
  }
}

/**
 * No backend may serve the request: the pool is empty, or every backend is unavailable or was already tried.
 * Status 503.
 */
export class NoBackendError extends LoadbalancerError {
  protected static override readonly brand: string = 'evenkeel.NoBackendError';

  constructor(message = 'no backend is available', options?: LoadbalancerErrorOptions) {
    super('ERR_LB_NO_BACKEND', 503, message, options);
  }
}

/**
 * The backend failed. The `cause` is the original error, or the thrown value that is not an `Error`. Status
 * 502.
 */
export class UpstreamError extends LoadbalancerError {
  protected static override readonly brand: string = 'evenkeel.UpstreamError';

  constructor(message: string, options?: LoadbalancerErrorOptions) {
    super('ERR_LB_UPSTREAM', 502, message, options);
  }
}

/** The backend did not respond in time. Status 504. */
export class UpstreamTimeoutError extends LoadbalancerError {
  protected static override readonly brand: string = 'evenkeel.UpstreamTimeoutError';

  constructor(message: string, options?: LoadbalancerErrorOptions) {
    super('ERR_LB_TIMEOUT', 504, message, options);
  }
}

/** The client left before it got the response. Status 499, as in nginx's logs; it is never sent. */
export class CancelledError extends LoadbalancerError {
  protected static override readonly brand: string = 'evenkeel.CancelledError';

  constructor(message = 'the client cancelled the request', options?: LoadbalancerErrorOptions) {
    super('ERR_LB_CANCELLED', 499, message, options);
  }
}

/** The client sent too many requests. Status 429. */
export class RateLimitedError extends LoadbalancerError {
  protected static override readonly brand: string = 'evenkeel.RateLimitedError';
  /** Milliseconds after which a request may succeed. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, message = 'too many requests', options?: LoadbalancerErrorOptions) {
    super('ERR_LB_RATE_LIMITED', 429, message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Every backend is at its limit, and the queue is full or the wait in it was too long. Status 503. */
export class OverloadedError extends LoadbalancerError {
  protected static override readonly brand: string = 'evenkeel.OverloadedError';
  /** Milliseconds after which a request may succeed. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, message = 'every backend is busy', options?: LoadbalancerErrorOptions) {
    super('ERR_LB_OVERLOADED', 503, message, options);
    this.retryAfterMs = retryAfterMs;
  }
}
