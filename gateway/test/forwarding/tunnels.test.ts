import { once } from 'node:events';
import { type AddressInfo, Socket } from 'node:net';
import { type ConnectionOptions, createServer } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Tunnel } from '../../src/forwarding/tunnel.ts';
import { handshake, SWITCH } from '../conformance/cases/websocket-handshake.ts';
import { certificateFor } from '../conformance/certificates.ts';
import { get } from '../conformance/wire/requests.ts';
import type { Reply } from '../conformance/wire/upstream.ts';
import {
  aGateway,
  anUpstream,
  atTheEnd,
  endAll,
  held,
  type PoolInput,
  type Settings,
  until,
  untilIdle,
} from '../integration/gateway/lab.ts';

afterEach(endAll);

/** A gateway in front of one backend, and a client that asks for an upgrade. */
async function setUp(complete: Reply, pool: Partial<PoolInput> = {}, settings: Settings = {}) {
  const upstream = await anUpstream({ complete });
  const gateway = await aGateway({ backends: [upstream.url], retries: false, ...pool }, settings);
  const client = await gateway.client();
  return { ...gateway, upstream, client: client.write(handshake()) };
}

/** The first chunk of an answer that says of itself neither how long it is nor where it ends. */
const BEGUN = 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n';

describe('an answer in the place of an upgrade whose end is that of the connection', () => {
  it('does not look whole where the backend breaks it off', async () => {
    const { client, upstream, gateway, backends } = await setUp(BEGUN);
    await until(() => client.text.endsWith('half'));
    upstream.connections[0]?.socket.destroy();
    await client.closed();
    expect(client.ended).toBe('reset');
    await untilIdle(gateway);
    expect(backends()[0]).toMatchObject({ errors: 1, cancelled: 0 });
  });

  it('does not look whole where nothing moves any more', async () => {
    const { client, gateway } = await setUp(BEGUN, {}, { timeouts: { writeMs: 100 } });
    await client.closed();
    expect(client.ended).toBe('reset');
    await untilIdle(gateway);
  });

  it('does not look whole where the gateway closes', async () => {
    const { client, gateway } = await setUp(BEGUN);
    await until(() => client.text.endsWith('half'));
    await gateway.close(0);
    await client.closed();
    expect(client.ended).toBe('reset');
  });

  it('is whole where it ends by itself', async () => {
    const { client, gateway } = await setUp(`${BEGUN}0\r\n\r\n`);
    await client.closed();
    expect([client.ended, client.text.slice(-4)]).toEqual(['end', 'half']);
    await untilIdle(gateway);
  });
});

