// Writes a refusal as a response.
import { STATUS_CODES } from 'node:http';
import { refusalJson, retryAfter } from 'evenkeel/internal';
import type { Refusal } from './refusal.ts';

/** A local reply. */
export interface RefusalResponse {
  readonly statusText: string;
  /** Names and values by turns. */
  readonly headers: string[];
  readonly body: Buffer;
}

/**
 * A refusal as JSON `{ code, message, requestId }`, or as plain text if the client prefers that.
 * @param accept - the header `Accept` (RFC 9110 section 12.5.1)
 */
export function refusalResponse(
  refusal: Refusal,
  requestId: string,
  accept: string | undefined,
): RefusalResponse {
  const { status, code, message, retryAfterMs, headers: more = [] } = refusal;
  const isText = prefersText(accept);
  const text = isText ? `${message} (${code}, request ${requestId})\n` : refusalJson(refusal, requestId);
  const body = Buffer.from(text);
  const headers = [
    ...['Content-Type', isText ? 'text/plain; charset=utf-8' : 'application/json'],
    ...['Content-Length', String(body.length)],
    ...['Cache-Control', 'no-store'],
    ...['X-Request-Id', requestId],
    ...['Date', new Date().toUTCString()],
    ...more,
  ];
  if (retryAfterMs !== undefined) headers.push('Retry-After', retryAfter(retryAfterMs));
  return { statusText: STATUS_CODES[status] ?? '', headers, body };
}

const JSON_TYPES = new Set(['application/json', 'application/*', '*/*']);

/**
 * Whether text has a greater weight than JSON; of equal weights the first wins (browsers begin with
 * `text/html`). `false` if `Accept` names neither.
 */
function prefersText(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  let best: { isText: boolean; weight: number } | undefined;
  for (const range of accept.slice(0, 1_024).toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const isText = type.startsWith('text/');
    if (!isText && !JSON_TYPES.has(type) && !type.endsWith('+json')) continue;
    const weight = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1);
    if (weight > (best?.weight ?? 0)) best = { isText, weight };
  }
  return best?.isText ?? false;
}
