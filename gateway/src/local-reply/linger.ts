// Closes connections so that the last response reaches the client.
import type { Socket } from 'node:net';

/** How long the rest of a request is read. */
const LINGER_MS = 2_000;

/**
 * Makes a connection read on for a while after its last response. If it were closed with unread bytes, the
 * kernel would reset it, and the client might lose the response (RFC 9112 section 9.6).
 */
export function linger(socket: Socket): void {
  // node:http calls this when the last response of a connection is written.
  socket.destroySoon = () => {
    if (socket.destroyed) return;
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    timer.unref();
    socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer));
  };
}

/** Ends a connection after the bytes that were written, and lets it read on for a while. */
export function endLingering(socket: Socket): void {
  linger(socket);
  socket.destroySoon();
}
