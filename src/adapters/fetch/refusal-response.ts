import { LoadbalancerError } from '../../errors.ts';
import { failureKind } from '../../http/failure-kind.ts';
import { FAILURES, refusalJson, refusalOf, retryAfter } from '../../http/refusal.ts';

/** The response for an error: JSON `{ code, message, requestId }`; never says where backends are. */
export function refusalResponse(error: unknown, requestId: string): Response {
  const kind = failureKind(error);
  const isOwn = error instanceof LoadbalancerError && kind !== 'unsendable';
  const refusal = isOwn ? refusalOf(error) : FAILURES[kind];
  const { status, retryAfterMs } = refusal;
  const headers = new Headers({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  });
  if (retryAfterMs !== undefined) headers.set('retry-after', retryAfter(retryAfterMs));
  return new Response(refusalJson(refusal, requestId), { status, headers });
}
