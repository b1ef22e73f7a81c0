import { REFUSALS } from '../local-reply/refusal.ts';
import type { Context, UnderWay } from './context.ts';

const INTERVAL_MS = 1_000;
/** An upload that was waited for for so long must have come on at this rate. */
const GRACE_MS = 30_000;
const MIN_BYTES_PER_SECOND = 100;

/** How far a request had come when it last moved. */
interface Progress {
  lookedAt: number;
  /** Milliseconds for which its body was waited for. */
  awaitedMs: number;
  received: number;
  receivedAt: number;
  sent: number;
  sentAt: number;
  /** Since when it has had a connection, or has waited for one. */
  connectedAt: number;
}

/**
 * Ends requests whose client does not move: one that sends nothing of its body, or next to nothing, and one
 * that takes nothing of its answer; and attempts that get no connection. Lets no head wait for its body any
 * longer. One timer for all of them; a request that is over within a second never meets it.
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
