import { Readable } from 'node:stream';
import type { BodySource } from '../../src/http1/body-source.ts';
import { type RequestBody, StreamBody } from '../../src/message/body.ts';
import type { Client } from '../../src/message/client.ts';
import { ClientConnection } from '../../src/message/client-connection.ts';
import type { HttpVersion } from '../../src/message/request-head.ts';
import { trustedProxies } from '../../src/message/trusted-proxies.ts';
import { BackendFailure } from '../../src/upstream/backend-failure.ts';
import type { BackendCall, BackendMessage, ResponseEvents } from '../../src/upstream/connections.ts';

/** A body as a stream, which is read only when it is wanted. */
export class SourceStream extends Readable {
  readonly #source: BodySource;
  #isOpen = false;

  constructor(source: BodySource | undefined) {
    super({ highWaterMark: 65_536 });
    this.#source = source as BodySource;
  }

  override _read(): void {
    if (this.#isOpen) {
      this.#source.resume();
      return;
    }
    this.#isOpen = true;
    this.#source.open({
      data: (chunk) => {
        if (!this.push(chunk)) this.#source.pause();
      },
      end: () => void this.push(null),
      failed: (error) => void this.destroy(error),
    });
  }
}

/** A client that notes what it gets. */
export class FakeClient implements Client {
  readonly connection = new ClientConnection('192.0.2.1', false, trustedProxies([]));
  version: HttpVersion = '1.1';
  method = 'GET';
  target = '/path?query';
  rawHeaders: string[] = ['Host', 'a.test'];
  body: Readable | undefined;
  isComplete = true;
  isBlocked = false;
  isWaiting = false;
  /** `head 200`, `write abc`, `end abc`, `abort` and the like, in order. */
  readonly calls: string[] = [];
  headers: string[] = [];
  trailers: string[] | undefined;
  /** What `writeHead` throws. */
  refusesHead: Error | undefined;

  constructor(
    overrides: Partial<Pick<FakeClient, 'version' | 'method' | 'target' | 'rawHeaders' | 'body'>> = {},
  ) {
    Object.assign(this, overrides);
  }

  bodyFor(): RequestBody | undefined {
    return this.body && new StreamBody(this.body, () => this.isComplete);
  }

  askForBody(): void {
    this.calls.push('ask');
  }

  writeInterim(status: number, headers: string[]): void {
    this.calls.push(`interim ${status} ${headers.join(' ')}`.trim());
  }

  writeHead(status: number, _statusText: string, headers: string[]): void {
    if (this.refusesHead !== undefined) throw this.refusesHead;
    this.calls.push(`head ${status}`);
    this.headers = headers;
  }

  flushHead(): void {
    this.calls.push('flush');
  }

  write(chunk: Buffer): boolean {
    this.calls.push(`write ${chunk}`);
    return !this.isBlocked;
  }

  end(chunk: Buffer | undefined, trailers: string[] | undefined): void {
    this.calls.push(`end ${chunk ?? ''}`.trim());
    this.trailers = trailers;
  }

  abort(): void {
    this.calls.push('abort');
  }

  closeAfterwards(): void {
    this.calls.push('close afterwards');
  }
}

/** One request as the connections were asked to send it, and what comes of it. */
export class FakeCall implements BackendCall {
  readonly message: BackendMessage;
  readonly events: ResponseEvents;
  /** How often it was aborted, or resumed. */
  aborts = 0;
  resumes = 0;
  /** Milliseconds between two pieces of the body, if that was changed. */
  bodyTimeoutMs: number | undefined;
  #isStarted = false;

  constructor(message: BackendMessage, events: ResponseEvents) {
    this.message = message;
    this.events = events;
  }

  abort(): void {
    this.aborts++;
  }

  resume(): void {
    this.resumes++;
  }

  limitBody(timeoutMs: number): void {
    this.bodyTimeoutMs = timeoutMs;
  }

  connect(): this {
    this.#isStarted = true;
    this.events.started(this);
    return this;
  }

  head(status: number, ...headers: string[]): this {
    const raw = headers.map((text) => Buffer.from(text, 'latin1'));
    if (status >= 100 && status < 200) this.events.interim(status, raw);
    else this.events.head(status, '', raw);
    return this;
  }

  /** @returns whether more may come at once */
  data(text: string): boolean {
    return this.events.data(Buffer.from(text));
  }

  complete(...trailers: string[]): void {
    this.events.end(trailers.length === 0 ? undefined : trailers);
  }

  /** A whole response. */
  answer(status: number, text = ''): void {
    this.connect().head(status, 'Content-Length', String(text.length));
    if (text !== '') this.data(text);
    this.complete();
  }

  fail(code: string): void {
    this.events.failed(new BackendFailure(Object.assign(new Error(code), { code }), this.#isStarted));
  }
}
