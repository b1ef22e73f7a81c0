// The arguments of `fetch`, in a form that can be sent to any backend.

import type { Request } from '../../index.ts';

/** The origin of relative URLs, as the backend is not chosen yet. */
export const NO_ORIGIN = 'http://backend.invalid';

/** `duplex` is missing in TypeScript's web types. */
const streaming = { duplex: 'half' } as RequestInit;

/** The properties of a `Request` that servers can use. */
const FIELDS = [
  'method',
  'headers',
  'body',
  'signal',
  'redirect',
  'credentials',
  'cache',
  'integrity',
  'keepalive',
  'referrer',
  'referrerPolicy',
] as const;

/** The arguments of `fetch`, read once. They can be sent to any backend, and affinity keys can read them. */
export class OutgoingRequest implements Request {
  readonly id = '';
  readonly payload = '';
  readonly path: string;
  readonly method: string;
  readonly clientAddress?: string;
  /** Whether the body is in memory, so that it can be sent again. */
  readonly canRepeat: boolean;
  /** The signal of the caller. */
  readonly signal: AbortSignal | undefined;
  readonly #init: RequestInit;
  readonly #headers: Headers;
  #hasBodyFailed = false;
  #record: Record<string, string> | undefined;

  /** @throws TypeError if the request is invalid for every backend */
  constructor(input: string | URL | globalThis.Request, init: RequestInit = {}, clientAddress?: string) {
    if (clientAddress !== undefined) this.clientAddress = clientAddress;
    const isRequest = typeof input === 'object' && 'method' in input;
    const url = new URL(isRequest ? input.url : input, NO_ORIGIN);
    if (!/^https?:$/.test(url.protocol))
      throw new TypeError(`the URL must begin with http: or https:, got ${url.protocol}`);
    this.path = url.pathname + url.search;
    const { signal, ...own } = { ...(isRequest ? fieldsOf(input) : {}), ...membersOf(init) };
    const body = own.body ?? undefined;
    this.canRepeat = body === undefined || !isStream(body);
    // Find mistakes now. Later `fetch` would report them as if the chosen backend had failed.
    const checked = new globalThis.Request(NO_ORIGIN, { ...own, body: body === undefined ? null : '' });
    this.method = checked.method;
    this.#headers = new Headers(own.headers);
    this.signal = signal ?? undefined;
    // `fetch` sends a stream only with `duplex`.
    this.#init = this.canRepeat ? own : { ...streaming, ...own, body: this.#watched(body) };
  }

  /** By name, in lower case. */
  get headers(): Record<string, string> {
    this.#record ??= Object.fromEntries(this.#headers);
    return this.#record;
  }

  /** Whether the stream of the request body failed. */
  get hasBodyFailed(): boolean {
    return this.#hasBodyFailed;
  }

  /** The second argument of `fetch`. */
  init(signal: AbortSignal): RequestInit {
    return { ...this.#init, signal };
  }

  #watched(body: RequestInit['body']): BodyInit | null {
    if (!(body instanceof ReadableStream)) {
      // Async iterables: every `fetch` but that of browsers accepts them, but no type declares it.
      return this.#watchedSource(body as unknown as AsyncIterable<unknown>) as unknown as BodyInit;
    }
    const reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> = body.getReader();
    reader.closed.catch(() => {
      this.#hasBodyFailed = true;
    });
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    };
    return new ReadableStream({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 });
  }

  async *#watchedSource(source: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    try {
      yield* source;
    } catch (error) {
      this.#hasBodyFailed = true;
      throw error;
    }
  }
}

function fieldsOf(request: globalThis.Request): RequestInit {
  // Some platforms lack some of the properties.
  return Object.fromEntries(
    FIELDS.flatMap((field) => (request[field] == null ? [] : [[field, request[field]]])),
  ) as RequestInit;
}

/**
 * The properties of an `init` that are set. A property that is `undefined`, or a body that is `null`, counts
 * as not set, and the value of the `Request` stands. A `Request` may itself be the `init`; its properties are
 * not its own, so they are listed.
 */
function membersOf(init: RequestInit): RequestInit {
  const members = [...FIELDS.map((field) => [field, init[field]] as const), ...Object.entries(init)];
  return Object.fromEntries(
    members.filter(([name, value]) => value !== undefined && !(name === 'body' && value === null)),
  );
}

/** Whether a body can be read only once: a stream or an async iterable. */
function isStream(body: NonNullable<RequestInit['body']>): boolean {
  return typeof body === 'object' && (body instanceof ReadableStream || Symbol.asyncIterator in body);
}
