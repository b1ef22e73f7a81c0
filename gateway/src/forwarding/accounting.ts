import type { Ending } from '../observation/totals.ts';
import type { UpstreamAttempts } from './attempts.ts';
import type { Context } from './context.ts';
import type { IncomingRequest } from './incoming-request.ts';

/**
 * Counts the end of a request, and writes its line of the access log where one is kept.
 * @param attempts - `undefined` where no backend was looked for
 */
export function account(
  { totals, log }: Context,
  request: IncomingRequest,
  attempts: UpstreamAttempts | undefined,
  ending: Ending,
): void {
  totals.ended(ending);
  // How long a tunnel lasts is no latency.
  if (ending.status !== 101) attempts?.upstream?.meter.latency.record(ending.durationMs);
  if (log.access === undefined) return;
  const { id, method, path, host, version, clientAddress, route } = request;
  const query = path.indexOf('?');
  log.access({
    requestId: id,
    method,
    // The query may hold secrets.
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
