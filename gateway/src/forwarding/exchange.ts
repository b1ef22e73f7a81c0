// An exchange: one request and its response, from the arrival of its head to the last byte that goes out.
import type { Lease, Request, Session } from 'evenkeel';
import type { Sender, Verdict } from 'evenkeel/internal';
import { refusalFor } from '../local-reply/failure.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import { refusalResponse } from '../local-reply/refusal-response.ts';
import type { Client, ClientEvents } from '../message/client.ts';
import { type ResponseHead, readResponseHead } from '../message/response-head.ts';
import type { Route } from '../routing/route-table.ts';
import type { BackendFailure } from '../upstream/backend-failure.ts';
import type { RawHeaders } from '../upstream/connections.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { account } from './accounting.ts';
import { admissionHeaders, admit, arrived, type Entrant, sessionOf } from './admission.ts';
import { UpstreamAttempts } from './attempts.ts';
import type { Context, UnderWay } from './context.ts';
import { IncomingRequest } from './incoming-request.ts';
import { headerRecord } from './request-headers.ts';
import { type RelayOwner, ResponseRelay } from './response-relay.ts';
import { BodyTooLargeError, Upload } from './upload.ts';

/**
 * One request and its response. The life of a request:
 *
 * 1. `listeners/`: a connection; a head on it becomes a client's request, and an exchange
 * 2. `message/`: the head is checked and taken apart; who the client is
 * 3. `routing/`: host and path find a route; most refusals leave here
 * 4. `admission.ts`: the rate limit of the route, the session of the client
 * 5. `attempts.ts`, on the retry loop of the engine: a lease on a backend, the retry budget, the next backend
 * 6. `upstream/`: a connection; head and body go out, and the first bytes of the body are kept for another
 * attempt
 * 7. the response: interim heads, head, body with backpressure, trailers
 * 8. the end: the lease is released, counters count, the access log gets its line
 */
export class Exchange implements ClientEvents, RelayOwner, Sender<Request>, Entrant, UnderWay {
  readonly client: Client;
  readonly request: IncomingRequest;
  /** The client's leaving is told by `closed`. */
  readonly signal = undefined;
  upload: Upload | undefined;
  attempt: ResponseRelay | undefined;
  bytesSent = 0;
  place = -1;
  readonly #context: Context;
  readonly #startedAt = performance.now();
  #attempts: UpstreamAttempts | undefined;
  /** Why the last attempt failed, while the client may still have to hear of it. */
  #failure: BackendFailure | undefined;
  /** 0 until the head of a response is written. */
  #status = 0;
  /** The code of the gateway's own response. */
  #code: string | undefined;
  #isClosed = false;

  constructor(context: Context, client: Client) {
    this.#context = context;
    this.client = client;
    this.request = new IncomingRequest(client);
  }

  get session(): Session | undefined {
    return sessionOf(this.request);
  }

  /** Whether the body, if there is one, can be sent once more. */
  get canRepeat(): boolean {
    return this.upload?.isReplayable !== false;
  }

  /**
   * Whether it is closed, or the gateway has answered: for example because the body turned out to be invalid.
   */
  get isOver(): boolean {
    return this.#isClosed || this.isRefused;
  }

  /** Whether the gateway has answered by itself. */
  get isRefused(): boolean {
    return this.#code !== undefined;
  }

