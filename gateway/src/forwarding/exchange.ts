// An exchange: one request and its response, from the request head to the last byte of the response.
import type { Lease, Request, Session } from 'evenkeel';
import type { Sender, Verdict } from 'evenkeel/internal';
import type { FieldNames } from '../http1/field-names.ts';
import { refusalFor } from '../local-reply/failure.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import { refusalResponse } from '../local-reply/refusal-response.ts';
import type { Client, ClientEvents } from '../message/client.ts';
import { type ResponseHead, readInterimHead } from '../message/response-head.ts';
import type { Route } from '../routing/route-table.ts';
import type { BackendFailure } from '../upstream/backend-failure.ts';
import type { RawHeaders } from '../upstream/connections.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { account } from './accounting.ts';
import {
  admissionHeaders,
  admit,
  arrived,
  type Entrant,
  enter,
  sessionOf,
  withAdmission,
} from './admission.ts';
import { UpstreamAttempts } from './attempts.ts';
import type { Context, UnderWay } from './context.ts';
import type { FlushQueue } from './flush-queue.ts';
import { IncomingRequest } from './incoming-request.ts';
import { headerRecord } from './request-headers.ts';
import { type RelayOwner, ResponseRelay } from './response-relay.ts';
import { BodyTooLargeError, Upload } from './upload.ts';

/** As long as a timer can be. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * One request and its response. The life of a request:
 *
 * 1. `listeners/`: a connection is accepted; a request head becomes a `Client` and an exchange
 * 2. `message/`: the head is checked and taken apart; the client's address is determined
 * 3. `routing/`: host and path select a route; most refusals happen here
 * 4. `admission.ts`: the rate limit of the route is checked, the session of the client is read
 * 5. `attempts.ts`, with the retry loop of the library: a lease on a backend, the retry budget, the next
 *    backend
 * 6. `upstream/`: a connection to the backend; head and body are sent, the first bytes of the body are kept
 *    for another attempt
 * 7. the response goes to the client: interim heads, head, body with backpressure, trailers
 * 8. the end: the lease is released, counters are updated, the access log is written
 */
export class Exchange implements ClientEvents, RelayOwner, Sender<Request>, Entrant, UnderWay {
  readonly client: Client;
  readonly request: IncomingRequest;
  /** Not used: `closed` reports that the client left. */
  readonly signal = undefined;
  upload: Upload | undefined;
  attempt: ResponseRelay | undefined;
  bytesSent = 0;
  place = -1;
  readonly #context: Context;
  readonly #startedAt = performance.now();
  #attempts: UpstreamAttempts | undefined;
  /** The failure of the last attempt, while it may still go to the client. */
  #failure: BackendFailure | undefined;
  /** The status; 0 until a response head is written. */
  #status = 0;
  /** The code of the gateway's own response. */
  #code: string | undefined;
  #isClosed = false;

  constructor(context: Context, client: Client) {
    this.#context = context;
    this.client = client;
    this.request = new IncomingRequest(client);
  }

  get flushes(): FlushQueue {
    return this.#context.flushes;
  }

