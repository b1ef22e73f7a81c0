// Free ports, and waiting for servers.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from './processes.ts';

export const HOST = '127.0.0.1';
const PATIENCE_MS = 10_000;

/** Different ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, HOST));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Waits until a server accepts connections. @throws Error if it ends or does not in time */
export async function listening(server: Server, port: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await takesConnections(port))) {
    server.assertRunning();
    if (Date.now() > deadline) throw new Error(`${server.name} does not accept connections`);
    await sleep(20);
  }
  server.assertRunning();
}

/** Whether a server listens at a port. */
export function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const settle = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
