import type { Socket } from 'node:net';

const LINGER_MS = 2_000;

/**
 * Lets a connection that is to be closed after an answer read on for a while: closed with something unread, the kernel would reset it, and
 * the client might never see the answer (RFC 9112 section 9.6).
 */
export function linger(socket: Socket): void {
  // What node:http calls when the last answer of a connection is written.
  socket.destroySoon = () => {
    if (socket.destroyed) return;
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    timer.unref();
    socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer));
  };
}

/** Ends a connection after what was written, and lets it read on for a while. */
export function endLingering(socket: Socket): void {
  linger(socket);
  socket.destroySoon();
}
