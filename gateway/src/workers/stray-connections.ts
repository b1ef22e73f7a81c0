import type { Timers } from 'evenkeel';

/** An accepted connection that no socket stands for yet. */
interface RawConnection {
  /** @returns 0 where it is connected */
  getpeername(out: object): number;
  close(): void;
}

/** Far longer than a connection is under way to a worker that lives. */
const STRAY_MS = 5_000;

/**
 * Closes connections that were under way to a worker when it ended. Node's primary waits for ever for a worker that is gone to take one, and
 * the client would wait with it.
 * @param connections - those that were accepted, and that no worker has taken yet
 */
export function closeStrayConnections(timers: Timers, connections = rawConnections): void {
  const suspects = new Set(connections());
  if (suspects.size === 0) return;
  const close = () => {
    for (const connection of connections()) if (suspects.has(connection)) connection.close();
  };
  timers.schedule(close, STRAY_MS, true);
}

/** There is no other way to them. */
function rawConnections(): RawConnection[] {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles?: () => object[] };
  return (handles?.call(process) ?? []).filter(isRawConnection);
}

function isRawConnection(handle: object): handle is RawConnection {
  return handle.constructor.name === 'TCP' && (handle as RawConnection).getpeername({}) === 0;
}
