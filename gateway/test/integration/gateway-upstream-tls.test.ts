import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { certificateFor } from '../conformance/certificates.ts';
import { get } from '../conformance/wire/requests.ts';
import { aGateway, atTheEnd, endAll, until, untilIdle } from './gateway/lab.ts';

afterEach(endAll);

/** A backend over TLS that notes what it was asked for. */
async function aBackend(...names: string[]) {
  const certificate = await certificateFor(...names);
  const requests: string[] = [];
  const askedFor: unknown[] = [];
  const server = https.createServer(
    { ...certificate, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      requests.push(request.url as string);
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.end(subject?.CN === undefined ? 'a stranger' : `known: ${subject.CN}`);
    },
  );
  server.on('secureConnection', ({ servername }) => askedFor.push(servername));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTheEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    server,
    requests,
    askedFor,
    certificate,
    url: `https://127.0.0.1:${port}`,
    named: `https://localhost:${port}`,
  };
}

describe('TLS with a backend', () => {
  it('verifies the name that is given, whatever host clients ask for', async () => {
    const { url, certificate, askedFor, requests } = await aBackend('inner.test');
    const tls = { ca: certificate.cert, serverName: 'inner.test' };
    const { client } = await aGateway({ backends: [url], tls });
    const one = await client();
    const hosts = ['a.test', 'other.test', 'inner.test'];
    for (const host of hosts) one.write(get('/x').replace('a.test', host));
    const answers = await one.answered(3);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[0]?.body.toString()).toBe('a stranger');
    expect(requests).toEqual(['/x', '/x', '/x']);
    expect(new Set(askedFor)).toEqual(new Set(['inner.test']));
  });

  it('verifies the host of its URL by itself', async () => {
    const { named, certificate, askedFor } = await aBackend('localhost');
    const { client } = await aGateway({ backends: [named], tls: { ca: certificate.cert } });
    expect((await (await client()).write(get()).answered())[0]?.status).toBe(200);
    expect(askedFor).toEqual(['localhost']);
  });

  it('shows a certificate where one is asked for', async () => {
    const own = await certificateFor('gateway.test');
    const { named, certificate } = await aBackend('localhost');
    const tls = { ca: certificate.cert, cert: own.cert, key: own.key };
    const { client } = await aGateway({ backends: [named], tls });
    expect((await (await client()).write(get()).answered())[0]?.body.toString()).toBe('known: gateway.test');
  });

  it.each<[string, (other: string, own: string) => object | undefined]>([
    ['nobody known has signed it', () => undefined],
    ['somebody else has signed it', (other) => ({ ca: other })],
    ['it is for another name', (_, own) => ({ ca: own, serverName: 'other.test' })],
  ])('tells nothing to a backend where %s: neither requests nor handshakes', async (_, tlsOf) => {
    const { named, certificate, requests } = await aBackend('localhost');
    const other = await certificateFor('somebody.test');
    const tls = tlsOf(other.cert, certificate.cert);
    const { client, gateway, backends } = await aGateway({
      backends: [named],
      retries: false,
      ...(tls && { tls }),
    });
    const [answer] = await (await client()).write(get('/secret')).answered();
    expect([answer?.status, JSON.parse(answer?.body.toString() ?? '').code]).toEqual([
      502,
      'ERR_LB_UPSTREAM',
    ]);
    const upgrade = get('/secret', 'Connection: Upgrade', 'Upgrade: websocket');
    expect((await (await client()).write(upgrade).answered())[0]?.status).toBe(502);
    expect(requests).toEqual([]);
    await untilIdle(gateway);
    expect(backends()[0]).toMatchObject({ requests: 2, errors: 2 });
  });

  it('carries tunnels, and checks', async () => {
    const { server, named, certificate, requests } = await aBackend('localhost');
    const sockets = new WebSocketServer({ server });
    atTheEnd(() => sockets.close());
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`heard ${data}`)));
    const { port, gateway, backends } = await aGateway({
      backends: [named],
      tls: { ca: certificate.cert },
      health: { intervalMs: 20 },
    });
    await until(() => requests.includes('/health'));
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await once(socket, 'open');
    socket.send('hello');
    expect(String((await once(socket, 'message'))[0])).toBe('heard hello');
    expect(backends()[0]).toMatchObject({ state: 'up', activeConnections: 1 });
    socket.terminate();
    await untilIdle(gateway);
  });

  it('takes no response for whole whose connection is reset', async () => {
    const certificate = await certificateFor('localhost');
    const server = tls.createServer(certificate).listen(0, '127.0.0.1');
    atTheEnd(() => server.close());
    await once(server, 'listening');
    let connection: Socket | undefined;
    server.on('connection', (socket: Socket) => {
      connection = socket;
    });
    server.on('secureConnection', (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\npart');
        setTimeout(() => socket.write('more', () => connection?.resetAndDestroy()), 5);
      });
    });
    const { port } = server.address() as AddressInfo;
    const url = `https://localhost:${port}`;
    const { client } = await aGateway({ backends: [url], tls: { ca: certificate.cert } });
    const one = (await client()).write(get('/x'));
    await until(() => one.ended !== undefined);
    expect(one.text).toContain('part');
    expect(one.text).not.toMatch(/\r\n0\r\n\r\n$/);
  });
});
