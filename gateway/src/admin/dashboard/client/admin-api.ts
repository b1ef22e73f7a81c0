import type { GatewayExplanation, GatewayStats } from '../../../contracts.ts';

/** Why a call came to nothing; 0 is the status where nobody answered. */
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

export type AdminApi = ReturnType<typeof adminApi>;

/**
 * The calls of the admin listener, relative to the page.
 * @param onUnauthorized - told where a call was refused for want of the right token
 */
export function adminApi(onUnauthorized: (hadToken: boolean) => void) {
  const STORED_AS = 'evenkeel-admin-token';
  const TIMEOUT_MS = 10_000;
  let token = stored();

  /** Browsers that keep nothing throw here; the token then lasts as long as the page. */
  function stored(): string | undefined {
    try {
      return sessionStorage.getItem(STORED_AS) ?? undefined;
    } catch {
      return undefined;
    }
  }

  function setToken(next: string | undefined): void {
    token = next;
    try {
      if (next === undefined) sessionStorage.removeItem(STORED_AS);
      else sessionStorage.setItem(STORED_AS, next);
    } catch {
      // As above.
    }
  }

  const failure = (status: number, message: string): ApiError =>
    Object.assign(new Error(message), { status });

  function messageOf(status: number, text: string): string {
    try {
      const { message } = JSON.parse(text);
      if (typeof message === 'string' && message !== '') return message;
    } catch {
      // Not ours: something between the page and the gateway has answered.
    }
    return `the answer was status ${status}`;
  }

  async function send(path: string, init: RequestInit): Promise<{ response: Response; text: string }> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(path, { cache: 'no-store', redirect: 'error', signal, ...init });
      return { response, text: await response.text() };
    } catch (error) {
      const isLate = (error as Error).name === 'TimeoutError';
      throw failure(0, isLate ? 'the gateway took too long to answer' : 'the gateway does not answer');
    }
  }

  async function call(method: string, path: string, body?: object) {
    const headers = new Headers({ accept: 'application/json' });
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    if (method !== 'GET') {
      headers.set('content-type', 'application/json');
      headers.set('x-evenkeel-admin', '1');
    }
    const hadToken = token !== undefined;
    const { response, text } = await send(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.status === 401) onUnauthorized(hadToken);
    if (!response.ok) throw failure(response.status, messageOf(response.status, text));
    return { response, text };
  }

  async function get<T>(path: string): Promise<{ value: T; response: Response }> {
    const { response, text } = await call('GET', path);
    try {
      return { value: JSON.parse(text) as T, response };
    } catch {
      throw failure(response.status, 'the answer was not JSON');
    }
  }

  async function change(method: string, path: string, body?: object): Promise<void> {
    await call(method, path, body);
  }

  return {
    setToken,
    hasToken: () => token !== undefined,
    async stats(): Promise<Report> {
      const { value, response } = await get<GatewayStats>('stats');
      const now = Date.parse(response.headers.get('date') ?? '');
      return { stats: value, now: Number.isNaN(now) ? Date.now() : now };
    },
    async explain(query: URLSearchParams): Promise<GatewayExplanation> {
      return (await get<GatewayExplanation>(`explain?${query}`)).value;
    },
    add: (backend: NewBackend) => change('POST', 'backends', backend),
    remove: ({ pool, id }: BackendName) => change('DELETE', `backends?${new URLSearchParams({ pool, id })}`),
    drain: ({ pool, id }: BackendName) => change('POST', 'drain', { pool, id }),
    resume: ({ pool, id }: BackendName) => change('POST', 'resume', { pool, id }),
    setWeight: ({ pool, id }: BackendName, weight: number) => change('POST', 'weight', { pool, id, weight }),
  };
}
