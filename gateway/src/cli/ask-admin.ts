// Asks a running gateway, over its admin listener.
import type { ExplainQuery, GatewayExplanation } from '../contracts.ts';
import { UsageError } from './exit-code.ts';

/** The time limit for the response of a running gateway. */
const TIMEOUT_MS = 5_000;

/**
 * Asks the admin listener of a running gateway to explain a request.
 * @throws UsageError if the address is not a URL; Error without a response, or with one that is not 200
 */
export async function askAdmin(
  admin: string,
  token: string | undefined,
  query: ExplainQuery,
): Promise<GatewayExplanation> {
  if (!/^https?:\/\//.test(admin) || !URL.canParse(admin))
    throw new UsageError(`--admin must be an http or https URL, got ${JSON.stringify(admin)}`);
  const response = await get(explainUrl(admin, query), token);
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && typeof body === 'object' && body !== null) return body as GatewayExplanation;
  if (response.status === 401) throw new Error(`${admin} needs its token: --token or EVENKEEL_ADMIN_TOKEN`);
  const { message = 'the response is not one of an admin listener' } = (body ?? {}) as { message?: string };
  throw new Error(`${admin} answered ${response.status}: ${message}`);
}

function explainUrl(admin: string, { path, host, method, headers = {}, clientAddress }: ExplainQuery): URL {
  const url = new URL('explain', admin.endsWith('/') ? admin : `${admin}/`);
  for (const [name, value] of Object.entries({ path, host, method, clientAddress })) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  for (const [name, value] of Object.entries(headers)) url.searchParams.append('header', `${name}:${value}`);
  return url;
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