  /** Never throws. */
  start(): void {
    arrived(this.#context);
    this.#context.exchanges.add(this);
    this.guard(() => {
      const refusal = this.request.read(this.#context);
      if (refusal !== undefined) return this.refuse(refusal);
      const body = this.client.bodyFor(this.request.head);
      if (body !== undefined)
        this.upload = new Upload(body, () => this.client.isComplete, this.#context.limits);
      admit(this.#context, this);
    });
  }

  admitted(): void {
    this.#attempts = new UpstreamAttempts(this.#route.pool, this);
    this.#attempts.first();
  }

  /** Answers by itself, or, where an answer has begun, breaks it off. */
  refuse(refusal: Refusal): void {
    if (this.#isClosed) return;
    this.attempt?.abort();
    this.#code = refusal.code;
    // The backend has no part in what becomes of the request now, unless it has failed already.
    this.#attempts?.end(this.#attempts.outcome === 'failure' ? 'failure' : 'cancelled');
    if (this.#status !== 0) {
      this.client.abort();
      return;
    }
    this.#status = refusal.status;
    this.#context.totals.refused(refusal.code);
    const response = refusalResponse(refusal, this.request.id, this.request.accept);
    for (const text of admissionHeaders(this.request, undefined)) response.headers.push(text);
    // What is left of the body must not be taken for the next request.
    if (!this.client.isComplete && this.request.mayHaveBody) this.client.closeAfterwards();
    this.upload?.discard();
    this.client.writeHead(refusal.status, response.statusText, response.headers);
    this.client.end(this.client.method === 'HEAD' ? undefined : response.body, undefined);
  }

  send(lease: Lease): void {
    this.guard(() => {
      const upstream = this.#attempts?.upstream as Upstream;
      this.attempt?.drop();
      this.#failure = undefined;
      this.attempt = new ResponseRelay(this, lease, upstream);
      if (this.request.head.expectsContinue) this.client.askForBody();
      this.attempt.send({
        path: this.request.path,
        method: this.client.method,
        headers: this.request.headersFor(this.#route, this.#context),
        body: this.upload?.open(),
        headTimeoutMs: this.#attempts?.headersTimeoutMs,
      });
    });
  }

  stands(): void {
    this.guard(() => {
      if (this.#failure !== undefined) return this.#refuseFailure(this.#failure);
      // The backend gets no more of the body: some of it may have been kept for another attempt alone.
      this.upload?.discard();
      this.attempt?.passKept();
    });
  }

  /** There is no backend for the request. */
  failed(error: unknown): void {
    this.guard(() => {
      this.attempt?.drop();
      this.refuse(refusalFor(error));
    });
  }

  passInterim(status: number, raw: RawHeaders): void {
    if (this.#isClosed || this.client.version === '1.0') return;
    const head = readResponseHead(raw);
    if (head !== undefined) this.client.writeInterim(status, head.headers);
  }

  passHead(attempt: ResponseRelay, status: number, statusText: string, head: ResponseHead): Verdict {
    const { pool } = this.#route;
    const { backend } = attempt.lease;
    pool.loadMetrics?.(backend, { status, data: '', headers: headerRecord(head.headers) });
    attempt.upstream.meter.statuses.count(status);
    const verdict = this.#attempts?.responded(status, pool.isFailure(status)) ?? 'stands';
    if (verdict === 'stands') this.writeHead(attempt, status, statusText, head);
    else this.upload?.hold();
    return verdict;
  }

  writeHead(attempt: ResponseRelay, status: number, statusText: string, head: ResponseHead): void {
    const headers = this.#route.responseHeaders.apply(head.headers);
    if (this.request.admission !== undefined)
      headers.push(...admissionHeaders(this.request, attempt.lease.backend.id));
    if (!head.hasDate) headers.push('Date', new Date().toUTCString());
    // Throws where a header is none.
    this.client.writeHead(status, statusText, headers);
    this.#status = status;
  }

  passed(bytes: number): void {
    this.bytesSent += bytes;
  }

  attemptFailed(attempt: ResponseRelay, error: BackendFailure): void {
    if (this.#isClosed) return;
    this.guard(() => {
      const attempts = this.#attempts as UpstreamAttempts;
      const isRejected = this.upload?.error !== undefined || error.isOurs;
      this.#failure = error;
      // It has been judged by its head.
      if (attempt.isKept) return;
      if (attempt.isPassing) attempts.outcome = isRejected ? 'cancelled' : 'failure';
      else {
        const sent = error.requestSent ? 'sent' : 'unsent';
        if (attempts.failed(error, isRejected ? 'rejected' : sent) !== 'stands') return this.upload?.hold();
      }
      this.#refuseFailure(error);
    });
  }

  drained(): void {
    this.attempt?.drained();
  }

  closed(isComplete: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#context.exchanges.delete(this);
    this.attempt?.abort();
    this.upload?.close();
    const hasLeft = !isComplete && this.#code === undefined && this.#attempts?.outcome !== 'failure';
    this.#attempts?.end(hasLeft ? 'cancelled' : this.#attempts.outcome);
    this.#account(hasLeft);
  }

  /** Of a request that was let in. */
  get #route(): Route {
    return this.request.route as Route;
  }

  #refuseFailure(error: BackendFailure): void {
    const broken = this.upload?.error;
    if (broken === undefined) this.refuse(refusalFor(error));
    else if (broken instanceof BodyTooLargeError) this.refuse(REFUSALS.bodyTooLarge);
    else this.client.abort();
  }

  #account(hasLeft: boolean): void {
    account(this.#context, this.request, this.#attempts, {
      status: hasLeft ? 499 : this.#status,
      durationMs: performance.now() - this.#startedAt,
      bytesReceived: this.upload?.received ?? 0,
      bytesSent: this.bytesSent,
      code: this.#code,
    });
  }

  /** A defect in one request must not take the others along. */
  guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#context.log.error({ requestId: this.request.id, error }, 'a request failed for a defect');
      if (this.#code === undefined) this.guard(() => this.refuse(REFUSALS.internal));
      else this.client.abort();
    }
  }
}
