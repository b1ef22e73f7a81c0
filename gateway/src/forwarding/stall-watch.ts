// Watches for stalled requests.

import { REFUSALS } from '../local-reply/refusal.ts';
import type { Context, UnderWay } from './context.ts';

const INTERVAL_MS = 1_000;
/** The least rate of an upload, measured over this time of waiting for it. */
const GRACE_MS = 30_000;
const MIN_BYTES_PER_SECOND = 100;

/** The progress of a request when it last advanced. */
interface Progress {
  lookedAt: number;
  /** Time of waiting for its body, in milliseconds. */
  awaitedMs: number;
  received: number;
  receivedAt: number;
  sent: number;
  sentAt: number;
  /** Since when it has had a connection or waited for one. */
  connectedAt: number;
}

/**
 * Ends stalled requests: the client sends its body too slowly or not at all, or does not read its response;
 * and attempts that get no connection. It also flushes response heads that wait for their bodies, and moves
 * requests on that wait for a backend that has fallen ill. One timer
 * serves all requests; requests of less than a second are never visited.
 */
export class StallWatch {
  readonly #context: () => Context;
  readonly #progress = new WeakMap<UnderWay, Progress>();
  readonly #timer: NodeJS.Timeout;

  constructor(context: () => Context) {
    this.#context = context;
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { exchanges, timeouts } = this.#context();
    const now = performance.now();
    for (const exchange of exchanges) {
      exchange.client.flushHead();
      exchange.moveOn();
      const { upload, client, attempt, bytesSent } = exchange;
      const received = upload?.received ?? 0;
      let progress = this.#progress.get(exchange);
      if (progress === undefined) {
        const moved = { receivedAt: now, sentAt: now, connectedAt: now };
        progress = { lookedAt: now, awaitedMs: 0, received, sent: bytesSent, ...moved };
        this.#progress.set(exchange, progress);
      }
      const isAwaited = upload?.isAwaited === true;
      if (isAwaited) progress.awaitedMs += now - progress.lookedAt;
      progress.lookedAt = now;
      if (received !== progress.received || !isAwaited) {
        progress.received = received;
        progress.receivedAt = now;
      }
      if (bytesSent !== progress.sent || !client.isBlocked) {
        progress.sent = bytesSent;
        progress.sentAt = now;
      }
      if (attempt === undefined || attempt.isStarted) progress.connectedAt = now;
      else if (now - progress.connectedAt >= attempt.patienceMs) attempt.expire();
      const { awaitedMs } = progress;
      const isDripping =
        isAwaited && awaitedMs > GRACE_MS && received < (MIN_BYTES_PER_SECOND * awaitedMs) / 1_000;
      if (isDripping || now - progress.receivedAt >= timeouts.bodyMs) exchange.refuse(REFUSALS.uploadTimeout);
      else if (now - progress.sentAt >= timeouts.writeMs) client.abort();
    }
  }
}
