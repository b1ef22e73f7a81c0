import type { Lease, Outcome } from 'evenkeel';
import type { Admission, AttemptResult } from 'evenkeel/internal';
import { rateRefusal, refusalFor } from '../local-reply/failure.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import { refusalAnswer } from '../local-reply/refusal-response.ts';
import type { Client, ClientEvents } from '../message/client.ts';
import { type ResponseHead, readResponseHead } from '../message/response-head.ts';
import type { Route } from '../routing/route-table.ts';
import type { BackendFailure } from '../upstream/backend-failure.ts';
import type { RawHeaders } from '../upstream/connections.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { account } from './accounting.ts';
import { Attempts, type Sender } from './attempts.ts';
import type { Context, UnderWay } from './context.ts';
import { IncomingRequest } from './incoming-request.ts';
import { headerRecord } from './request-headers.ts';
import { type RelayOwner, ResponseRelay } from './response-relay.ts';
import { BodyTooLargeError, Upload } from './upload.ts';

/** One request and its answer, from the arrival of its head to the last byte that goes out. */
export class Exchange implements ClientEvents, RelayOwner, Sender, UnderWay {
  readonly client: Client;
  upload: Upload | undefined;
  attempt: ResponseRelay | undefined;
  bytesSent = 0;
  place = -1;
  readonly #context: Context;
  readonly #request: IncomingRequest;
  readonly #startedAt = performance.now();
  #admission: Admission | undefined;
  #attempts: Attempts | undefined;
  /** 0 until the head of an answer is written. */
  #status = 0;
  #code: string | undefined;
  #outcome: Outcome = 'success';
  #isClosed = false;

  constructor(context: Context, client: Client) {
    this.#context = context;
    this.client = client;
    this.#request = new IncomingRequest(client);
  }

  /** Whether the gateway has answered by itself. */
  get isRefused(): boolean {
    return this.#code !== undefined;
  }

