import type { Socket } from 'node:net';

/** Counts the bytes of connections. */
export class TrafficMeter {
  readonly #counted = new Map<Socket, { read: number; written: number }>();
  #read = 0;
  #written = 0;

  /** Counts the bytes of a connection from now until it closes. */
  watch(socket: Socket): void {
    if (this.#counted.has(socket) || socket.destroyed) return;
    this.#counted.set(socket, { read: socket.bytesRead, written: socket.bytesWritten });
    socket.once('close', () => {
      this.#count(socket);
      this.#counted.delete(socket);
    });
  }

  /**
   * Bytes since the last call in the busier direction, as one full direction limits a link. O(connections).
   */
  readAndReset(): number {
    for (const socket of this.#counted.keys()) this.#count(socket);
    const busier = Math.max(this.#read, this.#written);
    this.#read = 0;
    this.#written = 0;
    return busier;
  }

  #count(socket: Socket): void {
    const counted = this.#counted.get(socket);
    if (counted === undefined) return;
    this.#read += socket.bytesRead - counted.read;
    this.#written += socket.bytesWritten - counted.written;
    counted.read = socket.bytesRead;
    counted.written = socket.bytesWritten;
  }
}
