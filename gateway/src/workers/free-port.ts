// Finds a free port, for workers that must listen on the same one.
import { createServer } from 'node:net';

/**
 * A port that is free at this moment.
 * @param host - the address; `undefined` for all addresses
 * @returns 0 if no port can be opened: listening on it will fail with the reason
 */
export function freePort(host: string | undefined): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(0));
    server.listen({ host, port: 0 }, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