  /** Never throws. */
  start(): void {
    const { totals, exchanges } = this.#context;
    totals.requests++;
    totals.inFlight++;
    exchanges.add(this);
    this.#guard(() => {
      const refusal = this.#request.read(this.#context);
      if (refusal !== undefined) return this.refuse(refusal);
      const { gate } = this.#route;
      const body = this.client.bodyFor(this.#request.head);
      if (body !== undefined)
        this.upload = new Upload(body, () => this.client.isComplete, this.#context.limits);
      if (gate === undefined) this.#choose();
      else void gate.admit(this.#request).then((admission) => this.#guard(() => this.#admitted(admission)));
    });
  }

  /** Answers by itself, or, where an answer has begun, breaks it off. */
  refuse(refusal: Refusal): void {
    if (this.#isClosed) return;
    this.attempt?.abort();
    this.#code = refusal.code;
    // What becomes of the request now is not the backend's doing.
    if (this.#outcome === 'success') this.#outcome = 'cancelled';
    this.#attempts?.end(this.#outcome);
    if (this.#status !== 0) {
      this.client.abort();
      return;
    }
    this.#status = refusal.status;
    this.#context.totals.refused(refusal.code);
    const answer = refusalAnswer(refusal, this.#request.id, this.#request.accept);
    for (const text of this.#admissionHeaders(undefined)) answer.headers.push(text);
    // What is left of the body must not be taken for the next request.
    if (!this.client.isComplete && this.#request.mayHaveBody) this.client.closeAfterwards();
    this.upload?.discard();
    this.client.writeHead(refusal.status, answer.statusText, answer.headers);
    this.client.end(this.client.method === 'HEAD' ? undefined : answer.body, undefined);
  }

  send(lease: Lease, upstream: Upstream): void {
    this.#guard(() => {
      this.attempt = new ResponseRelay(this, lease, upstream);
      if (this.#request.head.expectsContinue) this.client.askForBody();
      this.attempt.send({
        path: this.#request.path,
        method: this.client.method,
        headers: this.#request.headersFor(this.#route, this.#context),
        body: this.upload?.open(),
        headTimeoutMs: this.#attempts?.headersTimeoutMs,
      });
    });
  }

  /** Nobody was found. */
  failed(error: unknown): void {
    this.#guard(() => this.refuse(refusalFor(error)));
  }

  passInterim(status: number, raw: RawHeaders): void {
    if (this.#isClosed || this.client.version === '1.0') return;
    const head = readResponseHead(raw);
    if (head !== undefined) this.client.writeInterim(status, head.headers);
  }

  passHead(attempt: ResponseRelay, status: number, statusText: string, head: ResponseHead): boolean {
    const { pool, responseHeaders } = this.#route;
    const { backend } = attempt.lease;
    pool.loadMetrics?.(backend, { status, data: '', headers: headerRecord(head.headers) });
    attempt.upstream.meter.statuses.count(status);
    const isFailure = pool.isFailure(status);
    if (isFailure && this.#retry({ response: { status } })) return false;
    this.#outcome = isFailure ? 'failure' : 'success';
    const headers = responseHeaders.apply(head.headers);
    if (this.#admission !== undefined) headers.push(...this.#admissionHeaders(backend.id));
    if (!head.hasDate) headers.push('Date', new Date().toUTCString());
    // Throws where a header is none.
    this.client.writeHead(status, statusText, headers);
    this.#status = status;
    return true;
  }

  passed(bytes: number): void {
    this.bytesSent += bytes;
  }

  attemptFailed(attempt: ResponseRelay, error: BackendFailure): void {
    if (this.#isClosed) return;
    this.#guard(() => {
      const broken = this.upload?.error;
      if (broken === undefined && !attempt.isPassing && !error.isOurs && this.#retry({ error })) return;
      this.#outcome = broken !== undefined || error.isOurs ? 'cancelled' : 'failure';
      if (broken === undefined) this.refuse(refusalFor(error));
      else if (broken instanceof BodyTooLargeError) this.refuse(REFUSALS.bodyTooLarge);
      else this.client.abort();
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
    const hasLeft = !isComplete && this.#code === undefined && this.#outcome !== 'failure';
    this.#attempts?.end(hasLeft ? 'cancelled' : this.#outcome);
    this.#account(hasLeft);
  }

  /** Of a request that was let in. */
  get #route(): Route {
    return this.#request.route as Route;
  }

  /** @returns whether another attempt follows: the body, if there is one, must be there to be sent once more */
  #retry(result: AttemptResult): boolean {
    if (this.upload?.isReplayable === false || this.#attempts?.retry(result) !== true) return false;
    this.upload?.hold();
    return true;
  }

  #admitted(admission: Admission): void {
    // It may have been refused meanwhile, for example for a body that is none.
    if (this.#isClosed || this.isRefused) return;
    this.#admission = admission;
    const { refusal } = admission;
    if (refusal === undefined) {
      this.#choose();
      return;
    }
    this.#context.totals.rateLimited++;
    this.refuse(rateRefusal(refusal));
  }

  #choose(): void {
    this.#attempts = new Attempts(this.#route.pool, this.#request, this.#admission?.session, this);
    this.#attempts.first();
  }

  /** What rate limits and sessions add to an answer. */
  #admissionHeaders(backendId: string | undefined): string[] {
    if (this.#admission === undefined) return [];
    return this.#route.headersOfAdmission(this.#admission, backendId, this.#request.isSecure);
  }

  #account(hasLeft: boolean): void {
    account(this.#context, this.#request, this.#attempts, {
      status: hasLeft ? 499 : this.#status,
      durationMs: performance.now() - this.#startedAt,
      bytesReceived: this.upload?.received ?? 0,
      bytesSent: this.bytesSent,
      code: this.#code,
    });
  }

  /** A defect in one request must not take the others along. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#context.log.error({ requestId: this.#request.id, error }, 'a request failed for a defect');
      if (this.#code === undefined) this.#guard(() => this.refuse(REFUSALS.internal));
      else this.client.abort();
    }
  }
}
