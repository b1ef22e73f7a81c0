// Counts the end of requests, and writes the access log.

import type { Ending } from '../observation/totals.ts';
import type { UpstreamAttempts } from './attempts.ts';
import type { Context } from './context.ts';
import type { IncomingRequest } from './incoming-request.ts';

/**
 * Counts the end of a request, and writes a line of the access log, if there is one.
 * @param attempts - `undefined` if the request was refused before a backend was chosen
 */
export function account(
  { totals, log }: Context,
  request: IncomingRequest,
  attempts: UpstreamAttempts | undefined,
  ending: Ending,
): void {
  totals.ended(ending);
  // The duration of a tunnel is not a latency.
  if (ending.status !== 101) attempts?.upstream?.meter.latency.record(ending.durationMs);
  if (log.access === undefined) return;
  const { id, method, path, host, version, clientAddress, route } = request;
  const query = path.indexOf('?');
  log.access({
    requestId: id,
    method,
    // Without the query, which may contain secrets.
    path: query < 0 ? path : path.slice(0, query),
    host,
    protocol: `HTTP/${version}`,
    clientAddress,
    pool: route?.pool.name,
    backend: attempts?.backend?.id,
    attempts: attempts?.made ?? 0,
    ...ending,
  });
}
