// Ends a response before its end, so that no client takes it for complete.
import type { Socket } from 'node:net';

/**
 * Ends a connection in the middle of a response. The end of a connection may be the end of the response: only
 * a reset says that it is incomplete. TLS says so by itself, and only TCP sockets can be reset.
 */
export function breakOff(socket: Socket): void {
  // Node cannot reset a socket whose FIN is on the way: it would let go of it without closing it.
  const isShutting = socket.writableEnded && socket.writableLength === 0;
  if (isShutting || 'encrypted' in socket || socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
