import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Admission, Lease, Outcome } from '../../index.ts';
import { account } from '../forwarding/accounting.ts';
import { type AnswerHead, readAnswerHead } from '../forwarding/answer-head.ts';
import { Attempts, type Sender } from '../forwarding/attempts.ts';
import type { ClientConnection } from '../forwarding/client-connection.ts';
import type { Context } from '../forwarding/context.ts';
import { AttemptError, refusalFor } from '../forwarding/failure.ts';
import { IncomingRequest } from '../forwarding/incoming-request.ts';
import { REFUSALS, type Refusal } from '../forwarding/refusal.ts';
import type { Route } from '../routing/route-table.ts';
import type { Upstream } from '../routing/upstream.ts';
import { shakeHands } from './handshake.ts';
import { RawAnswer } from './raw-answer.ts';
import { Tunnel } from './tunnel.ts';

/** One request to change the protocol, and the tunnel that comes of it; its lease is held until that is closed. */
export class Upgrade implements Sender {
  readonly #context: Context;
  readonly #client: Duplex;
  readonly #first: Buffer;
  readonly #request: IncomingRequest;
  readonly #startedAt = performance.now();
  #admission: Admission | undefined;
  #attempts: Attempts | undefined;
  #upstream: Upstream | undefined;
  #backend: string | undefined;
  #giveUp: (() => void) | undefined;
  #tunnel: Tunnel | undefined;
  #status = 0;
  #code: string | undefined;
  #isOver = false;

  /** @param first - what the client has already said in the other protocol */
  constructor(
    context: Context,
    message: IncomingMessage,
    client: Duplex,
    first: Buffer,
    connection: ClientConnection,
  ) {
    this.#context = context;
    this.#client = client;
    this.#first = first;
    this.#request = new IncomingRequest({
      connection,
      version: message.httpVersion as '1.1',
      method: message.method as string,
      target: message.url as string,
      rawHeaders: message.rawHeaders,
    });
  }

  /** Never throws. */
  start(): void {
    const { totals, tunnels } = this.#context;
    totals.requests++;
    totals.inFlight++;
    tunnels.add(this);
    this.#client.on('error', () => this.#client.destroy());
    this.#client.once('close', () => this.#clientClosed());
    const refusal = this.#request.read(this.#context) ?? this.#refusal;
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    const { gate } = this.#route;
    if (gate === undefined) this.#choose();
    else void gate.admit(this.#request).then((admission) => this.#admitted(admission));
  }

  /** Ends it, whatever it is doing. */
  destroy(): void {
    this.#client.destroy();
    this.#tunnel?.destroy();
  }

  send(lease: Lease, upstream: Upstream): void {
    this.#upstream = upstream;
    this.#backend = lease.backend.id;
    const { path, method, head } = this.#request;
    const headers = this.#request.headersFor(this.#route, this.#context);
    headers.push('Connection', 'Upgrade', 'Upgrade', head.upgrade as string);
    this.#giveUp = shakeHands({ method, path, headers }, upstream, this.#route.pool.config, {
      upgraded: (answer, socket, first) => this.#open(answer, socket, first),
      answered: (answer) => this.#pass(answer),
      failed: (error, wasSent) => {
        const failure = new AttemptError(error, wasSent);
        if (!this.#attempts?.retry({ error: failure })) this.#fail(failure);
      },
    });
  }

  /** Nobody was found. */
  failed(error: unknown): void {
    this.#refuse(refusalFor(error));
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
      this.#refuse({ status: refusal.status, code: refusal.code, message: refusal.message });
    }
  }

  #choose(): void {
    this.#attempts = new Attempts(this.#route.pool, this.#request, this.#admission?.session, this);
    this.#attempts.first();
  }

  #open(answer: IncomingMessage, backend: Duplex, first: Buffer): void {
    const head = readAnswerHead(answer.rawHeaders);
    if (head === undefined || this.#isOver) {
      backend.destroy();
      if (!this.#isOver) this.#fail(new AttemptError(new Error('the answer cannot be passed on'), true));
      return;
    }
    this.#status = 101;
    const upgrade = answer.headers.upgrade ?? (this.#request.head.upgrade as string);
    const headers = [...this.#finish(head), 'Connection', 'Upgrade', 'Upgrade', upgrade];
    new RawAnswer(101, answer.statusMessage ?? '', headers).writeHead(this.#client);
    this.#tunnel = new Tunnel(this.#client, backend, ({ bytesReceived, bytesSent }) => {
      this.#end('success', bytesReceived, bytesSent);
    });
    this.#context.tunnels.opened++;
    this.#tunnel.open(this.#first, first, this.#context.timeouts.tunnelMs);
  }

  /** The backend would rather not: its answer goes to the client, and the connection ends with it. */
  #pass(answer: IncomingMessage): void {
    const head = readAnswerHead(answer.rawHeaders);
    if (head === undefined) {
      answer.destroy();
      this.#fail(new AttemptError(new Error('the answer cannot be passed on'), true));
      return;
    }
    this.#status = answer.statusCode as number;
    this.#upstream?.meter.statuses.count(this.#status);
    const raw = new RawAnswer(this.#status, answer.statusMessage ?? '', [
      ...this.#finish(head),
      'Connection',
      'close',
    ]);
    raw.writeHead(this.#client);
    raw.passBody(answer, this.#client, (isWhole, bytes) => {
      this.#end(isWhole ? 'success' : 'failure', 0, bytes);
      if (!isWhole) this.#client.destroy();
    });
  }

  /** The headers of an answer as the client gets them. */
  #finish(head: AnswerHead): string[] {
    const headers = this.#route.responseHeaders.apply(head.headers);
    if (this.#admission === undefined) return headers;
    const { isSecure } = this.#request;
    return [...headers, ...this.#route.headersOfAdmission(this.#admission, this.#backend, isSecure)];
  }

  #fail(error: AttemptError): void {
    const refusal = refusalFor(error);
    this.#end('failure', 0, 0, refusal);
  }

  #refuse(refusal: Refusal): void {
    this.#end('cancelled', 0, 0, refusal);
  }

  #clientClosed(): void {
    this.#giveUp?.();
    this.#end('cancelled', 0, 0);
  }

  #end(outcome: Outcome, bytesReceived: number, bytesSent: number, refusal?: Refusal): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#attempts?.end(outcome);
    const { totals, tunnels, ids } = this.#context;
    tunnels.delete(this);
    if (refusal !== undefined) {
      this.#status = refusal.status;
      this.#code = refusal.code;
      totals.refused(refusal.code);
      const more =
        this.#admission === undefined
          ? []
          : this.#route.headersOfAdmission(this.#admission, undefined, false);
      RawAnswer.of(refusal, this.#request.id || ids.idFor(undefined), more).send(this.#client);
    }
    account(this.#context, this.#request, {
      status: this.#status === 0 ? 499 : this.#status,
      backend: this.#backend,
      attempts: this.#attempts?.made ?? 0,
      durationMs: performance.now() - this.#startedAt,
      bytesReceived,
      bytesSent,
      code: this.#code,
    });
  }
}
