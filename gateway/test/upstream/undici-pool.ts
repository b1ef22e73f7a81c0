import { UndiciConnections } from '../../src/upstream/undici-connections.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';

/** The pool of undici behind a backend: it says whether it was closed. */
export function undiciPoolOf({ connections }: Upstream): UndiciConnections['pool'] {
  if (!(connections instanceof UndiciConnections)) throw new Error('not connections of undici');
  return connections.pool;
}
