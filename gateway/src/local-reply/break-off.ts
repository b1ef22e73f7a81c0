import type { Socket } from 'node:net';

/**
 * Ends a connection in the middle of an answer. The end of the connection may be the end of the answer: only a reset tells that it is not
 * whole. TLS tells by itself, and other sockets than those of TCP cannot be reset.
 */
export function breakOff(socket: Socket): void {
  if ('encrypted' in socket || socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
