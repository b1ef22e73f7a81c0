// An upgrade: one request to change the protocol, from its head to the end of the tunnel.
import type { Socket } from 'node:net';
import type { Outcome, Request, Session } from 'evenkeel';
import type { Sender } from 'evenkeel/internal';
import { breakOff } from '../http1/break-off.ts';
import { refusalFor } from '../local-reply/failure.ts';
import { RawResponse } from '../local-reply/raw-response.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import { isOffered } from '../message/protocols.ts';
import { type ResponseHead, readInterimHead, readResponseHead } from '../message/response-head.ts';
import type { Route } from '../routing/route-table.ts';
import { BackendFailure } from '../upstream/backend-failure.ts';
import type { DeclinedBody, RawHeaders, UpgradeHead } from '../upstream/connections.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { account } from './accounting.ts';
import { admissionHeaders, admit, arrived, type Entrant, enter, sessionOf } from './admission.ts';
import { UpstreamAttempts } from './attempts.ts';
import type { Context } from './context.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { Tunnel } from './tunnel.ts';
import { receiveBody } from './upgrade-body.ts';

/** A response that declines the upgrade. */
interface Declined {
  readonly response: UpgradeHead;
  readonly head: ResponseHead;
  readonly body: DeclinedBody;
}

/**
 * One request to change the protocol, and the resulting tunnel. The lease is held until the tunnel is closed.
 */
export class Upgrade implements Sender<Request>, Entrant {
  readonly request: IncomingRequest;
  /** Not used: the socket reports that the client left. */
  readonly signal = undefined;
  /** Its body, if it has one, is kept. */
  readonly canRepeat = true;
  readonly #context: Context;
  readonly #client: Socket;
  /** Bytes after the head: the rest of them once the body has come. */
  #first: Buffer;
  #body: Buffer | undefined;
  readonly #startedAt = performance.now();
  #attempts: UpstreamAttempts | undefined;
  #giveUp: (() => void) | undefined;
  /** A response that may still go to the client. */
  #kept: Declined | undefined;
  /** The failure of the last attempt, while it may still go to the client. */
  #failure: BackendFailure | undefined;
  #tunnel: Tunnel | undefined;
  #status = 0;
  isOver = false;

  /** @param first - bytes that the client already sent in the other protocol */
  constructor(context: Context, request: IncomingRequest, client: Socket, first: Buffer) {
    this.#context = context;
    this.request = request;
    this.#client = client;
    this.#first = first;
  }

  get session(): Session | undefined {
    return sessionOf(this.request);
  }

