import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProxyServer } from 'http-proxy-3';
import type { Running, Target, TargetOptions } from '../target.ts';

async function start({ backends }: TargetOptions): Promise<Running> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const proxy = createProxyServer({ target: backends[0] as string, agent, xfwd: true, ws: true });
  proxy.on('error', (_error, _request, response) => {
    if ('writeHead' in response && !response.headersSent) response.writeHead(502).end();
    else response.destroy?.();
  });
  const server = createServer((request, response) => proxy.web(request, response));
  server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    plain: true,
    async stop() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}

/** http-proxy-3 on node:http, in this process, with keep-alive to its backend. */
export const httpProxy3: Target = { name: 'http-proxy-3', own: false, http2: false, start };
