// Clients that leave, wherever they are, are forgotten at once: no object that served them stays in memory.
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { queryObjects } from 'node:v8';
import { afterEach, expect, it } from 'vitest';
import { Exchange } from '../../src/forwarding/exchange.ts';
import { ResponseRelay } from '../../src/forwarding/response-relay.ts';
import { Tunnel } from '../../src/forwarding/tunnel.ts';
import { ServerConnection } from '../../src/http1/server-connection.ts';
import { Http2Client } from '../../src/listeners/http2-client.ts';
import { Http2Session } from '../../src/listeners/http2-session.ts';
import { handshake, SWITCH } from '../conformance/cases/websocket-handshake.ts';
import { certificateFor } from '../conformance/certificates.ts';
import { Client } from '../conformance/wire/client.ts';
import * as frames from '../conformance/wire/frames.ts';
import { H2Client } from '../conformance/wire/h2-client.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import { aGateway, anUpstream, endAll, until, untilIdle } from './gateway/lab.ts';

afterEach(endAll);

/** Does what the target of a request names. */
const complete: Reply = (socket, { startLine }) => {
  const target = startLine.split(' ')[1];
  if (target === '/whole') socket.write(reply('200 OK', [], 'answer'));
  if (target === '/part') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nanswer');
  if (target === '/socket') socket.write(SWITCH);
};

type Arrival = Promise<Client | H2Client>;

/** Sends bytes over HTTP/1.1, and waits for what must come. */
async function http1(port: number, bytes: string, awaited = '', tls?: object): Arrival {
  const client = (await Client.connect(port, tls)).write(bytes);
  await until(() => client.text.includes(awaited));
  return client;
}

/** Sends the head of a request over HTTP/2, and waits for what must come. */
async function http2(
  port: number,
  path: string,
  { method = 'GET', awaited = '', tls = false } = {},
): Arrival {
  const client = await H2Client.connect(port, tls ? { tls: {} } : {});
  const fields: [string, string][] = [
    [':method', method],
    [':scheme', tls ? 'https' : 'http'],
    [':path', path],
    [':authority', 'a.test'],
  ];
  await client.request(1, fields, method === 'POST' ? 0 : frames.END_STREAM);
  await until(() => client.body(1).includes(awaited));
  return client;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
const PART_OF_POST = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf';

/** Brings clients to every place at which they can leave. */
const PLACES: ((port: number, tlsPort: number) => Arrival)[] = [
  (port) => http1(port, ''),
  (port) => http1(port, 'GET / HT'),
  (port) => http1(port, PART_OF_POST),
  (port) => http1(port, get('/hang')),
  (port) => http1(port, get('/hang').repeat(3)),
  (port) => http1(port, get('/part'), 'answer'),
  (port) => http1(port, get('/whole'), 'answer'),
  (port) => http1(port, handshake(), '101'),
  (port) => http1(port, frames.PREFACE.slice(0, 20)),
  (port) => H2Client.connect(port),
  (port) => http2(port, '/', { method: 'POST' }),
  (port) => http2(port, '/hang'),
  (port) => http2(port, '/part', { awaited: 'answer' }),
  (port) => http2(port, '/whole', { awaited: 'answer' }),
  (_, port) => http1(port, ''),
  (_, port) => http1(port, '', '', {}),
  (_, port) => http1(port, get('/part'), 'answer', {}),
  (_, port) => http1(port, get('/whole'), 'answer', {}),
  (_, port) => http1(port, handshake(), '101', {}),
  (_, port) => H2Client.connect(port, { tls: {} }),
  (_, port) => http2(port, '/part', { awaited: 'answer', tls: true }),
  (_, port) => http2(port, '/whole', { awaited: 'answer', tls: true }),
];

/** The classes of sessions and streams in node:http2, which does not export them. */
async function classesOfHttp2(): Promise<(typeof Object)[]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [[stream], client] = await Promise.all([
    once(server, 'stream'),
    http2((server.address() as AddressInfo).port, '/'),
  ]);
  const classes = [stream.session.constructor, stream.constructor];
  client.socket.destroy();
  stream.session.destroy();
  server.close();
  return classes;
}

it('a client that leaves is forgotten, wherever it was', async () => {
  const ofHttp2 = await classesOfHttp2();
  const classes = [ServerConnection, Http2Session, Http2Client, Exchange, ResponseRelay, Tunnel, ...ofHttp2];
  const { url } = await anUpstream({ complete });
  const certificates = [await certificateFor('a.test')];
  const plain = await aGateway([url], { listener: { h2c: true } });
  const encrypted = await aGateway([url], { listener: { tls: { certificates } } });

  const clients = await Promise.all(PLACES.map((arrive) => arrive(plain.port, encrypted.port)));
  const open = () => plain.gateway.stats().connections.open + encrypted.gateway.stats().connections.open;
  await until(() => open() === PLACES.length, open);
  for (const { socket } of clients) socket.destroy();

  await until(() => open() === 0, open);
  await untilIdle(plain.gateway);
  await untilIdle(encrypted.gateway);
  // Each count comes after a garbage collection.
  const staying = () =>
    classes.filter((one) => queryObjects(one, { format: 'count' }) > 0).map(({ name }) => name);
  await expect.poll(staying, { timeout: 20_000 }).toEqual([]);
});
