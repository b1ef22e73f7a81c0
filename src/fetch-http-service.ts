import type { HTTPService, Request, Response, SendOptions } from './contracts.ts';
import { checkTimeout, withDeadline } from './deadline.ts';
import { systemEnv, type Timers } from './env.ts';
import { LoadbalancerError, UpstreamError } from './errors.ts';
import { codingsOf, isDecoded } from './http/codings.ts';
import { HOP_HEADERS, listedNames } from './http/header-roles.ts';
import { isToken } from './http/token.ts';
import { isUnsent } from './http/unsent.ts';
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

/** Headers of one connection alone, and those that `fetch` works out by itself. */
const OWN_HEADERS = new Set([...HOP_HEADERS, 'accept-encoding', 'content-length', 'expect', 'host']);

/** What `fetch` undoes when it decodes a body. */
const NOT_PASSED_ON = new Set([...HOP_HEADERS, 'content-encoding', 'content-length', 'set-cookie']);

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
      const codings = codingsOf(answer.headers.get('content-encoding'));
      const unknown = codings.find((coding) => !isDecoded(coding));
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

function outgoingRequest(url: string, { method, payload, headers }: Request): RequestInit {
  if (!URL.canParse(url) || !/^https?:/i.test(new URL(url).protocol))
    throw new TypeError(`url must be an absolute http or https URL, got ${shown(url)}`);
  if (!isToken(method)) throw new TypeError(`method must be an HTTP method, got ${shown(method)}`);
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

function checkHeader(name: string, value: unknown): void {
  if (!isToken(name)) throw new TypeError(`a header's name must be a token, got ${shown(name)}`);
  if (typeof value !== 'string' || /[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new TypeError(`header ${name} must be printable Latin-1 text, got ${shown(value)}`);
}

function outgoingHeaders(headers: Request['headers'] = {}): [string, string][] {
  const listed = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'connection');
  const dropped = listedNames(listed.flatMap(([, value]) => value ?? []).join(',')) ?? [];
  return Object.entries(headers).flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (value === undefined || OWN_HEADERS.has(lower) || dropped.includes(lower)) return [];
    return (Array.isArray(value) ? value : [value]).map((one): [string, string] => {
      checkHeader(name, one);
      return [name, one];
    });
  });
}

function incomingHeaders(headers: Headers): Record<string, string | readonly string[]> {
  const cookies = headers.getSetCookie();
  const listed = listedNames(headers.get('connection') ?? '') ?? [];
  const others = [...headers].filter(([name]) => !NOT_PASSED_ON.has(name) && !listed.includes(name));
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
