// HTTP/2 without TLS, beside HTTP/1.1 on the same port.
import { createServer, type Server, type Socket } from 'node:net';

/** The first bytes of an HTTP/2 connection (RFC 9113 section 3.4); no HTTP/1 request begins with them. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/**
 * Distinguishes HTTP/2 by prior knowledge from HTTP/1 by the first bytes (RFC 9113 section 3.3).
 * @param timeoutMs - returns the time limit for those bytes, for the next connection
 */
export function priorKnowledgeServer(
  timeoutMs: () => number,
  accept: (socket: Socket, isHttp2: boolean) => void,
): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const destroy = () => socket.destroy();
    socket.on('error', destroy);
    // For all first bytes together: a byte now and then must not extend it.
    const timer = setTimeout(destroy, timeoutMs());
    const stopTimer = () => clearTimeout(timer);
    socket.on('close', stopTimer);
    let bytes = Buffer.alloc(0);
    const look = () => {
      const more = socket.read() as Buffer | null;
      if (more === null) return;
      bytes = Buffer.concat([bytes, more]);
      const start = PREFACE.subarray(0, bytes.length);
      const isPreface = bytes.subarray(0, start.length).equals(start);
      // Not enough bytes yet. They are kept here: bytes that are put back would be read again at once, for
      // ever.
      if (isPreface && bytes.length < PREFACE.length) return;
      socket.unshift(bytes);
      socket.off('readable', look);
      socket.off('error', destroy);
      socket.off('close', stopTimer);
      stopTimer();
      accept(socket, isPreface);
    };
    socket.on('readable', look);
    socket.on('end', () => {
      if (socket.listenerCount('readable') > 0) socket.destroy();
    });
  });
}
