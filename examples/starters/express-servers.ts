// Express in front of Express: the main server sends each request to the next of its backend servers, counts
// them, and shows the counts under /stats.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { proxyMiddleware } from 'evenkeel-gateway/express';
import express from 'express';

const SERVERS_CONFIG = [
  { port: 3001, name: 'server-1' },
  { port: 3002, name: 'server-2' },
  { port: 3003, name: 'server-3' },
];

/** A backend server with a health check and a ping. */
async function createServer({ port, name }: { port: number; name: string }): Promise<Server> {
  const app = express();
  app.get('/health', (_request, response) => void response.json({ name, status: 'healthy' }));
  app.get('/ping', (_request, response) => void response.send(`pong from ${name}`));
  app.post('/ping', express.json(), (request, response) => void response.json({ name, got: request.body }));
  const server = app.listen(port);
  await once(server, 'listening');
  return server;
}

/** The main server; port 0 is any that is free. */
export async function createMainServer(port = 3000, config = SERVERS_CONFIG) {
  const servers = await Promise.all(config.map(createServer));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  const balancer = proxyMiddleware({
    strategy: 'round-robin',
    backends: ports.map((own, i) => ({ url: `localhost:${own}`, id: config[i]?.name ?? '' })),
    health: { request: { path: '/health' } },
  });
  const app = express();
  app.get('/favicon.ico', (_request, response) => void response.sendStatus(204));
  app.get('/stats', (_request, response) => {
    const [pool] = balancer.proxy.stats().pools;
    const backends =
      pool?.backends.map(({ id, url, alive, requests }) => ({ id, url, alive, requests })) ?? [];
    response.json({ totalRequests: backends.reduce((sum, { requests }) => sum + requests, 0), backends });
  });
  app.use(balancer);
  const main = app.listen(port);
  await once(main, 'listening');
  const close = () => {
    balancer.close();
    for (const server of [main, ...servers]) {
      server.closeAllConnections();
      server.close();
    }
  };
  return { url: `http://localhost:${(main.address() as AddressInfo).port}`, servers, close };
}
