// Asks a running gateway, over its admin listener.
import { UsageError } from './exit-code.ts';

/** The time limit for the response of a running gateway. */
const TIMEOUT_MS = 5_000;

/**
 * Asks the admin listener of a running gateway.
 * @param path - below the address, with its query
 * @throws UsageError if the address is not a URL; Error without a response, or with one that is not 200
 */
export async function askAdmin<Answer extends object>(
  admin: string,
  token: string | undefined,
  path: string,
): Promise<Answer> {
  if (!/^https?:\/\//.test(admin) || !URL.canParse(admin))
    throw new UsageError(`--admin must be an http or https URL, got ${JSON.stringify(admin)}`);
  const url = new URL(path, admin.endsWith('/') ? admin : `${admin}/`);
  const response = await callAdmin(url, { origin: admin, ...(token !== undefined && { token }) });
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === 'object' && body !== null) return body as Answer;
  throw new Error(`${admin} answered ${response.status}: ${STRANGE}`);
}

/** A request to an admin listener, beside its URL. */
export interface AdminCall {
  /** The listener as the user wrote it, for errors. */
  readonly origin: string;
  readonly token?: string;
  readonly init?: RequestInit;
}

const STRANGE = 'the response is not one of an admin listener';

/**
 * Sends a request to an admin listener.
 * @throws Error, of one line, without a response, or with one that is not 2xx
 */
export async function callAdmin(url: URL, { origin, token, init = {} }: AdminCall): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { ...init, headers, signal }).catch((error) => {
    const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    throw new Error(`${origin} does not answer: ${cause?.code ?? cause?.message ?? message}`);
  });
  if (response.ok) return response;
  if (response.status === 401) throw new Error(`${origin} needs its token: set EVENKEEL_ADMIN_TOKEN`);
  const body: unknown = await response.json().catch(() => undefined);
  const { message = STRANGE } = (body ?? {}) as { message?: string };
  throw new Error(`${origin} answered ${response.status}: ${message}`);
}
