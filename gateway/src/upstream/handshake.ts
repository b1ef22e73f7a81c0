// One request to change the protocol, told in the terms of the gateway.
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { ClientCall, ResponseHandler } from '../http1/client-call.ts';
import { ROLE } from '../http1/field-role.ts';
import type { ResponseParser } from '../http1/parse-response.ts';
import { BackendFailure } from './backend-failure.ts';
import type { DeclinedBody, UpgradeEvents, UpgradeHead } from './connections.ts';

/** Hears of the request, and passes on one of its ends. */
export class Handshake implements ResponseHandler {
  readonly #events: UpgradeEvents;
  #call: ClientCall | undefined;
  #body: DeclinedStream | undefined;

  constructor(events: UpgradeEvents) {
    this.#events = events;
  }

  started(call: ClientCall): void {
    this.#call = call;
  }

  interim(head: ResponseParser): void {
    this.#events.interim(head.status, head.rawHeaders());
  }

  upgraded(head: ResponseParser, socket: Socket, first: Buffer): void {
    this.#events.upgraded(headOf(head), socket, first);
  }

  head(head: ResponseParser): boolean {
    const body = new DeclinedStream(this.#call as ClientCall);
    this.#body = body;
    this.#events.declined(headOf(head), body);
    return true;
  }

  data(chunk: Buffer): boolean {
    return this.#body?.push(Buffer.from(chunk)) !== false;
  }

  end(): void {
    if (this.#body === undefined) return;
    this.#body.complete = true;
    this.#body.push(null);
  }

  failed(error: Error, isSent: boolean): void {
    if (this.#body === undefined) this.#events.failed(new BackendFailure(error, isSent));
    else this.#body.destroy(error);
  }
}

function headOf(head: ResponseParser): UpgradeHead {
  const { status, statusText } = head;
  return { status, statusText, headers: head.rawHeaders(), protocol: head.value(ROLE.UPGRADE) };
}

/** The body of a response that declines. */
class DeclinedStream extends Readable implements DeclinedBody {
  complete = false;
  readonly #call: ClientCall;

  constructor(call: ClientCall) {
    super();
    this.#call = call;
  }

  override _read(): void {
    this.#call.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#call.abort();
    done(error);
  }
}
