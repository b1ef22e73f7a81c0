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
  const response = await get(new URL(path, admin.endsWith('/') ? admin : `${admin}/`), token);
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && typeof body === 'object' && body !== null) return body as Answer;
  if (response.status === 401) throw new Error(`${admin} needs its token: --token or EVENKEEL_ADMIN_TOKEN`);
  const { message = 'the response is not one of an admin listener' } = (body ?? {}) as { message?: string };
  throw new Error(`${admin} answered ${response.status}: ${message}`);
}

async function get(url: URL, token: string | undefined): Promise<Response> {
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  try {
    return await fetch(url, { ...(headers && { headers }), signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    throw new Error(`${url.origin} does not answer: ${cause?.code ?? cause?.message ?? message}`);
  }
}
