import type { Socket } from 'node:net';
import type { Lease, Outcome } from 'evenkeel';
import type { Admission } from 'evenkeel/internal';
import { breakOff } from '../local-reply/break-off.ts';
import { rateRefusal, refusalFor } from '../local-reply/failure.ts';
import { RawAnswer } from '../local-reply/raw-response.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import { type ResponseHead, readResponseHead } from '../message/response-head.ts';
import type { Route } from '../routing/route-table.ts';
import { BackendFailure } from '../upstream/backend-failure.ts';
import type { DeclinedBody, UpgradeHead } from '../upstream/connections.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { account } from './accounting.ts';
import { Attempts, type Sender } from './attempts.ts';
import type { Context } from './context.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { Tunnel } from './tunnel.ts';

/** One request to change the protocol, and the tunnel that comes of it; its lease is held until that is closed. */
export class Upgrade implements Sender {
  readonly #context: Context;
  readonly #client: Socket;
  readonly #first: Buffer;
  readonly #request: IncomingRequest;
  readonly #startedAt = performance.now();
  #admission: Admission | undefined;
  #attempts: Attempts | undefined;
  #giveUp: (() => void) | undefined;
  #tunnel: Tunnel | undefined;
  #status = 0;
  #isOver = false;

  /** @param first - what the client has already said in the other protocol */
  constructor(context: Context, request: IncomingRequest, client: Socket, first: Buffer) {
    this.#context = context;
    this.#request = request;
    this.#client = client;
    this.#first = first;
  }

