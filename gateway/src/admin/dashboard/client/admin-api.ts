// The calls of the admin listener, relative to the page.
import type { GatewayExplanation, GatewayStats } from '../../../contracts.ts';
import { TokenStore } from './token-store.ts';

/** Why a call failed; the status is 0 without a response. */
export type ApiError = Error & { readonly status: number };

/** A backend as a change names it. */
export interface BackendName {
  readonly pool: string;
  readonly id: string;
}

/** A backend to add. */
export interface NewBackend {
  readonly pool: string;
  readonly url: string;
  readonly id?: string;
  readonly weight?: number;
}

/** Statistics, and the gateway's clock at that moment. */
export interface Report {
  readonly stats: GatewayStats;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const TIMEOUT_MS = 10_000;

/** Calls the gateway. Every call rejects with an {@link ApiError} unless it succeeded. */
export class AdminApi {
  readonly #tokens = new TokenStore();
  readonly #onUnauthorized: (hadToken: boolean) => void;

  /** @param onUnauthorized - called if a call was refused because the token is missing or wrong */
  constructor(onUnauthorized: (hadToken: boolean) => void) {
    this.#onUnauthorized = onUnauthorized;
  }

  get hasToken(): boolean {
    return this.#tokens.token !== undefined;
  }

  setToken(token: string | undefined): void {
    this.#tokens.set(token);
  }

  async stats(): Promise<Report> {
    const { value, response } = await this.#get<GatewayStats>('stats');
    const now = Date.parse(response.headers.get('date') ?? '');
    return { stats: value, now: Number.isNaN(now) ? Date.now() : now };
  }

  async explain(query: URLSearchParams): Promise<GatewayExplanation> {
    return (await this.#get<GatewayExplanation>(`explain?${query}`)).value;
  }

  async add(backend: NewBackend): Promise<void> {
    await this.#call('POST', 'backends', backend);
  }

  async remove({ pool, id }: BackendName): Promise<void> {
    await this.#call('DELETE', `backends?${new URLSearchParams({ pool, id })}`);
  }

  async drain({ pool, id }: BackendName): Promise<void> {
    await this.#call('POST', 'drain', { pool, id });
  }

  async resume({ pool, id }: BackendName): Promise<void> {
    await this.#call('POST', 'resume', { pool, id });
  }

  async setWeight({ pool, id }: BackendName, weight: number): Promise<void> {
    await this.#call('POST', 'weight', { pool, id, weight });
  }

  async #get<T>(path: string): Promise<{ value: T; response: Response }> {
    const { response, text } = await this.#call('GET', path);
    try {
      return { value: JSON.parse(text) as T, response };
    } catch {
      throw apiError(response.status, 'the response is not JSON');
    }
  }

  async #call(method: string, path: string, body?: object): Promise<{ response: Response; text: string }> {
    const hadToken = this.hasToken;
    const { response, text } = await send(path, {
      method,
      headers: this.#headersOf(method),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.status === 401) this.#onUnauthorized(hadToken);
    if (!response.ok) throw apiError(response.status, messageOf(response.status, text));
    return { response, text };
  }

  #headersOf(method: string): Headers {
    const headers = new Headers({ accept: 'application/json' });
    if (this.#tokens.token !== undefined) headers.set('authorization', `Bearer ${this.#tokens.token}`);
    if (method === 'GET') return headers;
    headers.set('content-type', 'application/json');
    // A page of another site cannot send this one.
    headers.set('x-evenkeel-admin', '1');
    return headers;
  }
}

async function send(path: string, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(path, { cache: 'no-store', redirect: 'error', signal, ...init });
    return { response, text: await response.text() };
  } catch (error) {
    const isLate = (error as Error).name === 'TimeoutError';
    throw apiError(0, isLate ? 'the gateway took too long to answer' : 'the gateway does not answer');
  }
}

function messageOf(status: number, text: string): string {
  try {
    const { message } = JSON.parse(text);
    if (typeof message === 'string' && message !== '') return message;
  } catch {
    // A proxy between the page and the gateway has answered.
  }
  return `the response has status ${status}`;
}

function apiError(status: number, message: string): ApiError {
  return Object.assign(new Error(message), { status });
}
