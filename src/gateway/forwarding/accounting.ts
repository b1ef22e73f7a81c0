import type { Context } from './context.ts';
import type { IncomingRequest } from './incoming-request.ts';

/** How a request ended. */
export interface Ending {
  /** 499 where the client has left. */
  readonly status: number;
  readonly backend: string | undefined;
  readonly attempts: number;
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** The code of the gateway's own answer. */
  readonly code: string | undefined;
}

/** Counts the end of a request, and writes its line of the access log where one is kept. */
export function account({ totals, log }: Context, request: IncomingRequest, ending: Ending): void {
  totals.ended(ending);
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
    ...ending,
  });
}
