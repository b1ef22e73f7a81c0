import type { ClientPool } from '../../src/http1/client-pool.ts';
import { Http1Connections } from '../../src/upstream/http1-connections.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';

/** The connections behind a backend: they say whether they were closed. */
export function clientPoolOf({ connections }: Upstream): ClientPool {
  if (!(connections instanceof Http1Connections)) throw new Error('not connections over HTTP/1.1');
  return connections.pool;
}
