import type { Lease } from 'evenkeel';
import { without } from 'evenkeel/internal';
import { type Dispatcher, errors } from 'undici';
import { AttemptError } from '../local-reply/failure.ts';
import type { Client } from '../message/client.ts';
import { type AnswerHead, readAnswerHead } from '../message/response-head.ts';
import type { Upstream } from './upstream.ts';

/** Whoever asked for an attempt. */
export interface AttemptOwner {
  readonly client: Client;
  /** An interim answer came. @param raw - names and values by turns */
  passInterim(status: number, raw: readonly Buffer[]): void;
  /**
   * The head of an answer came.
   * @returns whether it was passed on; else the rest goes by unread
   * @throws Error where it cannot be passed on
   */
  passHead(attempt: Attempt, status: number, statusText: string, head: AnswerHead): boolean;
  /** Some of the body was passed on. */
  passed(bytes: number): void;
  /** It came to nothing, or to half of something. */
  attemptFailed(attempt: Attempt, error: AttemptError): void;
}

/** As much of an answer that nobody wants is read, so that its connection can be kept. */
const MAX_DISCARDED_BYTES = 65_536;

/**
 * One try of a request on one backend: hears what the HTTP client says, and passes the answer on as it comes. It has the older form of undici's
 * handlers, which gets headers as they came: the newer one first makes objects of them, which nobody here would look at.
 */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly lease: Lease;
  readonly upstream: Upstream;
  /** Whether the head of its answer has been passed on. */
  isPassing = false;
  /** Whether it has got a connection. */
  isStarted = false;
  readonly #owner: AttemptOwner;
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #isBlocked = false;
  #isOver = false;
  #isDiscarded = false;
  /** The end of what came, held back for a moment: perhaps it can go out together with the head or the end. */
  #held: Buffer | undefined;
  #isFlushing = false;
  #bytes = 0;
  #contentLength: number | undefined;

  constructor(owner: AttemptOwner, lease: Lease, upstream: Upstream) {
    this.#owner = owner;
    this.lease = lease;
    this.upstream = upstream;
  }

  /** Ends it from our side; its owner hears nothing of it any more. */
  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    this.#abort?.(new Error('the request was given up'));
  }

  /** How long it may wait for a connection, in milliseconds. */
  get patienceMs(): number {
    return this.upstream.totalMs;
  }

  /** It has waited for a connection for too long: all of them are in use. */
  expire(): void {
    this.#fail(new AttemptError(new errors.ConnectTimeoutError('no connection was free in time'), false));
  }

  /** The client can take more. */
  drained(): void {
    if (this.#isOver || !this.#isBlocked) return;
    this.#isBlocked = false;
    // Not at once: node:http also says so while another answer is written, in the middle of what undici reads for that one.
    queueMicrotask(() => this.#resume?.());
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    this.isStarted = true;
    if (this.#isOver) abort(new Error('the request was given up'));
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, statusText: string): boolean {
    if (this.#isOver) return true;
    this.#resume = resume;
    if (status >= 100 && status < 200) {
      this.#owner.passInterim(status, raw);
      return true;
    }
    try {
      const head = status < 100 || status > 599 ? undefined : readAnswerHead(raw);
      // RFC 9110 sections 8.6 and 15.3.6: no length, or none but 0.
      if (head?.contentLength && hasNoContent(status))
        head.headers = without(head.headers, ['content-length']);
      if (head === undefined) this.#refuse();
      else if (this.#owner.passHead(this, status, statusText, head)) this.#begin(status, head);
      else this.#isOver = this.#isDiscarded = true;
    } catch {
      this.#refuse();
    }
    return true;
  }

  /** @returns whether more may come at once */
  onData(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#isOver) {
      if (this.#isDiscarded && this.#bytes > MAX_DISCARDED_BYTES)
        this.#abort?.(new Error('too much to discard'));
      return true;
    }
    if (this.#held !== undefined) this.#write(this.#held);
    this.#held = chunk;
    // All of it is here: the end follows at once.
    if (this.#bytes !== this.#contentLength) this.#flushSoon();
    return !this.#isBlocked;
  }

  onComplete(rawTrailers: (string | Buffer)[] | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#owner.passed(held.length);
    const hasTrailers = rawTrailers !== null && rawTrailers.length > 0;
    this.#owner.client.end(held, hasTrailers ? readAnswerHead(rawTrailers)?.headers : undefined);
  }

  onError(error: Error): void {
    this.#fail(new AttemptError(error, this.isStarted));
  }

  /** What came is no answer that could be passed on. */
  #refuse(): void {
    const error = new Error('the answer cannot be passed on');
    this.#fail(new AttemptError(error, true));
    this.#abort?.(error);
  }

  #begin(status: number, head: AnswerHead): void {
    this.isPassing = true;
    this.#contentLength = head.contentLength;
    const { client } = this.#owner;
    if (isBodiless(client.method, status)) {
      // Whatever comes now is no part of the answer (RFC 9112 section 6.3).
      this.#isOver = this.#isDiscarded = true;
      client.end(undefined, undefined);
    } else if (head.contentLength === undefined) this.#flushSoon();
  }

  #fail(error: AttemptError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    this.#owner.attemptFailed(this, error);
  }

  #write(chunk: Buffer): void {
    this.#owner.passed(chunk.length);
    // Takes effect with what comes next.
    if (!this.#owner.client.write(chunk)) this.#isBlocked = true;
  }

  /** After what came together with it has been read. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(flush, this);
  }

  /** Sends what was held back: a head of which the body should have followed at once, but does not. */
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

/** By its status alone, whatever was asked for. */
function hasNoContent(status: number): boolean {
  return status === 204 || status === 205;
}

function flush(attempt: Attempt): void {
  attempt.flush();
}
