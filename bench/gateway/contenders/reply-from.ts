// The program of the peer @fastify/reply-from.

import { readFileSync } from 'node:fs';
import replyFrom from '@fastify/reply-from';
import fastify from 'fastify';
import { HOST } from '../ports.ts';
import type { Place } from './contender.ts';

const { port, tls, originPorts }: Place = JSON.parse(process.argv[2] as string);

const upstreams = originPorts.map((origin) => `http://${HOST}:${origin}`);
const https = tls === undefined ? null : { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
const app = fastify({ logger: false, https });
// With its default of 128 connections to an origin, most of a thousand clients would queue.
await app.register(replyFrom, { undici: { connections: 1_024, pipelining: 1, keepAliveTimeout: 60_000 } });

let turn = 0;
app.all('/*', (request, reply) => {
  const upstream = upstreams[turn++ % upstreams.length] as string;
  return reply.from(upstream + request.url, {
    // By default it passes on what the origin says about its own connection, and so never closes one.
    rewriteHeaders: ({ connection, 'keep-alive': keepAlive, ...headers }) => headers,
    rewriteRequestHeaders: (_request, headers) => {
      const before = headers['x-forwarded-for'];
      const address = request.ip;
      return { ...headers, 'x-forwarded-for': before === undefined ? address : `${before}, ${address}` };
    },
  });
});
await app.listen({ port, host: HOST, backlog: 4_096 });
