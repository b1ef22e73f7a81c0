import { attemptFailure } from '../../http/attempt-failure.ts';
import { targetUrl } from '../../http/target.ts';
import { type Backend, type Lease, type Outcome, type Request, UpstreamTimeoutError } from '../../index.ts';
import { type AttemptFailure, Attempts, type Sender } from '../../internal.ts';
import type { ClientPool } from '../clients/client-pool.ts';
import { leasedResponse } from './leased-response.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

/** The parts that all calls share. */
export interface FetchCallParts {
  readonly pool: ClientPool;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Time limit for the head of one backend's response, in milliseconds. */
  readonly timeoutMs: number | undefined;
}

/** The result of an attempt: a response, or an error. */
interface Result {
  readonly response?: Response;
  readonly error?: unknown;
}

/** One request through the pool, to the last byte of its response. */
export class FetchCall implements Sender<Request> {
  readonly session = undefined;
  readonly request: OutgoingRequest;
  readonly #parts: FetchCallParts;
  readonly #attempts: Attempts<Request>;
  readonly #leave = () => this.#stop(this.signal?.reason);
  /** Aborts the current attempt or wait when the caller leaves. */
  #stop: (reason: unknown) => void = ignore;
  /** The last result, while it may still go to the caller. */
  #result: Result = {};
  #resolve: (response: Response) => void = ignore;
  #reject: (error: unknown) => void = ignore;

  constructor(parts: FetchCallParts, request: OutgoingRequest) {
    this.#parts = parts;
    this.request = request;
    this.#attempts = new Attempts(parts.pool, this);
    this.signal?.addEventListener('abort', this.#leave);
  }

  /** The signal of the caller. */
  get signal(): AbortSignal | undefined {
    return this.request.signal;
  }

  get canRepeat(): boolean {
    return this.request.canRepeat;
  }

  /**
   * Gets the response, as `fetch` does. To be called once.
   * @throws the signal's reason if the caller left, UpstreamTimeoutError if the time was up, NoBackendError
   * if no backend is available
   */
  start(): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#guard(() => this.#attempts.first());
    });
  }

  send({ backend }: Lease): void {
    this.#drop();
    void this.#attempt(backend).then((result) => this.#guard(() => this.#take(result)));
  }

  stands(): void {
    const { response, error } = this.#result;
    if (response === undefined) this.#fail(error);
    else this.#guard(() => this.#passOn(response));
  }

  failed(error: unknown): void {
    this.#drop();
    this.#fail(error);
  }

  async #attempt({ url }: Backend): Promise<Result> {
    const { pool, fetch, timeoutMs } = this.#parts;
    const controller = new AbortController();
    this.#stop = (reason) => controller.abort(reason);
    const giveUp = () => controller.abort(new UpstreamTimeoutError(`no response within ${timeoutMs} ms`));
    const cancelTimer = timeoutMs === undefined ? undefined : pool.env.timers.schedule(giveUp, timeoutMs);
    try {
      return {
        response: await fetch(targetUrl(url, this.request.path), this.request.init(controller.signal)),
      };
    } catch (error) {
      return { error: controller.signal.aborted ? controller.signal.reason : error };
    } finally {
      cancelTimer?.();
    }
  }

  #take(result: Result): void {
    const { response, error } = result;
    this.#result = result;
    const verdict =
      response === undefined
        ? this.#attempts.failed(error, this.#failureOf(error))
        : this.#attempts.responded(response.status, this.#parts.pool.isFailure(response.status));
    if (verdict === 'stands') this.stands();
    else if (verdict === 'retried') this.#drop();
  }

  #failureOf(error: unknown): AttemptFailure {
    return this.request.hasBodyFailed ? 'cancelled' : attemptFailure(error);
  }

  #drop(): void {
    this.#result.response?.body?.cancel().catch(ignore);
    this.#result = {};
  }

  #passOn(received: Response): void {
    const { response, fail } = leasedResponse(received, {
      complete: () => this.#end(),
      broken: () => this.#end(this.#isCallersDoing ? 'cancelled' : 'failure'),
      unwanted: () => this.#end('cancelled'),
    });
    const abort = this.#stop;
    this.#stop = (reason) => {
      this.#end('cancelled');
      abort(reason);
      fail(reason);
    };
    const resolve = this.#resolve;
    this.#forget();
    resolve(response);
  }

  /**
   * The promise refers to the response, so it is dropped here: otherwise a response that is never read could
   * not be garbage-collected.
   */
  #forget(): void {
    this.#result = {};
    this.#resolve = ignore;
    this.#reject = ignore;
  }

  get #isCallersDoing(): boolean {
    return this.signal?.aborted === true || this.request.hasBodyFailed;
  }

  #fail(error: unknown): void {
    this.#end();
    this.#reject(this.signal?.aborted ? this.signal.reason : error);
  }

  /** @param outcome - if it differs from the outcome that the attempts recorded */
  #end(outcome?: Outcome): void {
    this.signal?.removeEventListener('abort', this.#leave);
    this.#attempts.end(outcome);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#end(this.#isCallersDoing ? 'cancelled' : 'failure');
      this.failed(error);
    }
  }
}

function ignore(): void {}
