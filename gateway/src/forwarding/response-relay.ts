// Passes the response of one attempt on to the client as it is received.
import type { Lease } from 'evenkeel';
import type { Verdict } from 'evenkeel/internal';
import type { FieldNames } from '../http1/field-names.ts';
import { HeadParser } from '../http1/parse-head.ts';
import type { Client } from '../message/client.ts';
import {
  type ResponseHead,
  readParsedHead,
  readResponseHead,
  withoutLength,
} from '../message/response-head.ts';
import { BackendFailure } from '../upstream/backend-failure.ts';
import type {
  BackendCall,
  BackendMessage,
  RawHeaders,
  ReceivedHeaders,
  ResponseEvents,
} from '../upstream/connections.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { FlushQueue } from './flush-queue.ts';

/** The exchange that an attempt belongs to. */
export interface RelayOwner {
  readonly client: Client;
  readonly flushes: FlushQueue;
  /** Milliseconds that an event stream may be silent. */
  readonly eventStreamMs: number;
  /**
   * The names that the route takes from the head of a response; `undefined` if it needs all of them as a
   * list.
   */
  readonly namesGone: FieldNames | undefined;
  /** The request has a connection: from now on parts of it may be sent. */
  started(): void;
  passInterim(status: number, headers: RawHeaders): void;
  /**
   * The head of a response was received.
   * @returns whether it was passed on, the response can be dropped, or it must be kept for a while
   * @throws Error if it cannot be passed on
   */
  passHead(relay: ResponseRelay, status: number, statusText: string, head: ResponseHead): Verdict;
  /** Passes on a head that was kept. @throws Error if it cannot be passed on */
  writeHead(relay: ResponseRelay, status: number, statusText: string, head: ResponseHead): void;
  /** A part of the body was passed on. */
  passed(bytes: number): void;
  /** There is no response, or it is incomplete. */
  attemptFailed(relay: ResponseRelay, failure: BackendFailure): void;
}

/** A response head that is kept until it is known whether the response is wanted. */
interface KeptHead {
  readonly status: number;
  readonly statusText: string;
  readonly head: ResponseHead;
}

/** The most bytes of a dropped response that are read, to keep the connection. */
const MAX_DROPPED_BYTES = 65_536;

/** Chunks above this size are not held back: a client that does not read would cost two of them. */
const MAX_HELD_BYTES = 8_192;

/** One attempt of a request on one backend, with the relay of its response. */
export class ResponseRelay implements ResponseEvents {
  readonly lease: Lease;
  readonly upstream: Upstream;
  /** Whether the head of the response was passed on. */
  isPassing = false;
  /** Whether the request has a connection. */
  isStarted = false;
  readonly #owner: RelayOwner;
  #call: BackendCall | undefined;
  #isBlocked = false;
  #isOver = false;
  #isDropped = false;
  #kept: KeptHead | undefined;
  /**
   * The last chunk, if it is small: held back for a moment, so that it can be written together with the head
   * or the end.
   */
  #held: Buffer | undefined;
  #isFlushing = false;
  #bytes = 0;
  #contentLength: number | undefined;
  /** Ends the wait for a connection. */
  #impatience: NodeJS.Timeout | undefined;

  constructor(owner: RelayOwner, lease: Lease, upstream: Upstream) {
    this.#owner = owner;
    this.lease = lease;
    this.upstream = upstream;
  }

  /**
   * Sends the request.
   * @param connectTimeoutMs - milliseconds that it waits for a connection; `undefined` for the limit of the
   * pool
   */
  send(message: BackendMessage, connectTimeoutMs?: number): void {
    if (connectTimeoutMs !== undefined) this.#impatience = setTimeout(() => this.expire(), connectTimeoutMs);
    this.#call = this.upstream.connections.send(message, this);
  }

  /** Aborts the attempt. The owner gets no more events. */
  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    clearTimeout(this.#impatience);
    this.#call?.abort();
  }

  /** Whether the response is kept because it may still be wanted. */
  get isKept(): boolean {
    return this.#kept !== undefined;
  }

