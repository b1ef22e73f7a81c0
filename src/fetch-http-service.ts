// An HTTP service over the platform's `fetch`.

import type { HTTPService, Request, Response, SendOptions } from './contracts.ts';
import { withDeadline } from './deadline.ts';
import { systemEnv, type Timers } from './env.ts';
import { BadRequestError, isError, LoadbalancerError, UpstreamError } from './errors.ts';
import { codingsOf, isDecoded } from './http/codings.ts';
import { failureKind } from './http/failure-kind.ts';
import { HOP_HEADERS, listedNames } from './http/header-roles.ts';
import { isToken } from './http/token.ts';
import { isAggregate, isUnsent } from './http/unsent.ts';
import { parsedUrl } from './http/url.ts';
import { bag, checkBag } from './options/bag.ts';
import { aTimers } from './options/env-bag.ts';
import { aFunction, aTimeout } from './options/rule.ts';
import { shown } from './shown.ts';

/** Settings of {@link FetchHTTPService}. */
export interface FetchHTTPServiceOptions {
  /** Time limit for a complete response with its body, in milliseconds, above 0. @defaultValue 30,000 */
  readonly timeoutMs?: number;
  /** @defaultValue the platform's `fetch` */
  readonly fetch?: typeof fetch;
  /** @defaultValue the platform's timers */
  readonly timers?: Timers;
}

const OPTIONS = bag<FetchHTTPServiceOptions>({ timeoutMs: aTimeout, fetch: aFunction, timers: aTimers });

/** Request headers that are not sent: those of one connection, and those that `fetch` sets itself. */
const OWN_HEADERS = new Set([...HOP_HEADERS, 'accept-encoding', 'content-length', 'expect', 'host']);

/**
 * Response headers that are not passed on: those of one connection, and those of the encoded body, as `fetch`
 * decodes it.
 */
const NOT_PASSED_ON = new Set([...HOP_HEADERS, 'content-encoding', 'content-length', 'set-cookie']);

/**
 * An {@link HTTPService} over the platform's `fetch`. It passes on method, payload and headers, except
 * headers of one connection. Redirects are passed on, not followed. The body is read as UTF-8 text.
 */
export class FetchHTTPService implements HTTPService {
  readonly #timeoutMs: number;
  readonly #fetch: typeof fetch;
  readonly #timers: Timers;

  /** @throws TypeError or RangeError that names the option and its value */
  constructor(options: FetchHTTPServiceOptions = {}) {
    checkBag(options, OPTIONS, '', 'FetchHTTPService');
    const { timeoutMs = 30_000, fetch = globalThis.fetch, timers = systemEnv.timers } = options;
    this.#timeoutMs = timeoutMs;
    this.#fetch = fetch;
    this.#timers = timers;
  }

  /**
   * @throws BadRequestError if the request cannot be sent: its URL, method or a header is invalid, or a GET
   * or HEAD has a payload
   * @throws UpstreamTimeoutError if the time is up
   * @throws UpstreamError with the `cause` if the exchange failed
   * @throws the reason of the signal if the client left
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
      const response = await this.#fetch.call(undefined, url, init);
      const codings = codingsOf(response.headers.get('content-encoding'));
      const unknown = codings.find((coding) => !isDecoded(coding));
      if (unknown !== undefined) {
        await response.body?.cancel();
        throw new TypeError(`the content coding of the body must be gzip, deflate or br, got ${unknown}`);
      }
      return {
        status: response.status,
        data: await response.text(),
        headers: incomingHeaders(response.headers),
      };
    } catch (error) {
      if (init.signal?.aborted || error instanceof LoadbalancerError) throw error;
      if (failureKind(error) === 'unsendable')
        throw new BadRequestError(`${init.method} ${url} cannot be sent: ${reasonOf(error)}`, {
          cause: error,
        });
      const unsent = isUnsent(error) ? { requestSent: false } : {};
      throw new UpstreamError(`${init.method} ${url} failed: ${reasonOf(error)}`, {
        cause: error,
        ...unsent,
      });
    }
  }
}

function outgoingRequest(url: string, { method, payload, headers }: Request): RequestInit {
  if (!/^https?:$/.test(parsedUrl(url)?.protocol ?? ''))
    throw new BadRequestError(`url must be an absolute http or https URL, got ${shown(url)}`);
  if (!isToken(method)) throw new BadRequestError(`method must be an HTTP method, got ${shown(method)}`);
  if (
    payload !== undefined &&
    payload !== null &&
    typeof payload !== 'string' &&
    !ArrayBuffer.isView(payload)
  )
    throw new BadRequestError(
      `payload must be a string, got ${shown(payload)}; did you mean JSON.stringify(payload)?`,
    );
  const bodiless = /^(get|head)$/i.test(method);
  if (bodiless && payload)
    throw new BadRequestError(
      `payload must be empty for ${method}, as fetch cannot send one, got ${payload.length} characters`,
    );
  try {
    const checked = new globalThis.Request(url, { method, headers: outgoingHeaders(headers) });
    return { method, headers: checked.headers, redirect: 'manual', ...(payload ? { body: payload } : {}) };
  } catch (error) {
    if (error instanceof BadRequestError) throw error;
    throw new BadRequestError(`${method} ${url} cannot be sent: ${reasonOf(error)}`, { cause: error });
  }
}

function checkHeader(name: string, value: unknown): void {
  if (!isToken(name)) throw new BadRequestError(`a header name must be a token, got ${shown(name)}`);
  if (typeof value !== 'string' || /[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new BadRequestError(`header ${name} must be printable Latin-1 text, got ${shown(value)}`);
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

/** The message of the innermost cause, as `fetch` itself only says "fetch failed". */
function reasonOf(error: unknown): string {
  if (!isError(error)) return String(error);
  if (isError(error.cause)) return reasonOf(error.cause);
  // A host name with several addresses fails with one error for each address.
  if (isAggregate(error)) return error.errors.map(reasonOf).join('; ');
  return error.message || error.name;
}
