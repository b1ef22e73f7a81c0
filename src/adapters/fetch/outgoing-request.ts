import type { Request } from '../../index.ts';

/** Stands for whatever backend will be chosen. */
export const NO_ORIGIN = 'http://backend.invalid';

/** TypeScript's libraries for the web do not know it. */
const streaming = { duplex: 'half' } as RequestInit;

/** What a `Request` says of how it is to be sent, as far as a server may say it. */
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

/** The arguments of `fetch`, read once, so that they can be sent to any backend, and looked at by affinity keys. */
export class OutgoingRequest implements Request {
  readonly id = '';
  readonly payload = '';
  readonly path: string;
  readonly method: string;
  readonly clientAddress?: string;
  /** Whether the body is all here, so that it can be sent again. */
  readonly canRepeat: boolean;
  /** Of the caller. */
  readonly signal: AbortSignal | undefined;
  readonly #init: RequestInit;
  readonly #headers: Headers;
  #hasBodyFailed = false;
  #record: Record<string, string> | undefined;

  /** @throws TypeError where it cannot be sent to anybody */
  constructor(input: string | URL | globalThis.Request, init: RequestInit = {}, clientAddress?: string) {
    if (clientAddress !== undefined) this.clientAddress = clientAddress;
    const isRequest = typeof input === 'object' && 'method' in input;
    const url = new URL(isRequest ? input.url : input, NO_ORIGIN);
    if (!/^https?:$/.test(url.protocol))
      throw new TypeError(`the URL must be of http or https, got ${url.protocol}`);
    this.path = url.pathname + url.search;
    const { signal, ...own } = { ...(isRequest ? fieldsOf(input) : {}), ...membersOf(init) };
    const body = own.body ?? undefined;
    this.canRepeat = body === undefined || !isStream(body);
    // `fetch` would find a mistake only after a backend was chosen, and it would look like that one's failure.
    const checked = new globalThis.Request(NO_ORIGIN, { ...own, body: body === undefined ? null : '' });
    this.method = checked.method;
    this.#headers = new Headers(own.headers);
    this.signal = signal ?? undefined;
    // Without `duplex` no stream can be sent.
    this.#init = this.canRepeat ? own : { ...streaming, ...own, body: this.#watched(body) };
  }

  /** By name in lower case. */
  get headers(): Record<string, string> {
    this.#record ??= Object.fromEntries(this.#headers);
    return this.#record;
  }

  /** Whether the stream that is the body was what failed. */
  get hasBodyFailed(): boolean {
    return this.#hasBodyFailed;
  }

  /** What `fetch` gets. */
  init(signal: AbortSignal): RequestInit {
    return { ...this.#init, signal };
  }

  #watched(body: RequestInit['body']): BodyInit | null {
    if (!(body instanceof ReadableStream)) {
      // What every `fetch` but that of browsers takes, and no type knows.
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
  // Platforms do not know all of them.
  return Object.fromEntries(
    FIELDS.flatMap((field) => (request[field] == null ? [] : [[field, request[field]]])),
  ) as RequestInit;
}

/**
 * What an `init` says. One that is `undefined`, or a body that is `null`, says nothing: what a `Request` says stands. A `Request` may itself
 * be the `init`, and has nothing of its own.
 */
function membersOf(init: RequestInit): RequestInit {
  const members = [...FIELDS.map((field) => [field, init[field]] as const), ...Object.entries(init)];
  return Object.fromEntries(
    members.filter(([name, value]) => value !== undefined && !(name === 'body' && value === null)),
  );
}

/** A stream, or what else can be read only once. */
function isStream(body: NonNullable<RequestInit['body']>): boolean {
  return typeof body === 'object' && (body instanceof ReadableStream || Symbol.asyncIterator in body);
}
