// Counts the end of requests, and writes the access log.

import type { Refusal } from '../local-reply/refusal.ts';
import type { Ending } from '../observation/totals.ts';
import type { UpstreamAttempts } from './attempts.ts';
import type { Context } from './context.ts';
import type { IncomingRequest } from './incoming-request.ts';

/**
 * Counts the end of a request, and writes a line of the access log, if there is one.
 * @param attempts - `undefined` if the request was refused before a backend was chosen
 */
export function account(
  { totals, log, clients }: Context,
  request: IncomingRequest,
  attempts: UpstreamAttempts | undefined,
  ending: Ending,
): void {
  totals.ended(ending);
  if (request.countedFor !== undefined) clients.leave(request.countedFor);
  // The duration of a tunnel is not a latency.
  if (ending.status !== 101) attempts?.upstream?.meter.latency.record(ending.durationMs);
  if (log.access === undefined) return;
  const { id, method, path, host, version, clientAddress, route } = request;
  log.access({
    requestId: id,
    method,
    path: withoutQuery(path),
    host,
    protocol: `HTTP/${version}`,
    clientAddress,
    pool: route?.pool.name,
    keyHash: hexOf(route?.pool.balancer.hashOf(request)),
    ...(attempts?.placement ?? NOT_PLACED),
    backend: attempts?.backend?.id,
    attempts: attempts?.made ?? 0,
    ...ending,
  });
}

/** What is known of a request whose head was not read to its end. */
interface UnreadRequest {
  readonly requestId: string;
  readonly clientAddress: string;
  /** Empty if they were not read, as `target` and `host`. */
  readonly method: string;
  readonly target: string;
  readonly host: string;
}

/** Counts the refusal of what is no request, and writes a line of the access log, if there is one. */
export function accountRefused(
  { totals, log }: Context,
  { status, code }: Refusal,
  { requestId, clientAddress, method, target, host }: UnreadRequest,
): void {
  totals.requests++;
  totals.refused(code);
  totals.statuses.count(status);
  log.access?.({
    requestId,
    method,
    path: withoutQuery(target),
    host,
    protocol: 'HTTP/1.1',
    clientAddress,
    status,
    pool: undefined,
    keyHash: undefined,
    ...NOT_PLACED,
    backend: undefined,
    attempts: 0,
    durationMs: 0,
    bytesReceived: 0,
    bytesSent: 0,
    code,
  });
}

/** A query may contain secrets. */
function withoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

const NOT_PLACED = { spilled: false, remembered: false };

function hexOf(hash: number | undefined): string | undefined {
  return hash?.toString(16).padStart(8, '0');
}
