// What a listener does with its connections, over loopback sockets.
import { createHook } from 'node:async_hooks';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { certificateFor } from '../conformance/certificates.ts';
import type { Client } from '../conformance/wire/client.ts';
import { PREFACE, SETTINGS, settingsFrame } from '../conformance/wire/frames.ts';
import { H2Client } from '../conformance/wire/h2-client.ts';
import type { Field } from '../conformance/wire/hpack.ts';
import { get } from '../conformance/wire/requests.ts';
import {
  aClient,
  aGateway,
  anUpstream,
  atTheEnd,
  configOf,
  endAll,
  type Settings,
  until,
} from '../integration/gateway/lab.ts';

afterEach(endAll);

const FIELDS: Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/x'],
  [':authority', 'a.test'],
];

/** The intervals that are set from now on and not yet cleared. */
function intervals() {
  const open = new Set<number>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if (type === 'Timeout' && typeof (resource as { _repeat?: unknown })._repeat === 'number') open.add(id);
    },
    destroy: (id) => void open.delete(id),
  }).enable();
  return { open, stop: () => hook.disable() };
}

describe('a listener', () => {
  it.each(['http', 'h2c', 'https'] as const)(
    'for %s leaves no timer behind when it is closed',
    async (protocol) => {
      const tls = { certificates: [await certificateFor('a.test')] };
      const listener = protocol === 'https' ? { tls } : { h2c: protocol === 'h2c' };
      const { open, stop } = intervals();
      const { client, gateway } = await aGateway([(await anUpstream()).url], { listener });
      const one = await client(protocol === 'https' ? { rejectUnauthorized: false } : undefined);
      await one.write(get('/x')).answered();
      // node:http looks for connections that take too long.
      expect(open.size).toBeGreaterThan(0);
      await gateway.close(0);
      await until(
        () => open.size === 0,
        () => open.size,
      );
      stop();
    },
  );

  it('lets no more connections in than it may have open, and counts those that it turns away', async () => {
    const backends = [(await anUpstream()).url];
    const { client, gateway, reload } = await aGateway(backends, { limits: { connections: 2 } });
    const [one] = [await client(), await client()];
    const third = await client();
    expect(await third.closed()).toBe(true);
    expect(gateway.stats().connections).toMatchObject({ open: 2, accepted: 2, refused: 1 });
    // The limit of the latest configuration.
    await reload({ backends }, { limits: { connections: 3 } });
    const fourth = await client();
    expect((await fourth.write(get('/x')).answered())[0]?.status).toBe(200);
    one.socket.destroy();
    await until(() => gateway.stats().connections.open === 2);
    expect(gateway.stats().connections).toMatchObject({ accepted: 3, refused: 1 });
  });
});

describe('a listener with a name', () => {
  it('has the routes that ask for it', async () => {
    const routes = [{ pool: 'shop', listeners: ['inside'] }];
    const gateway = createGateway({
      ...configOf({ backends: [(await anUpstream()).url] }, { routes }),
      listeners: ['inside', 'outside'].map((name) => ({ name, host: '127.0.0.1', port: 0 })),
    });
    atTheEnd(() => gateway.close(0));
    const statuses: unknown[] = [];
    for (const { port } of await gateway.listen())
      statuses.push((await (await aClient(port)).write(get()).answered())[0]?.status);
    expect(statuses).toEqual([200, 404]);
  });
});

describe('a listener with a limit for each client', () => {
  it.each(['http', 'https'] as const)('closes what is beyond it at once, over %s', async (protocol) => {
    const tls = { certificates: [await certificateFor('a.test')] };
    const listener = protocol === 'https' ? { tls } : {};
    const limits = { connectionsPerClient: 2 };
    const { client, port, gateway } = await aGateway([(await anUpstream()).url], { listener, limits });
    const options = protocol === 'https' ? { rejectUnauthorized: false } : undefined;
    const [one] = [await client(options), await client(options)];
    const beyond = await aClient(port);
    expect(await beyond.closed()).toBe(true);
    expect(gateway.stats().connections).toMatchObject({ open: 2, accepted: 2, refused: 1 });
    one.socket.destroy();
    await until(() => gateway.stats().connections.open === 1);
    const next = await client(options);
    expect((await next.write(get('/x')).answered())[0]?.status).toBe(200);
  });

  it('has none for trusted proxies', async () => {
    const { client, gateway } = await aGateway([(await anUpstream()).url], {
      limits: { connectionsPerClient: 1, requestsPerClient: 1 },
      trustedProxies: ['127.0.0.1'],
    });
    for (let i = 0; i < 3; i++)
      expect((await (await client()).write(get('/x')).answered())[0]?.status).toBe(200);
    expect(gateway.stats().connections).toMatchObject({ open: 3, refused: 0 });
  });
});