describe('a tunnel', () => {
  const secure = { rejectUnauthorized: false };

  /** A backend over TLS that changes the protocol and leaves its socket to the test. */
  async function aSecureBackend() {
    const certificate = await certificateFor('127.0.0.1');
    const sockets: Socket[] = [];
    const server = createServer({ ...certificate, allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.once('data', () => socket.write(SWITCH));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    atTheEnd(() => server.close());
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, certificate };
  }

  const overTcp = async () => {
    const sockets: Socket[] = [];
    const complete: Reply = (socket) => {
      socket.removeAllListeners('end');
      sockets.push(socket);
      socket.write(SWITCH);
    };
    return { ...(await setUp(complete)), sockets };
  };

  const overTls = async () => {
    const { url, sockets, certificate } = await aSecureBackend();
    const gateway = await aGateway(
      { backends: [url], retries: false, tls: { verify: false } },
      { listener: { tls: { certificates: [certificate] } } },
    );
    const client = await gateway.client({ ...secure, allowHalfOpen: true } as ConnectionOptions);
    return { ...gateway, sockets, client: client.write(handshake()) };
  };

  it.each([
    ['TCP', overTcp],
    ['TLS', overTls],
  ])('over %s has two directions, each of which ends by itself', async (_, open) => {
    for (const backendIsFirst of [true, false]) {
      const { client, sockets, gateway } = await open();
      await until(() => client.text.includes('\r\n\r\n'));
      const backend = sockets[0] as Socket;
      let received = '';
      let isEnded = false;
      backend.on('data', (bytes) => (received += bytes)).on('end', () => (isEnded = true));
      const endBackend = () => backend.end('last of the backend');
      const endClient = () => client.socket.end('last of the client');
      if (backendIsFirst) endBackend();
      else endClient();
      await until(() => (backendIsFirst ? client.ended === 'end' : isEnded));
      expect(held(gateway).tunnels).toBe(1);
      if (backendIsFirst) client.write('more, ');
      else backend.write('more, ');
      await until(() => (backendIsFirst ? received : client.text).endsWith('more, '));
      if (backendIsFirst) endClient();
      else endBackend();
      await untilIdle(gateway);
      await until(() => isEnded && client.ended === 'end');
      expect(received).toMatch(/last of the client$/);
      expect(client.text).toMatch(/last of the backend$/);
    }
  });

  it.each([
    [0, 30_000],
    [60_000, 30_000],
    [1_000, 1_000],
  ])('whose backend has ended its direction, and is limited to %i ms, waits for %i ms', (idleMs, halfMs) => {
    const [client, backend] = [new Socket(), new Socket()];
    const spies = [client, backend].map((socket) => vi.spyOn(socket, 'setTimeout'));
    const tunnel = new Tunnel(client, backend, () => {});
    tunnel.open(Buffer.alloc(0), Buffer.alloc(0), idleMs);
    expect(spies.map(({ mock }) => mock.calls.at(-1)?.[0])).toEqual([idleMs, idleMs]);
    backend.emit('end');
    expect(spies.map(({ mock }) => mock.calls.at(-1)?.[0])).toEqual([halfMs, halfMs]);
    tunnel.destroy();
  });

  it('whose backend has ended its direction is closed when nothing passes', async () => {
    const { client, gateway } = await setUp(
      (socket) => {
        socket.removeAllListeners('end');
        socket.end(SWITCH);
      },
      {},
      { timeouts: { tunnelMs: 50 } },
    );
    await until(() => client.ended === 'end');
    await untilIdle(gateway);
  });
});

describe('a handshake', () => {
  it.each([
    ['nothing else', []],
    ['no protocol', ['Connection: Upgrade']],
    ['a protocol, but not for this connection', ['Upgrade: websocket']],
  ])('that is answered with 101 and %s is a failure', async (_, headers) => {
    const head = ['HTTP/1.1 101 Switching Protocols', ...headers].join('\r\n');
    const { client, gateway, backends } = await setUp(`${head}\r\n\r\n`);
    const [answer] = await client.answered();
    expect(answer?.status).toBe(502);
    await untilIdle(gateway);
    expect(backends()[0]).toMatchObject({ errors: 1, cancelled: 0 });
  });

  it('may be answered with a head as long as that of any other answer', async () => {
    const long = `X-Long: ${'x'.repeat(40_000)}`;
    const { client, gateway } = await setUp(SWITCH.replace('\r\n\r\n', `\r\n${long}\r\n\r\n`));
    await until(() => client.text.includes('\r\n\r\n'));
    expect(client.text.split(' ', 2)).toEqual(['HTTP/1.1', '101']);
    expect(client.text).toContain(long);
    client.reset();
    await untilIdle(gateway);
  });

  it('has all the time that a configuration can give it', async () => {
    const longest = 2 ** 31 - 1;
    let switchOver = () => {};
    const late: Reply = (socket) => {
      switchOver = () => socket.write(SWITCH);
    };
    const timeouts = { connectMs: longest, headersMs: longest };
    const { client, upstream } = await setUp(late, { timeouts });
    await until(() => upstream.requests().length === 1);
    // A timer that cannot hold its delay fires before this one.
    await new Promise((resolve) => setTimeout(resolve, 20));
    switchOver();
    await until(() => client.text.includes('\r\n\r\n'));
    expect(client.text).toContain('HTTP/1.1 101 ');
  });
});

describe('the protocol of a tunnel', () => {
  const offer = (...fields: string[]) => get('/', 'Connection: Upgrade', ...fields);
  const answer = (protocol: string) =>
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;

  async function send(request: string, complete: Reply) {
    const upstream = await anUpstream({ complete });
    const { client, gateway } = await aGateway({ backends: [upstream.url], retries: false });
    const one = await client();
    one.write(request);
    await until(() => one.text.includes('\r\n\r\n'));
    return { upstream, one, gateway };
  }

  it.each([
    ['in a list', ['Upgrade: websocket, h2c']],
    ['before another one', ['Upgrade: h2c, websocket']],
    ['in a second line', ['Upgrade: websocket', 'Upgrade: h2c']],
    ['in a first line', ['Upgrade: h2c', 'Upgrade: websocket']],
  ])('is never another version of HTTP: offered %s', async (_, fields) => {
    const { upstream, one } = await send(offer(...fields), answer('websocket'));
    expect(one.text).toMatch(/^HTTP\/1\.1 101 /);
    expect(upstream.text).toContain('\r\nUpgrade: websocket\r\n');
    expect(upstream.text).not.toMatch(/h2c/i);
  });

  it.each(['h2c', 'websocket, h2c', 'tcp'])('is one that was offered: not %s', async (protocol) => {
    const { one, gateway } = await send(offer('Upgrade: websocket'), answer(protocol));
    expect(one.text).toMatch(/^HTTP\/1\.1 502 /);
    await untilIdle(gateway);
  });

  it('is passed on as it is written', async () => {
    const { upstream, one } = await send(offer('Upgrade: SPDY/3.1'), answer('SPDY/3.1'));
    expect(one.text).toContain('\r\nUpgrade: SPDY/3.1\r\n');
    expect(upstream.text).toContain('\r\nUpgrade: SPDY/3.1\r\n');
  });
});
