import type { Dispatcher } from 'undici';
import type { Lease } from '../../index.ts';
import type { Upstream } from '../routing/upstream.ts';
import { type AnswerHead, readAnswerHead } from './answer-head.ts';
import type { Client } from './client.ts';
import { AttemptError } from './failure.ts';

/** Whoever asked for an attempt. */
export interface AttemptOwner {
  readonly client: Client;
  /** An interim answer came. @param raw - names and values by turns */
  passInterim(status: number, raw: readonly Buffer[]): void;
  /** The head of an answer came. @returns whether it is to be passed on; else it goes by unread */
  passHead(attempt: Attempt, status: number, statusText: string, head: AnswerHead): boolean;
  /** Some of the body was passed on. */
  passed(bytes: number): void;
  /** It came to nothing, or to half of something. */
  attemptFailed(attempt: Attempt, error: AttemptError): void;
}

/** As much of an answer that nobody wants is read, so that its connection can be kept. */
const MAX_DISCARDED_BYTES = 65_536;

type Controller = Dispatcher.DispatchController;

/** One try of a request on one backend: hears what the HTTP client says, and passes the answer on as it comes. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly lease: Lease;
  readonly upstream: Upstream;
  /** Whether the head of its answer has been passed on. */
  isPassing = false;
  readonly #owner: AttemptOwner;
  #controller: Controller | undefined;
  #isStarted = false;
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
    this.#controller?.abort(new Error('the request was given up'));
  }

  /** The client can take more. */
  drained(): void {
    if (!this.#isOver) this.#controller?.resume();
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    this.#isStarted = true;
    if (this.#isOver) controller.abort(new Error('the request was given up'));
  }

  onResponseStart(controller: Controller, status: number, _headers: unknown, statusText = ''): void {
    if (this.#isOver) return;
    const raw = (controller as { rawHeaders?: Buffer[] | null }).rawHeaders ?? [];
    if (status >= 100 && status < 200) {
      this.#owner.passInterim(status, raw);
      return;
    }
    const head = status < 100 || status > 599 ? undefined : readAnswerHead(raw);
    if (head === undefined) {
      this.#fail(new AttemptError(new Error('the answer cannot be passed on'), true));
      controller.abort(new Error('the answer cannot be passed on'));
      return;
    }
    this.#contentLength = head.contentLength;
    if (this.#owner.passHead(this, status, statusText, head)) {
      this.isPassing = true;
      if (isBodiless(this.#owner.client.method, status)) {
        // Whatever comes now is no part of the answer (RFC 9112 section 6.3).
        this.#isOver = true;
        this.#owner.client.end(undefined, undefined);
      } else this.#flushSoon();
    } else {
      this.#isDiscarded = true;
      this.#isOver = true;
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#isOver) {
      if (this.#isDiscarded && this.#bytes > MAX_DISCARDED_BYTES)
        controller.abort(new Error('too much to discard'));
      return;
    }
    if (this.#held !== undefined) this.#write(this.#held);
    this.#held = chunk;
    // All of it is here: the end follows at once.
    if (this.#bytes !== this.#contentLength) this.#flushSoon();
  }

  onResponseEnd(controller: Controller): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { rawTrailers } = controller as { rawTrailers?: Buffer[] | null };
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#owner.passed(held.length);
    const trailers = rawTrailers && rawTrailers.length > 0 ? readAnswerHead(rawTrailers)?.headers : undefined;
    this.#owner.client.end(held, trailers);
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#fail(new AttemptError(error, this.#isStarted));
  }

  #fail(error: AttemptError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    this.#owner.attemptFailed(this, error);
  }

  #write(chunk: Buffer): void {
    this.#owner.passed(chunk.length);
    if (!this.#owner.client.write(chunk)) this.#controller?.pause();
  }

  /** After what came together with it has been read. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    process.nextTick(flush, this);
  }

  /** Sends what was held back; called by the attempt itself alone. */
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
  return status === 204 || status === 304 || method === 'HEAD';
}

function flush(attempt: Attempt): void {
  attempt.flush();
}