describe('a listener for https', () => {
  const setUp = async (http2?: boolean) => {
    const certificates = await Promise.all(['a.test', 'b.test'].map((name) => certificateFor(name)));
    const tls = { certificates, ...(http2 === undefined ? {} : { http2 }) };
    return aGateway([(await anUpstream()).url], { listener: { tls }, timeouts: { headersMs: 200 } });
  };
  const protocolOf = ({ socket }: Client) => (socket as TLSSocket).alpnProtocol;
  const nameOf = ({ socket }: Client) => (socket as TLSSocket).getPeerCertificate().subjectaltname;

  it.each([
    [true, ['h2', 'http/1.1'], 'h2'],
    [true, ['http/1.1'], 'http/1.1'],
    [false, ['h2', 'http/1.1'], 'http/1.1'],
  ])('speaks HTTP/2 where it may and its client can: %s, %j', async (http2, ALPNProtocols, protocol) => {
    const { client, port } = await setUp(http2);
    expect(protocolOf(await client({ ALPNProtocols }))).toBe(protocol);
    if (protocol === 'http/1.1') {
      const [answer] = await (await client({ ALPNProtocols })).write(get('/x')).answered();
      expect(answer?.status).toBe(200);
      return;
    }
    const session = await H2Client.connect(port, { tls: { ALPNProtocols } });
    atTheEnd(() => session.socket.destroy());
    await session.request(1, FIELDS);
    await session.done();
    expect(session.status(1)).toBe(200);
  });

  it('shows the certificate for the name that is asked for, and serves the hosts of that one alone', async () => {
    const { client } = await setUp();
    for (const [servername, shown] of [
      ['a.test', 'a.test'],
      ['b.test', 'b.test'],
      ['other.test', 'a.test'],
    ] as const) {
      expect(nameOf(await client({ servername }))).toBe(`DNS:${shown}`);
    }
    const statusOf = async (servername: string, host: string) => {
      const one = await client(servername === '' ? {} : { servername });
      const [answer] = await one.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).answered();
      return answer?.status;
    };
    expect(await statusOf('b.test', 'b.test')).toBe(200);
    expect(await statusOf('b.test', 'a.test')).toBe(421);
    // One that names no host may ask for any.
    expect(await statusOf('', 'b.test')).toBe(200);
  });

  it('ends a connection without a handshake in time', async () => {
    const { port, gateway } = await setUp();
    const silent = await aClient(port);
    expect(await silent.closed()).toBe(true);
    await until(() => gateway.stats().connections.open === 0);
  });
});

describe('a listener for HTTP/2 without TLS', () => {
  const setUp = async (settings: Settings = {}) =>
    aGateway([(await anUpstream()).url], { listener: { h2c: true }, ...settings });
  const opening = Buffer.concat([Buffer.from(PREFACE), settingsFrame([])]);

  it('knows it by its first bytes, in however many pieces they come', async () => {
    const { client } = await setUp();
    const one = await client();
    for (const byte of opening) one.write(Buffer.from([byte]));
    // The first frame of a server is SETTINGS, and no answer of HTTP/1.
    await until(() => one.bytes.length >= 9);
    expect(one.bytes[3]).toBe(SETTINGS);
  });

  it.each([
    ['a request', get('/x'), 200],
    ['what begins in the same way', 'PRI * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['what is like it but for its last byte', `${PREFACE.slice(0, -1)}x`, 505],
  ])('takes for HTTP/1 %s', async (_, bytes, status) => {
    const { client } = await setUp();
    const one = await client();
    one.write(bytes);
    await one.answered();
    expect(one.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('ends a connection that ends before it is known', async () => {
    const { client, gateway } = await setUp();
    const one = await client();
    one.write(PREFACE.slice(0, 5)).end();
    await until(() => gateway.stats().connections.accepted === 1 && gateway.stats().connections.open === 0);
    expect(one.text).toBe('');
  });

  it('ends a connection whose first bytes take too long, however often there is one more', async () => {
    const { client, gateway } = await setUp({ timeouts: { headersMs: 100 } });
    const one = await client();
    const drip = setInterval(() => one.write(PREFACE.slice(0, 1)), 20);
    atTheEnd(() => clearInterval(drip));
    expect(await one.closed()).toBe(true);
    await until(() => gateway.stats().connections.open === 0);
  });

  it('refuses more headers than a request may have, and serves as many', async () => {
    const { port } = await setUp({ limits: { headers: 12 } });
    const statusWith = async (headers: number) => {
      const session = await H2Client.connect(port);
      atTheEnd(() => session.socket.destroy());
      // `:authority` counts as the header that it stands for.
      const more = Array.from({ length: headers - 1 }, (_, i): Field => [`x-${i}`, 'y']);
      await session.request(1, [...FIELDS, ...more]);
      await session.done();
      return session.status(1);
    };
    expect([await statusWith(12), await statusWith(13)]).toEqual([200, 431]);
  });
});
