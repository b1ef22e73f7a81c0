import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import { echoes } from '../conformance/cases/open-tunnel.ts';
import { handshake, SWITCH } from '../conformance/cases/websocket-handshake.ts';
import type { Client } from '../conformance/wire/client.ts';
import { header } from '../conformance/wire/messages.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import {
  aGateway,
  anUpstream,
  atTheEnd,
  endAll,
  held,
  type PoolInput,
  refusingUrl,
  type Settings,
  until,
  untilIdle,
} from '../integration/gateway/lab.ts';

startAtTheFirst();

afterEach(endAll);

/** A gateway in front of a backend that switches and then does as it is told. */
async function setUp(complete: Reply = echoes, pool: Partial<PoolInput> = {}, settings: Settings = {}) {
  const upstream = await anUpstream({ complete });
  const gateway = await aGateway({ backends: [upstream.url], ...pool }, settings);
  return { upstream, ...gateway };
}

const bodyOf = ({ text }: Client) => text.slice(text.indexOf('\r\n\r\n') + 4);

/** Waits until the tunnel of a client is open. */
const opened = (client: Client) =>
  until(
    () => client.text.startsWith('HTTP/1.1 101 '),
    () => client.text,
  );

describe('a tunnel', () => {
  it('carries what WebSockets say, both ways, and is counted while it is open', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'chat' });
    atTheEnd(() => server.close());
    await once(server, 'listening');
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    const { port: backendPort } = server.address() as { port: number };
    const { gateway, port, log, backends } = await aGateway([`http://127.0.0.1:${backendPort}`]);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat?room=1`, ['chat']);
    await once(socket, 'open');
    expect(socket.protocol).toBe('chat');
    expect(held(gateway)).toEqual({ requests: 1, tunnels: 1, leases: 1, active: 1 });
    for (const message of ['text', 'x'.repeat(100_000), Buffer.alloc(70_000, 7)]) {
      socket.send(message);
      const [data, isBinary] = (await once(socket, 'message')) as [RawData, boolean];
      expect(isBinary).toBe(typeof message !== 'string');
      expect(data.toString()).toBe(message.toString());
    }
    socket.close(1_000, 'done');
    expect((await once(socket, 'close'))[0]).toBe(1_000);
    await untilIdle(gateway);
    expect(backends()[0]).toMatchObject({ requests: 1, errors: 0, cancelled: 0, latency: { count: 0 } });
    expect(gateway.stats()).toMatchObject({ tunnels: { open: 0, total: 1 }, requests: { cancelled: 0 } });
    const [record] = log.records;
    expect(record).toMatchObject({ status: 101, path: '/chat', attempts: 1, code: undefined });
    expect(record?.bytesReceived).toBeGreaterThan(170_000);
    expect(record?.bytesSent).toBeGreaterThan(170_000);
  });

  it.each<[string, (client: Client, backend: Socket) => unknown]>([
    ['client ends', (client) => client.end()],
    ['client vanishes', (client) => client.socket.destroy()],
    ['client resets', (client) => client.reset()],
    [
      'backend ends, and then its client',
      async (client, backend) => {
        backend.end();
        await client.closed();
        client.end();
      },
    ],
    ['backend resets', (_, backend) => backend.resetAndDestroy()],
  ])('ends on both sides when its %s, with all that it carried counted', async (_, end) => {
    const { client, upstream, gateway, log, backends } = await setUp();
    const one = await client();
    one.write(handshake());
    await opened(one);
    one.write('hello');
    await until(() => bodyOf(one) === 'hello');
    await end(one, upstream.connections[0]?.socket as Socket);
    await untilIdle(gateway);
    await until(() => one.ended !== undefined);
    await until(() => upstream.connections[0]?.socket.destroyed === true);
    expect(log.records).toMatchObject([{ status: 101, bytesReceived: 5, bytesSent: 5 }]);
    expect(backends()[0]).toMatchObject({ requests: 1, errors: 0, cancelled: 0 });
    await until(() => gateway.stats().connections.open === 0);
  });
});

describe('a handshake', () => {
  it('goes on to the next backend with the same headers, each once', async () => {
    const { client, upstream, gateway, log, backends } = await setUp(SWITCH, { strategy: 'round-robin' });
    await gateway.control.change({ type: 'remove', pool: 'shop', backend: upstream.url });
    for (const url of [await refusingUrl(), upstream.url])
      await gateway.control.change({ type: 'add', pool: 'shop', backend: { url } });
    const one = await client();
    one.write(handshake('X-Kept: 1'));
    await opened(one);
    const [request] = upstream.requests();
    const names = request?.headers.map(([name]) => name.toLowerCase()) as string[];
    expect(names.sort()).toEqual([...new Set(names)].sort());
    expect(header(request!, 'connection')).toBe('Upgrade');
    one.reset();
    await untilIdle(gateway);
    expect(log.records).toMatchObject([{ status: 101, attempts: 2 }]);
    expect(backends().map(({ errors }) => errors)).toEqual([1, 0]);
  });

  it('that a backend answers with 503 goes on to the next one, too', async () => {
    const busy = await anUpstream({ complete: reply('503 Service Unavailable', [], 'busy') });
    const { client, upstream, gateway, backends } = await setUp(SWITCH, { strategy: 'round-robin' });
    await gateway.control.change({ type: 'add', pool: 'shop', backend: { url: busy.url } });
    for (let i = 0; i < 2; i++) {
      const one = await client();
      one.write(handshake());
      await opened(one);
      one.reset();
    }
    await untilIdle(gateway);
    expect(busy.requests()).toHaveLength(1);
    expect(backends().map(({ id, errors, statuses }) => [id, errors, statuses['5xx']])).toEqual([
      [upstream.url, 0, 0],
      [busy.url, 1, 1],
    ]);
  });

  it('whose answer breaks off, or is none, is a failure', async () => {
    for (const complete of [
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhalf',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n',
      'SSH-2.0-OpenSSH\r\n\r\n',
    ]) {
      const { client, gateway, backends } = await setUp((socket) => socket.end(complete));
      const one = await client();
      one.write(handshake());
      expect(await one.closed()).toBe(true);
      if (!complete.includes('half')) expect(one.answers[0]?.status).toBe(502);
      else expect(one.answers[0]?.complete).toBe(false);
      await untilIdle(gateway);
      expect(backends()[0]).toMatchObject({ errors: 1, cancelled: 0 });
    }
  });

  it('whose client leaves before the answer ends at its backend, and is not its fault', async () => {
    const { client, upstream, gateway, log, backends } = await setUp(() => {});
    const one = await client();
    one.write(handshake());
    await until(() => upstream.requests().length === 1);
    one.reset();
    await untilIdle(gateway);
    await until(
      () => upstream.connections[0]?.closed === true || upstream.connections[0]?.ended !== undefined,
    );
    expect(log.records).toMatchObject([{ status: 499 }]);
    expect(backends()[0]).toMatchObject({ errors: 0, cancelled: 1 });
  });

  it('that cannot be is refused in the form that its client likes', async () => {
    const { client, log } = await setUp(SWITCH, { backends: [], queue: false });
    const [answer] = await (await client()).write(handshake('Accept: text/plain')).answered();
    expect(answer?.status).toBe(503);
    expect(answer?.body.toString()).toMatch(/^no backend.*\(ERR_LB_NO_BACKEND, request /);
    expect(header(answer!, 'retry-after')).toBe('1');
    expect(log.records).toMatchObject([{ status: 503, code: 'ERR_LB_NO_BACKEND', attempts: 0 }]);
  });

  it('counts against the rate of its client', async () => {
    const route = { pool: 'shop', rateLimit: { points: 1, durationMs: 60_000 } };
    const { client, gateway } = await setUp(SWITCH, {}, { routes: [route] });
    const first = await client();
    first.write(handshake());
    await opened(first);
    expect(first.text).toContain('RateLimit-Remaining: 0');
    const [answer] = await (await client()).write(handshake()).answered();
    expect(answer?.status).toBe(429);
    expect(gateway.stats().requests.rateLimited).toBe(1);
  });
});