  /** Passes on a kept response. */
  passKept(): void {
    const kept = this.#kept;
    if (kept === undefined || this.#isOver) return;
    this.#kept = undefined;
    try {
      this.#owner.writeHead(this, kept.status, kept.statusText, kept.head);
      this.#begin(kept.status, kept.head, false);
    } catch {
      this.#refuse();
    }
    this.#call?.resume();
  }

  /** Drops a kept response. */
  drop(): void {
    if (this.#kept === undefined || this.#isOver) return;
    this.#kept = undefined;
    this.#isOver = this.#isDropped = true;
    this.#call?.resume();
  }

  /** Time limit of the wait for a connection, in milliseconds. */
  get patienceMs(): number {
    return this.upstream.totalMs;
  }

  /** Ends the wait for a connection. */
  expire(): void {
    const cause = new Error('there was no connection in time');
    this.#fail(new BackendFailure(cause, false, 'timeout'));
    this.#call?.abort();
  }

  /** Called when the client can take more. */
  drained(): void {
    if (this.#isOver || !this.#isBlocked) return;
    this.#isBlocked = false;
    this.#call?.resume();
  }

  started(call: BackendCall): void {
    this.#call = call;
    this.isStarted = true;
    this.#owner.started();
    clearTimeout(this.#impatience);
  }

  interim(status: number, headers: RawHeaders): void {
    if (!this.#isOver) this.#owner.passInterim(status, headers);
  }

  head(status: number, statusText: string, headers: ReceivedHeaders, isWhole = false): boolean {
    if (this.#isOver) return true;
    try {
      const head = status < 200 ? undefined : this.#headOf(headers);
      // RFC 9110 sections 8.6 and 15.3.6: no length, or none but 0.
      if (head?.contentLength && hasNoContent(status)) withoutLength(head);
      if (head?.isEventStream) this.#call?.limitBody(this.#owner.eventStreamMs);
      if (head === undefined) this.#refuse();
      else return this.#passHead(status, statusText, head, isWhole);
    } catch {
      this.#refuse();
    }
    return true;
  }

  #headOf(headers: ReceivedHeaders): ResponseHead | undefined {
    if (!(headers instanceof HeadParser)) return readResponseHead(headers);
    const { namesGone } = this.#owner;
    return namesGone === undefined
      ? readResponseHead(headers.rawHeaders())
      : readParsedHead(headers, namesGone);
  }

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#isOver) {
      if (this.#isDropped && this.#bytes > MAX_DROPPED_BYTES) this.#call?.abort();
      return true;
    }
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#write(held);
    if (chunk.length > MAX_HELD_BYTES) {
      this.#write(chunk);
      return !this.#isBlocked;
    }
    // The whole body was received, so the end follows at once.
    const isLast = this.#bytes === this.#contentLength;
    this.#held = isLast ? chunk : Buffer.from(chunk);
    if (!isLast) this.#flushSoon();
    return !this.#isBlocked;
  }

  end(trailers: RawHeaders | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#owner.passed(held.length);
    this.#owner.client.end(held, trailers === undefined ? undefined : readResponseHead(trailers)?.headers);
  }

  failed(failure: BackendFailure): void {
    this.#fail(failure);
  }

  /** Ends an attempt whose response cannot be passed on. */
  #refuse(): void {
    this.#fail(new BackendFailure(new Error('the response cannot be passed on'), true));
    this.#call?.abort();
  }

  /** @returns whether more may be read */
  #passHead(status: number, statusText: string, head: ResponseHead, isWhole: boolean): boolean {
    switch (this.#owner.passHead(this, status, statusText, head)) {
      case 'stands':
        this.#begin(status, head, isWhole);
        return true;
      case 'retried':
        this.#isOver = this.#isDropped = true;
        return true;
      case 'queued':
        this.#kept = { status, statusText, head };
        return false;
    }
  }

  /** @param isWhole - whether the body follows at once */
  #begin(status: number, head: ResponseHead, isWhole: boolean): void {
    this.isPassing = true;
    this.#contentLength = head.contentLength;
    const { client } = this.#owner;
    if (isBodiless(client.method, status)) {
      // Further bytes are not part of the response (RFC 9112 section 6.3).
      this.#isOver = this.#isDropped = true;
      client.end(undefined, undefined);
    } else if (!isWhole) this.#flushSoon();
  }

  #fail(failure: BackendFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    clearTimeout(this.#impatience);
    this.#owner.attemptFailed(this, failure);
  }

  #write(chunk: Buffer): void {
    this.#owner.passed(chunk.length);
    // Takes effect at the next chunk.
    if (!this.#owner.client.write(chunk)) this.#isBlocked = true;
  }

  /** After the bytes of the same read were handled. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#owner.flushes.add(this);
  }

  /** Sends a held head whose body does not follow at once, although that was expected. */
  flush(): void {
    this.#isFlushing = false;
    if (this.#isOver) return;
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) this.#owner.client.flushHead();
    else this.#write(held);
  }
}

function isBodiless(method: string, status: number): boolean {
  return hasNoContent(status) || status === 304 || method === 'HEAD';
}

/** Whether a status means that there is no body, whatever the request. */
function hasNoContent(status: number): boolean {
  return status === 204 || status === 205;
}