  /** Never throws. */
  start(): void {
    const { totals, tunnels } = this.#context;
    totals.requests++;
    totals.inFlight++;
    tunnels.add(this);
    this.#client.once('close', () => this.#clientClosed());
    this.#guard(() => {
      const refusal = this.#request.read(this.#context) ?? this.#refusal;
      if (refusal !== undefined) return this.#refuse(refusal);
      const { gate } = this.#route;
      if (gate === undefined) this.#choose();
      else void gate.admit(this.#request).then((admission) => this.#guard(() => this.#admitted(admission)));
    });
  }

  /** Ends it, whatever it is doing. */
  destroy(): void {
    if (this.#tunnel !== undefined) this.#tunnel.destroy();
    else if (this.#status === 0) this.#client.destroy();
    else breakOff(this.#client);
  }

  send(_lease: Lease, upstream: Upstream): void {
    this.#guard(() => {
      const { path, method, head } = this.#request;
      const headers = [
        ...this.#request.headersFor(this.#route, this.#context),
        ...['Connection', 'Upgrade', 'Upgrade', head.upgrade as string],
      ];
      this.#giveUp = upstream.connections.upgrade(
        { method, path, headers },
        {
          upgraded: (response, socket, first) => this.#guard(() => this.#open(response, socket, first)),
          declined: (response, body) => this.#guard(() => this.#pass(response, body)),
          failed: (failure) => this.#guard(() => this.#fail(failure)),
        },
      );
    });
  }

  /** Nobody was found. */
  failed(error: unknown): void {
    this.#guard(() => this.#refuse(refusalFor(error)));
  }

  get #route(): Route {
    return this.#request.route as Route;
  }

  get #refusal(): Refusal | undefined {
    const { contentLength, isChunked, upgrade } = this.#request.head;
    // A body would stand between the head and the other protocol: each side could take it for the other thing.
    const hasBody = isChunked || contentLength !== undefined;
    return this.#request.method !== 'GET' || hasBody || upgrade === undefined
      ? REFUSALS.badUpgrade
      : undefined;
  }

  #admitted(admission: Admission): void {
    if (this.#isOver) return;
    this.#admission = admission;
    const { refusal } = admission;
    if (refusal === undefined) this.#choose();
    else {
      this.#context.totals.rateLimited++;
      this.#refuse(rateRefusal(refusal));
    }
  }

  #choose(): void {
    this.#attempts = new Attempts(this.#route.pool, this.#request, this.#admission?.session, this);
    this.#attempts.first();
  }

  #open(response: UpgradeHead, backend: Socket, first: Buffer): void {
    const head = readResponseHead(response.headers);
    if (head === undefined || this.#isOver) {
      backend.destroy();
      if (!this.#isOver) this.#fail(unusable());
      return;
    }
    const upgrade = response.protocol ?? (this.#request.head.upgrade as string);
    this.#writeHead(101, response, head, ['Connection', 'Upgrade', 'Upgrade', upgrade]);
    this.#tunnel = new Tunnel(this.#client, backend, (bytes) => this.#end('success', bytes));
    this.#context.tunnels.opened++;
    this.#tunnel.open(this.#first, first, this.#context.timeouts.tunnelMs);
  }

  /** The backend declines: its response goes to the client, and the connection ends with it. */
  #pass(response: UpgradeHead, body: DeclinedBody): void {
    const { status } = response;
    // Whoever says 101 without what belongs to it has not changed the protocol either.
    const head = status < 200 || status > 599 ? undefined : readResponseHead(response.headers);
    if (head === undefined) {
      body.destroy();
      this.#fail(unusable());
      return;
    }
    this.#attempts?.upstream?.meter.statuses.count(status);
    const isFailure = this.#route.pool.isFailure(status);
    if (isFailure && this.#attempts?.retry({ response: { status } })) {
      body.once('error', () => {}).destroy();
      return;
    }
    this.#writeHead(status, response, head, ['Connection', 'close']).passBody(
      body,
      this.#client,
      this.#context.timeouts.writeMs,
      (isWhole, bytesSent) => {
        this.#end(isWhole && !isFailure ? 'success' : 'failure', { bytesReceived: 0, bytesSent });
        if (!isWhole) breakOff(this.#client);
      },
    );
  }

  /** @param more - headers, names and values by turns */
  #writeHead(status: number, { statusText }: UpgradeHead, head: ResponseHead, more: string[]): RawAnswer {
    this.#status = status;
    const headers = [...this.#route.responseHeaders.apply(head.headers), ...more];
    if (this.#admission !== undefined) {
      const { isSecure } = this.#request;
      headers.push(...this.#route.headersOfAdmission(this.#admission, this.#attempts?.backend, isSecure));
    }
    const answer = new RawAnswer(status, statusText, headers);
    answer.writeHead(this.#client);
    return answer;
  }

  #fail(error: BackendFailure): void {
    if (this.#isOver || (!error.isOurs && this.#attempts?.retry({ error }))) return;
    this.#end(error.isOurs ? 'cancelled' : 'failure', undefined, refusalFor(error));
  }

  #refuse(refusal: Refusal): void {
    this.#end('cancelled', undefined, refusal);
  }

  #clientClosed(): void {
    // A tunnel tells of its end by itself.
    if (this.#tunnel !== undefined) return;
    this.#giveUp?.();
    this.#end('cancelled');
  }

  #end(outcome: Outcome, bytes = { bytesReceived: 0, bytesSent: 0 }, refusal?: Refusal): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#attempts?.end(outcome);
    this.#context.tunnels.delete(this);
    if (refusal !== undefined) this.#answer(refusal);
    account(this.#context, this.#request, this.#attempts, {
      status: refusal?.status ?? (outcome === 'cancelled' ? 499 : this.#status),
      durationMs: performance.now() - this.#startedAt,
      ...bytes,
      code: refusal?.code,
    });
  }

  #answer(refusal: Refusal): void {
    const { totals, ids } = this.#context;
    totals.refused(refusal.code);
    const { id, accept, isSecure } = this.#request;
    const more = this.#admission && this.#route.headersOfAdmission(this.#admission, undefined, isSecure);
    RawAnswer.of(refusal, id || ids.idFor(undefined), accept, more).send(this.#client);
  }

  /** A defect in one request must not take the others along. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#context.log.error({ requestId: this.#request.id, error }, 'a request failed for a defect');
      if (this.#status === 0) this.#refuse(REFUSALS.internal);
      else this.destroy();
    }
  }
}

function unusable(): BackendFailure {
  return new BackendFailure(new Error('the response cannot be passed on'), true);
}
