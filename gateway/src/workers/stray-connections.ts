// Closes connections that were lost between the primary and a worker.
import type { Timers } from 'evenkeel/internal';

/** An accepted connection without a socket. */
interface RawConnection {
  /** @returns 0 if it is connected */
  getpeername(out: object): number;
  close(): void;
}

/** Far longer than a connection takes to reach a live worker. */
const STRAY_MS = 5_000;

/**
 * Closes connections that were on their way to a worker when it ended. Node's primary waits for ever for that
 * worker to take them, and the clients would wait as well.
 * @param connections - accepted connections that no worker has taken yet
 */
export function closeStrayConnections(timers: Timers, connections = rawConnections): void {
  const suspects = new Set(connections());
  if (suspects.size === 0) return;
  const close = () => {
    for (const connection of connections()) if (suspects.has(connection)) connection.close();
  };
  timers.schedule(close, STRAY_MS, true);
}

/** Node has no public way to these connections. */
function rawConnections(): RawConnection[] {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles?: () => object[] };
  return (handles?.call(process) ?? []).filter(isRawConnection);
}

function isRawConnection(handle: object): handle is RawConnection {
  return handle.constructor.name === 'TCP' && (handle as RawConnection).getpeername({}) === 0;
}
