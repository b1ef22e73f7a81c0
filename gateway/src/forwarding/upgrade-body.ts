// The small body of a request to change the protocol: what `docker exec` sends, for example.
import type { Socket } from 'node:net';

/** A body, and what followed it in the other protocol. */
export interface UpgradeBody {
  readonly body: Buffer;
  readonly rest: Buffer;
}

/**
 * Waits until a body has come. A client that leaves meanwhile ends the wait without a word.
 * @param first - bytes that have come already
 * @param timeoutMs - the longest wait between two pieces
 * @param received - called once; with `undefined` if the time was up
 */
export function receiveBody(
  socket: Socket,
  first: Buffer,
  length: number,
  timeoutMs: number,
  received: (all: UpgradeBody | undefined) => void,
): void {
  const parts = [first];
  let size = first.length;
  const finish = () => {
    const all = Buffer.concat(parts, size);
    received({ body: all.subarray(0, length), rest: all.subarray(length) });
  };
  if (size >= length) {
    finish();
    return;
  }
  const stop = () => {
    clearTimeout(timer);
    socket.off('data', take).off('close', stop);
  };
  const timer = setTimeout(() => {
    stop();
    received(undefined);
  }, timeoutMs);
  const take = (chunk: Buffer) => {
    timer.refresh();
    parts.push(chunk);
    size += chunk.length;
    if (size < length) return;
    stop();
    // What comes before the tunnel is open waits.
    socket.pause();
    finish();
  };
  socket.on('data', take).on('close', stop).resume();
}
