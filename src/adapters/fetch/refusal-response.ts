import { AttemptError, refusalFor } from '../../../gateway/src/local-reply/failure.ts';
import { LoadbalancerError } from '../../index.ts';

/** What a client is told of an error: JSON `{ code, message, requestId }`; nothing of it tells where backends are. */
export function refusalResponse(error: unknown, requestId: string): Response {
  const { status, code, message, retryAfterMs } = refusalFor(
    error instanceof LoadbalancerError ? error : new AttemptError(error, true),
  );
  const headers = new Headers({ 'cache-control': 'no-store', 'x-request-id': requestId });
  if (retryAfterMs !== undefined)
    headers.set('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
  return Response.json({ code, message, requestId }, { status, headers });
}