  /** Never throws. */
  start(): void {
    arrived(this.#context);
    this.#context.tunnels.add(this);
    this.#client.once('close', () => this.#clientClosed());
    this.guard(() => {
      const refusal = this.request.read(this.#context) ?? this.#refusal ?? enter(this.#context, this.request);
      if (refusal !== undefined) return this.refuse(refusal);
      const { contentLength = 0, expectsContinue } = this.request.head;
      // The body is read before a backend is asked.
      if (expectsContinue && this.#first.length < contentLength)
        new RawResponse(100, '', []).writeHead(this.#client);
      const { bodyMs } = this.#context.timeouts;
      receiveBody(this.#client, this.#first, contentLength, bodyMs, (all) =>
        this.guard(() => {
          if (all === undefined) return this.refuse(REFUSALS.uploadTimeout);
          this.#first = all.rest;
          this.#body = contentLength > 0 ? all.body : undefined;
          admit(this.#context, this);
        }),
      );
    });
  }

  admitted(): void {
    this.#attempts = new UpstreamAttempts(this.#route, this);
    this.#attempts.first();
  }

  /** Ends the upgrade or tunnel at once. */
  destroy(): void {
    if (this.#tunnel !== undefined) this.#tunnel.destroy();
    else if (this.#status === 0) this.#client.destroy();
    else breakOff(this.#client);
  }

  send(): void {
    this.guard(() => {
      const upstream = this.#attempts?.upstream as Upstream;
      this.#drop();
      const { target, method, head } = this.request;
      const passedOn = this.request.headersFor(this.#route, this.#context);
      const headers = [...passedOn.headers, ...['Connection', 'Upgrade', 'Upgrade', head.upgrade.join(', ')]];
      this.#giveUp = upstream.connections.upgrade(
        {
          method,
          path: target,
          ...passedOn,
          headers,
          body: this.#body,
          connectTimeoutMs: this.#attempts?.connectTimeoutMs,
          headTimeoutMs: this.#attempts?.headersTimeoutMs,
        },
        {
          interim: (status, raw) => this.guard(() => this.#passInterim(status, raw)),
          upgraded: (response, socket, first) => this.guard(() => this.#open(response, socket, first)),
          declined: (response, body) => this.guard(() => this.#decline(response, body)),
          failed: (failure) => this.guard(() => this.#fail(failure)),
        },
      );
    });
  }

  stands(): void {
    this.guard(() => {
      const kept = this.#kept;
      this.#kept = undefined;
      if (this.#failure !== undefined) this.#give(this.#failure);
      else if (kept?.body.destroyed === false) this.#passOn(kept);
      else this.#give(unusable());
    });
  }

  /** No backend is available for the request. */
  failed(error: unknown): void {
    this.guard(() => this.refuse(refusalFor(error)));
  }

  refuse(refusal: Refusal): void {
    this.#end('cancelled', undefined, refusal);
  }

  get #route(): Route {
    return this.request.route as Route;
  }

  /** Which of them are tunnels is decided before: see `asksForTunnel`. */
  get #refusal(): Refusal | undefined {
    return this.request.head.upgrade.length === 0 ? REFUSALS.badUpgrade : undefined;
  }

  #passInterim(status: number, raw: RawHeaders): void {
    const headers = this.isOver ? undefined : readInterimHead(raw);
    if (headers !== undefined) new RawResponse(status, '', headers).writeHead(this.#client);
  }

  #open(response: UpgradeHead, backend: Socket, first: Buffer): void {
    const { protocol = '' } = response;
    const isRight = isOffered(protocol, this.request.head.upgrade);
    const head = isRight ? readResponseHead(response.headers) : undefined;
    if (head === undefined || this.isOver) {
      backend.destroy();
      if (!this.isOver) this.#fail(unusable());
      return;
    }
    this.#attempts?.responded(101, false);
    this.#writeHead(101, response, head, ['Connection', 'Upgrade', 'Upgrade', protocol]);
    this.#tunnel = new Tunnel(this.#client, backend, (bytes) => this.#end('success', bytes));
    this.#context.tunnels.opened++;
    const tunnelMs = this.#route.timeouts.tunnelMs ?? this.#context.timeouts.tunnelMs;
    this.#tunnel.open(this.#first, first, tunnelMs);
  }

  /** The backend declined the upgrade. */
  #decline(response: UpgradeHead, body: DeclinedBody): void {
    const { status } = response;
    // A 101 without the required headers is not an upgrade, either.
    const head = status < 200 ? undefined : readResponseHead(response.headers);
    if (head === undefined) {
      body.destroy();
      this.#fail(unusable());
      return;
    }
    this.#attempts?.upstream?.meter.statuses.count(status);
    const verdict = this.#attempts?.responded(status, this.#route.isFailure(status)) ?? 'stands';
    const declined = { response, head, body };
    if (verdict === 'stands') {
      this.#passOn(declined);
      return;
    }
    body.once('error', () => {});
    if (verdict === 'queued') this.#kept = declined;
    else body.destroy();
  }

  /** Passes a declining response on to the client. The connection is closed after it. */
  #passOn({ response, head, body }: Declined): void {
    const outcome = this.#attempts?.outcome ?? 'success';
    this.#writeHead(response.status, response, head, ['Connection', 'close']).passBody(
      body,
      this.#client,
      this.#context.timeouts.writeMs,
      (isWhole, bytesSent) => {
        this.#end(isWhole ? outcome : 'failure', { bytesReceived: 0, bytesSent });
        if (!isWhole) breakOff(this.#client);
      },
    );
  }

  /** @param more - additional headers: a flat list of names and values */
  #writeHead(status: number, { statusText }: UpgradeHead, head: ResponseHead, more: string[]): RawResponse {
    this.#status = status;
    const { responseRewrite, responseHeaders } = this.#route;
    responseRewrite?.apply(head.headers, this.request, this.#attempts?.upstream?.url ?? '');
    const headers = [...responseHeaders.apply(head.headers), ...more];
    headers.push(...admissionHeaders(this.request, this.#attempts?.backend?.id));
    const response = new RawResponse(status, statusText, headers);
    response.writeHead(this.#client);
    return response;
  }

  #fail(error: BackendFailure): void {
    if (this.isOver) return;
    const verdict = this.#attempts?.failed(error, error.failure);
    if (verdict === 'retried' || verdict === 'queued') this.#failure = error;
    else this.#give(error);
  }

  #give(error: BackendFailure): void {
    const refusal = this.#attempts?.refusalFor(error, this.request.method) ?? refusalFor(error);
    this.#end(error.outcome, undefined, refusal);
  }

  #drop(): void {
    this.#kept?.body.destroy();
    this.#kept = undefined;
    this.#failure = undefined;
  }

  #clientClosed(): void {
    // A tunnel reports its own end.
    if (this.#tunnel !== undefined) return;
    this.#giveUp?.();
    this.#end('cancelled');
  }

  #end(outcome: Outcome, bytes = { bytesReceived: 0, bytesSent: 0 }, refusal?: Refusal): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#drop();
    this.#attempts?.end(outcome);
    this.#context.tunnels.delete(this);
    if (refusal !== undefined) this.#reply(refusal);
    account(this.#context, this.request, this.#attempts, {
      status: refusal?.status ?? (outcome === 'cancelled' ? 499 : this.#status),
      durationMs: performance.now() - this.#startedAt,
      ...bytes,
      code: refusal?.code,
    });
  }

  #reply(refusal: Refusal): void {
    const { totals, ids } = this.#context;
    totals.refused(refusal.code);
    const { id, accept } = this.request;
    const more = admissionHeaders(this.request, undefined);
    const rules = this.request.route?.responseHeaders;
    RawResponse.of(refusal, id || ids.idFor(undefined), accept, more, rules).send(this.#client);
  }

  /** Runs a step. An exception, which is a defect, ends this request and no other one. */
  guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#context.log.error({ requestId: this.request.id, error }, 'a request failed for a defect');
      if (this.#status === 0) this.refuse(REFUSALS.internal);
      else this.destroy();
    }
  }
}

function unusable(): BackendFailure {
  return new BackendFailure(new Error('the response cannot be passed on'), true);
}
