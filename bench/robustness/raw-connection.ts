// Plain TCP connections, in large numbers.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../gateway/ports.ts';

/** Connections opened at a time; fewer than fit into a listener's queue. */
const BATCH = 100;
const PAUSE_MS = 10;

/** A connection whose errors end only itself. */
export function rawConnection(port: number, localAddress?: string): Socket {
  const socket = connect({ port, host: HOST, ...(localAddress !== undefined && { localAddress }) });
  socket.on('error', () => {});
  return socket;
}

/** Opens many connections, some at a time. */
export async function rawConnections(
  port: number,
  count: number,
  opened: (socket: Socket, nth: number) => void,
  localAddress?: (nth: number) => string,
): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const first = sockets.length;
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => {
      const socket = rawConnection(port, localAddress?.(first + i));
      opened(socket, first + i);
      return socket;
    });
    sockets.push(...batch);
    await Promise.all(batch.map((socket) => once(socket, 'connect').catch(() => {})));
    await sleep(PAUSE_MS);
  }
  return sockets;
}

/** The local address of a client, one of 200 of this machine. */
export function loopbackAddress(nth: number): string {
  return `127.0.0.${2 + (nth % 200)}`;
}
