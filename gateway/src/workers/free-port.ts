import { createServer } from 'node:net';

/**
 * A port that nobody has right now.
 * @param host - the address; left out, every one
 * @returns 0 where there is none to be had: whoever listens there will learn why
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
