import type { HTTPService, Request, Response, SendOptions } from './contracts.ts';
import { checkTimeout, withDeadline } from './deadline.ts';
import { systemEnv, type Timers } from './env.ts';
import { LoadbalancerError, UpstreamError } from './errors.ts';
import { shown } from './shown.ts';

/** Settings of {@link FetchHTTPService}. */
export interface FetchHTTPServiceOptions {
  /** Milliseconds for a whole answer, its body included, above 0. @defaultValue 30,000 */
  readonly timeoutMs?: number;
  /** @defaultValue the platform's `fetch` */
  readonly fetch?: typeof fetch;
  /** @defaultValue the platform's timers */
  readonly timers?: Timers;
}

/** Headers that speak of one connection (RFC 9110 section 7.6.1), or that `fetch` works out by itself. */
const HOP_HEADERS = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
const OWN_HEADERS = new Set([...HOP_HEADERS, 'accept-encoding', 'content-length', 'expect', 'host']);

/** What `fetch` undoes when it decodes a body. */
const NOT_PASSED_ON = new Set([...HOP_HEADERS, 'content-encoding', 'content-length', 'set-cookie']);
/** The codings that every `fetch` decodes. */
const KNOWN_CODINGS = /^(x-)?gzip$|^deflate$|^br$/;

/**
 * An {@link HTTPService} over the platform's `fetch`. Method, payload and headers go through, but for those that speak of one
 * connection; redirects are passed on, not followed; the body is read as text in UTF-8.
 */
export class FetchHTTPService implements HTTPService {
  readonly #timeoutMs: number;
  readonly #fetch: typeof fetch;
  readonly #timers: Timers;

  /** @throws RangeError where `timeoutMs` is out of range */
  constructor({
    timeoutMs = 30_000,
    fetch = globalThis.fetch,
    timers = systemEnv.timers,
  }: FetchHTTPServiceOptions = {}) {
    checkTimeout(timeoutMs, 'timeoutMs');
    this.#timeoutMs = timeoutMs;
    this.#fetch = fetch;
    this.#timers = timers;
  }

  /**
   * @throws TypeError where the request cannot be sent as it is (a bad URL, method or header; GET or HEAD with a payload)
   * @throws UpstreamTimeoutError when the time is up, UpstreamError with the `cause` where the exchange failed, the signal's
   * reason when the client left
   */
  async sendRequest(url: string, request: Request, options?: SendOptions): Promise<Response> {
    const outgoing = outgoingRequest(url, request);
    return withDeadline((signal) => this.#exchange(url, { ...outgoing, signal }), {
      signal: options?.signal,
      timeoutMs: this.#timeoutMs,
      timers: this.#timers,
    });
  }

  async #exchange(url: string, init: RequestInit): Promise<Response> {
    try {
      const answer = await this.#fetch.call(undefined, url, init);
      const codings = (answer.headers.get('content-encoding') ?? '')
        .split(',')
        .map((one) => one.trim().toLowerCase());
      const unknown = codings.find((one) => one !== '' && one !== 'identity' && !KNOWN_CODINGS.test(one));
      if (unknown !== undefined) {
        await answer.body?.cancel();
        throw new TypeError(`its body is coded as ${unknown}, which fetch does not decode`);
      }
      return { status: answer.status, data: await answer.text(), headers: incomingHeaders(answer.headers) };
    } catch (error) {
      if (init.signal?.aborted || error instanceof LoadbalancerError) throw error;
      const unsent = isUnsent(error) ? { requestSent: false } : {};
      throw new UpstreamError(`${init.method} ${url} failed: ${reasonOf(error)}`, {
        cause: error,
        ...unsent,
      });
    }
  }
}

/** Codes of Node's errors that come before the first byte: no connection, no name. */
const UNSENT_CODES = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether it is sure that nothing was sent. Where several addresses were tried, all of them must say so. */
function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isUnsent);
  if (UNSENT_CODES.has((error as { code?: string }).code ?? '')) return true;
  return error.cause !== undefined && isUnsent(error.cause);
}

function outgoingRequest(url: string, { method, payload, headers }: Request): RequestInit {
  if (!URL.canParse(url) || !/^https?:/i.test(new URL(url).protocol))
    throw new TypeError(`url must be an absolute http or https URL, got ${shown(url)}`);
  if (typeof method !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(method))
    throw new TypeError(`method must be an HTTP method, got ${shown(method)}`);
  const bodiless = /^(get|head)$/i.test(method);
  if (bodiless && payload)
    throw new TypeError(
      `a ${method} request cannot carry a payload through fetch, got ${payload.length} characters`,
    );
  try {
    const checked = new globalThis.Request(url, { method, headers: outgoingHeaders(headers) });
    return { method, headers: checked.headers, redirect: 'manual', ...(payload ? { body: payload } : {}) };
  } catch (error) {
    throw new TypeError(`${method} ${url} cannot be sent: ${reasonOf(error)}`, { cause: error });
  }
}

/** The names that a connection header lists: they speak of that connection, too. */
function listedBy(connection: string): Set<string> {
  return new Set(
    connection
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter(Boolean),
  );
}

function checkHeader(name: string, value: unknown): void {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
    throw new TypeError(`a header's name must be a token, got ${shown(name)}`);
  if (typeof value !== 'string' || /[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new TypeError(`header ${name} must be printable Latin-1 text, got ${shown(value)}`);
}

function outgoingHeaders(headers: Request['headers'] = {}): [string, string][] {
  const listed = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'connection');
  const dropped = listedBy(listed.flatMap(([, value]) => value ?? []).join(','));
  return Object.entries(headers).flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (value === undefined || OWN_HEADERS.has(lower) || dropped.has(lower)) return [];
    return (Array.isArray(value) ? value : [value]).map((one): [string, string] => {
      checkHeader(name, one);
      return [name, one];
    });
  });
}

function incomingHeaders(headers: Headers): Record<string, string | readonly string[]> {
  const cookies = headers.getSetCookie();
  const listed = listedBy(headers.get('connection') ?? '');
  const others = [...headers].filter(([name]) => !NOT_PASSED_ON.has(name) && !listed.has(name));
  return { ...Object.fromEntries(others), ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) };
}

/** The innermost reason: `fetch` says only "fetch failed" and hides the rest in causes. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  // A name with several addresses fails with an error for each, and no message.
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(reasonOf).join('; ');
  return error.message || error.name;
}
