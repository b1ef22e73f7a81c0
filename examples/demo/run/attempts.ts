import {
  FetchHTTPService,
  type HTTPService,
  type Request,
  type Response,
  type SendOptions,
  UpstreamTimeoutError,
} from '../../../src/index.ts';

/** What may go wrong with an attempt: no connection, one that broke, no answer in time, or the server's own fault. */
export type FailureKind = 'refused' | 'broken' | 'timedOut' | 'status5xx';

/** An attempt that failed. */
export interface FailedAttempt {
  readonly kind: FailureKind;
  /** The backend's base URL. */
  readonly origin: string;
  /** In milliseconds of the platform's clock. */
  readonly at: number;
}

/** The HTTP service of the demo: sends by `fetch`, and notes what fails on the way. Health checks are not requests. */
export class AttemptLog implements HTTPService {
  readonly failed: FailedAttempt[] = [];
  readonly #service = new FetchHTTPService();

  async sendRequest(url: string, request: Request, options?: SendOptions): Promise<Response> {
    try {
      const response = await this.#service.sendRequest(url, request, options);
      if (response.status >= 500) this.#note(url, 'status5xx');
      return response;
    } catch (error) {
      this.#note(url, kindOf(error));
      throw error;
    }
  }

  #note(url: string, kind: FailureKind): void {
    const { origin, pathname } = new URL(url);
    if (pathname !== '/health') this.failed.push({ kind, origin, at: performance.now() });
  }
}

function kindOf(error: unknown): FailureKind {
  if (error instanceof UpstreamTimeoutError) return 'timedOut';
  return codesOf(error).includes('ECONNREFUSED') ? 'refused' : 'broken';
}

/** The system's error codes of an error and its causes. */
function codesOf(error: unknown): unknown[] {
  return error instanceof Error ? [(error as NodeJS.ErrnoException).code, ...codesOf(error.cause)] : [];
}
