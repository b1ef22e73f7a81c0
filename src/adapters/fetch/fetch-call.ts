import { isUnsent } from '../../http/unsent.ts';
import { type Backend, type Outcome, UpstreamTimeoutError } from '../../index.ts';
import { isCallersMistake } from '../clients/callers-mistake.ts';
import type { ClientPool } from '../clients/client-pool.ts';
import { Exchange } from '../clients/exchange.ts';
import { leasedResponse } from './leased-response.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

/** What a {@link FetchCall} works with. */
export interface FetchCallParts {
  readonly pool: ClientPool;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds for the head of one backend's answer. */
  readonly timeoutMs: number | undefined;
}

/** One request through the pool, to the last byte of its answer. */
export class FetchCall {
  readonly #parts: FetchCallParts;
  readonly #request: OutgoingRequest;
  readonly #exchange: Exchange;
  /** Ends what is under way when the caller leaves. */
  #stop: (reason: unknown) => void = () => {};
  readonly #leave = () => this.#stop(this.#request.signal?.reason);

  constructor(parts: FetchCallParts, request: OutgoingRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#exchange = new Exchange(parts.pool, request);
    request.signal?.addEventListener('abort', this.#leave);
  }

  /**
   * Rejects as `fetch` does.
   * @throws the signal's reason where the caller left, UpstreamTimeoutError where time was up, NoBackendError where there is none
   */
  async send(): Promise<Response> {
    const { signal } = this.#request;
    try {
      signal?.throwIfAborted();
      let backend = await this.#exchange.first(signal);
      for (;;) {
        const answer = await this.#attempt(backend);
        const next = signal?.aborted ? undefined : this.#next(answer);
        if (next === undefined) return this.#passOn(answer);
        backend = next.backend;
        answer.response?.body?.cancel().catch(() => {});
        await this.#pause(next.delayMs);
        signal?.throwIfAborted();
      }
    } catch (error) {
      this.#exchange.note(error);
      this.#end(this.#isCallersDoing || isCallersMistake(error) ? 'cancelled' : 'failure');
      throw error;
    }
  }

  #next({ response, error }: Answer): ReturnType<Exchange['next']> {
    const { canRepeat } = this.#request;
    if (response !== undefined) return this.#exchange.next({ status: response.status }, canRepeat);
    if (isCallersMistake(error)) return undefined;
    // Whether a stream was begun, no platform tells.
    return this.#exchange.next({ error, isUnsent: canRepeat && isUnsent(error) }, canRepeat);
  }

  get #isCallersDoing(): boolean {
    return this.#request.signal?.aborted === true || this.#request.hasBodyFailed;
  }

  async #attempt({ url }: Backend): Promise<Answer> {
    const { pool, fetch, timeoutMs } = this.#parts;
    const controller = new AbortController();
    this.#stop = (reason) => controller.abort(reason);
    const giveUp = () => controller.abort(new UpstreamTimeoutError(`no answer within ${timeoutMs} ms`));
    const cancelTimer = timeoutMs === undefined ? undefined : pool.env.timers.schedule(giveUp, timeoutMs);
    try {
      return { response: await fetch(url + this.#request.path, this.#request.init(controller.signal)) };
    } catch (error) {
      return { error: controller.signal.aborted ? controller.signal.reason : error };
    } finally {
      cancelTimer?.();
    }
  }

  /** Until the time has come, or the caller leaves. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancelTimer = this.#parts.pool.env.timers.schedule(resolve, delayMs);
      this.#stop = () => {
        cancelTimer();
        resolve();
      };
    });
  }

  #passOn(answer: Answer): Response {
    if (answer.response === undefined) throw answer.error;
    const outcome = this.#parts.pool.isFailure(answer.response.status) ? 'failure' : 'success';
    const { response, fail } = leasedResponse(answer.response, {
      complete: () => this.#end(outcome),
      broken: () => this.#end(this.#isCallersDoing ? 'cancelled' : 'failure'),
      unwanted: () => this.#end('cancelled'),
    });
    const abort = this.#stop;
    this.#stop = (reason) => {
      this.#end('cancelled');
      abort(reason);
      fail(reason);
    };
    return response;
  }

  #end(outcome: Outcome): void {
    this.#request.signal?.removeEventListener('abort', this.#leave);
    this.#exchange.end(outcome);
  }
}

type Answer =
  | { readonly response: Response; readonly error?: undefined }
  | { readonly response?: undefined; readonly error: unknown };
