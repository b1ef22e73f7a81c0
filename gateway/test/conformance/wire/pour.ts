import type { Socket } from 'node:net';

const block = Buffer.alloc(65_536, 'a');

/**
 * Writes as much as the other side takes, up to a limit.
 * @returns how many bytes it took so far
 */
export function pour(socket: Socket, limit = Number.POSITIVE_INFINITY): () => number {
  const taken = () => socket.bytesWritten - socket.writableLength;
  const before = taken();
  let written = 0;
  const go = () => {
    while (written < limit && !socket.destroyed) {
      written += block.length;
      if (!socket.write(block)) return;
    }
    socket.off('drain', go);
  };
  socket.on('drain', go);
  go();
  return () => taken() - before;
}
