import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

const open: http.Server[] = [];

/** For `afterEach`. */
export async function closeFronts(): Promise<void> {
  await Promise.all(
    open.splice(0).map(async (server) => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }),
  );
}

/** Starts a server that clients talk to. @returns its URL */
export async function aFront(listener: http.RequestListener): Promise<string> {
  const server = http.createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
