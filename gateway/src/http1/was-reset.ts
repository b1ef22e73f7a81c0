// Tells a reset from an end.

import type { Socket } from 'node:net';

/**
 * Whether a connection that has said `end` was reset: libuv reports a reset as an end where it comes with the
 * last bytes. After a reset the kernel no longer knows the address of the other side, after an end it does.
 * It is `false` where that address was asked for before, as Node remembers it, and on Unix sockets, where
 * there is no reset.
 */
export function wasReset(socket: Socket): boolean {
  return socket.localAddress !== undefined && socket.remoteAddress === undefined;
}