  get eventStreamMs(): number {
    const { tunnelMs } = this.#route.timeouts;
    return (tunnelMs ?? this.#context.timeouts.tunnelMs) || LONGEST_TIMEOUT_MS;
  }

  get namesGone(): FieldNames | undefined {
    const { pool, gate, responseRewrite, responseHeaders } = this.#route;
    const isList = gate !== undefined || responseRewrite !== undefined || pool.loadMetrics !== undefined;
    return isList || this.client.takesLines !== true ? undefined : responseHeaders.gone;
  }

  get session(): Session | undefined {
    return sessionOf(this.request);
  }

  /** Whether the body, if there is one, can be sent again. */
  get canRepeat(): boolean {
    return this.upload?.isReplayable !== false;
  }

  /**
   * Whether it is closed, or the gateway has responded, for example because the body is invalid.
   */
  get isOver(): boolean {
    return this.#isClosed || this.isRefused;
  }

  /** Whether the gateway has sent a response itself. */
  get isRefused(): boolean {
    return this.#code !== undefined;
  }

  /** Never throws. */
  start(): void {
    arrived(this.#context);
    this.#context.exchanges.add(this);
    try {
      this.#begin();
    } catch (error) {
      this.#fail(error);
    }
  }

  #begin(): void {
    const refusal = this.request.read(this.#context) ?? enter(this.#context, this.request);
    if (refusal !== undefined) {
      this.refuse(refusal);
      return;
    }
    const body = this.client.bodyFor(this.request.head);
    if (body !== undefined)
      this.upload = new Upload(body, this.#route.limits, this.#waits ? this.client : undefined);
    admit(this.#context, this);
  }

  admitted(): void {
    this.#attempts = new UpstreamAttempts(this.#route, this);
    this.#attempts.first();
  }

  /** Sends a response of the gateway, or breaks the response off if it has begun. */
  refuse(refusal: Refusal): void {
    if (this.#isClosed) return;
    this.attempt?.abort();
    this.#code = refusal.code;
    // From here on the end of the request is not the backend's fault, unless it has failed already.
    this.#attempts?.end(this.#attempts.outcome === 'success' ? 'cancelled' : this.#attempts.outcome);
    if (this.#status !== 0) {
      this.client.abort();
      return;
    }
    this.#status = refusal.status;
    this.#context.totals.refused(refusal.code);
    const response = refusalResponse(refusal, this.request.id, this.request.accept);
    // A page of another origin may read the refusal where it may read the response (CORS).
    const headers = this.request.route?.responseHeaders.apply(response.headers) ?? response.headers;
    for (const text of admissionHeaders(this.request, undefined)) headers.push(text);
    // The rest of the body must not be read as the next request.
    if (!this.client.isComplete && this.request.mayHaveBody) this.client.closeAfterwards();
    this.upload?.discard();
    this.client.writeHead(refusal.status, response.statusText, headers);
    this.client.end(this.client.method === 'HEAD' ? undefined : response.body, undefined);
  }

  send(lease: Lease): void {
    try {
      this.#send(lease);
    } catch (error) {
      this.#fail(error);
    }
  }

  #send(lease: Lease): void {
    const upstream = this.#attempts?.upstream as Upstream;
    this.attempt?.drop();
    this.#failure = undefined;
    this.attempt = new ResponseRelay(this, lease, upstream);
    const { headers, lines, hasHost } = this.request.headersFor(this.#route, this.#context);
    const message = {
      path: this.request.target,
      method: this.client.method,
      headers,
      lines,
      hasHost,
      body: this.upload?.open(),
      expectsContinue: this.upload !== undefined && this.#waits,
      headTimeoutMs: this.#attempts?.headersTimeoutMs,
      bodyTimeoutMs: this.#route.timeouts.bodyMs,
      client: this.client.connection,
    };
    this.attempt.send(message, this.#attempts?.connectTimeoutMs);
  }

  started(): void {
    // Nothing is kept of what will not be sent again.
    if (this.#route.pool.failover?.repeats(this.client.method) !== true) this.upload?.forget();
  }

  stands(): void {
    this.guard(() => {
      if (this.#failure !== undefined) return this.#refuseFailure(this.#failure);
      // Stops the body for this backend: some of it may be kept only for another attempt.
      this.upload?.discard();
      this.attempt?.passKept();
    });
  }

  /** No backend is available for the request. */
  failed(error: unknown): void {
    this.guard(() => {
      this.attempt?.drop();
      this.refuse(refusalFor(error));
    });
  }

  moveOn(): void {
    const { attempt } = this;
    if (this.isOver || attempt === undefined || attempt.isPassing || attempt.isKept) return;
    this.guard(() => {
      if (this.#attempts?.leaveIll() !== true) return;
      attempt.abort();
      this.upload?.hold();
    });
  }

  passInterim(status: number, raw: RawHeaders): void {
    if (this.#isClosed || this.client.version === '1.0') return;
    const headers = readInterimHead(raw);
    if (headers !== undefined) this.client.writeInterim(status, headers);
  }

  passHead(attempt: ResponseRelay, status: number, statusText: string, head: ResponseHead): Verdict {
    const { pool } = this.#route;
    const { backend } = attempt.lease;
    pool.loadMetrics?.(backend, { status, data: '', headers: headerRecord(head.headers) });
    attempt.upstream.meter.statuses.count(status);
    const verdict = this.#attempts?.responded(status, this.#route.isFailure(status)) ?? 'stands';
    if (verdict === 'stands') this.writeHead(attempt, status, statusText, head);
    else this.upload?.hold();
    return verdict;
  }

  writeHead(attempt: ResponseRelay, status: number, statusText: string, head: ResponseHead): void {
    const { responseRewrite, responseHeaders } = this.#route;
    responseRewrite?.apply(head.headers, this.request, attempt.upstream.url);
    const added = head.lines === undefined ? undefined : responseHeaders.addedLines;
    const headers = withAdmission(
      this.request,
      added === undefined ? responseHeaders.apply(head.headers) : responseHeaders.without(head.headers),
      attempt.lease.backend.id,
    );
    // The backend does not want the body: what the client may send of it must not be read as a request.
    if (this.#waits && this.upload !== undefined) this.client.closeAfterwards();
    if (!head.hasDate) headers.push('Date', new Date().toUTCString());
    // Throws if a header is invalid.
    const isSized = head.lines !== undefined && head.contentLength !== undefined;
    this.client.writeHead(status, statusText, headers, `${head.lines ?? ''}${added ?? ''}`, isSized);
    this.#status = status;
  }

  passed(bytes: number): void {
    this.bytesSent += bytes;
  }

  attemptFailed(attempt: ResponseRelay, error: BackendFailure): void {
    if (this.#isClosed) return;
    this.guard(() => {
      const attempts = this.#attempts as UpstreamAttempts;
      const isBodyBroken = this.upload?.error !== undefined;
      this.#failure = error;
      // The outcome was determined by the head.
      if (attempt.isKept) return;
      if (attempt.isPassing) attempts.outcome = isBodyBroken ? 'cancelled' : error.outcome;
      else {
        const failure = isBodyBroken ? 'cancelled' : error.failure;
        if (attempts.failed(error, failure) !== 'stands') return this.upload?.hold();
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

  /** Whether the client may wait to be asked for its body. */
  get #waits(): boolean {
    return this.request.head.expectsContinue && this.client.isWaiting;
  }

  /** The route of an admitted request. */
  get #route(): Route {
    return this.request.route as Route;
  }

  #refuseFailure(error: BackendFailure): void {
    const broken = this.upload?.error;
    if (broken === undefined)
      this.refuse((this.#attempts as UpstreamAttempts).refusalFor(error, this.client.method));
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

  guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends this request, and no other one, for an exception, which is a defect. */
  #fail(error: unknown): void {
    this.#context.log.error({ requestId: this.request.id, error }, 'a request failed for a defect');
    if (this.#code === undefined) this.guard(() => this.refuse(REFUSALS.internal));
    else this.client.abort();
  }
}
