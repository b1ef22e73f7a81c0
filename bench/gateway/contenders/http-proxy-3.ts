// The program of the peer http-proxy-3.

import { readFileSync } from 'node:fs';
import { Agent, createServer, type RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createProxyServer } from 'http-proxy-3';
import { HOST } from '../ports.ts';
import type { Place } from './contender.ts';

const { port, tls, originPorts }: Place = JSON.parse(process.argv[2] as string);

const targets = originPorts.map((origin) => `http://${HOST}:${origin}`);
const proxy = createProxyServer({ agent: new Agent({ keepAlive: true }), xfwd: true });
// As in its own examples: a client that leaves must not end the process.
proxy.on('error', (_error, _request, response) => {
  if (response instanceof ServerResponse && !response.headersSent) response.writeHead(502).end();
  else response.destroy();
});

let turn = 0;
const answer: RequestListener = (request, response) => {
  const target = targets[turn++ % targets.length] as string;
  proxy.web(request, response, { target });
};
const server =
  tls === undefined
    ? createServer(answer)
    : createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, answer);
server.listen({ port, host: HOST, backlog: 4_096 });
