// Host names in the URLs of backends, looked up again and again at a real DNS server.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DNSMASQ, DnsServer } from '../../../test/servers/dnsmasq.ts';
import { isInstalled } from '../../../test/servers/server-process.ts';
import { certificateFor } from '../conformance/certificates.ts';
import { aGateway, atTheEnd, endAll } from './gateway/lab.ts';

const hasDns = isInstalled(DNSMASQ);

/** A backend at one of the addresses of this machine, that answers with its address. */
async function aBackend(address: string, port = 0, tls?: { key: string; cert: string }) {
  const seen: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  const listener = (request: IncomingMessage, response: { end(text: string): void }) => {
    seen.push(request);
    response.end(address);
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    seen.push(request);
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${address}`,
    );
  });
  server.listen(port, address);
  await once(server, 'listening');
  atTheEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, sockets, port: (server.address() as AddressInfo).port };
}

describe(`names of backends${hasDns ? '' : ' (SKIPPED: dnsmasq is not installed)'}`, () => {
  const test = hasDns ? it : it.skip;
  let server: DnsServer;
  beforeAll(async () => {
    if (hasDns) server = await DnsServer.start({ 'shop.test': ['127.0.0.11'] });
  });
  afterEach(endAll);
  afterAll(() => server?.close());

  /** The bodies of some requests, each with a path of its own. */
  const answers = async (port: number, count = 20) => {
    const texts = Array.from({ length: count }, async (_, i) =>
      (await fetch(`http://127.0.0.1:${port}/${i}`)).text(),
    );
    return [...new Set(await Promise.all(texts))].sort();
  };
  const strategy = { strategy: 'round-robin' } as const;

  test('with several addresses are several backends, which come and go with the records', async () => {
    server.set('shop.test', '127.0.0.11', '127.0.0.12');
    const first = await aBackend('127.0.0.11');
    const second = await aBackend('127.0.0.12', first.port);
    await aBackend('127.0.0.13', first.port);
    const url = `http://shop.test:${first.port}`;
    const { gateway, port } = await aGateway({
      backends: [url],
      dns: { server: server.address },
      ...strategy,
    });
    const idsOf = () => gateway.stats().pools[0]?.backends.map(({ id }) => id);
    const at = (...hosts: number[]) => hosts.map((host) => `http://127.0.0.${host}:${first.port}`);
    await expect.poll(idsOf).toEqual(at(11, 12));
    expect(await answers(port)).toEqual(['127.0.0.11', '127.0.0.12']);
    expect(second.seen[0]?.headers['x-forwarded-host']).toBe(`127.0.0.1:${port}`);
    server.set('shop.test', '127.0.0.12', '127.0.0.13');
    await expect.poll(idsOf, { timeout: 5_000 }).toEqual(at(12, 13));
    expect(await answers(port)).toEqual(['127.0.0.12', '127.0.0.13']);
    await expect.poll(() => first.sockets.size).toBe(0);
  });

  test('with one address are one backend, which keeps its id where the address changes', async () => {
    server.set('shop.test', '127.0.0.11');
    const first = await aBackend('127.0.0.11');
    const second = await aBackend('127.0.0.12', first.port);
    const url = `http://shop.test:${first.port}`;
    const health = { intervalMs: 200, request: { path: '/health' } };
    const pool = { backends: [url], dns: { server: server.address }, health, ...strategy };
    const { gateway, port } = await aGateway(pool);
    await expect.poll(() => answers(port)).toEqual(['127.0.0.11']);
    const checks = () => second.seen.filter((request) => request.url === '/health');
    expect(checks()).toEqual([]);
    server.set('shop.test', '127.0.0.12');
    await expect.poll(() => answers(port), { timeout: 5_000 }).toEqual(['127.0.0.12']);
    expect(gateway.stats().pools[0]?.backends.map(({ id }) => id)).toEqual([url]);
    await expect.poll(() => first.sockets.size).toBe(0);
    await expect.poll(() => checks().length).toBeGreaterThan(0);
    expect(checks()[0]?.headers.host).toBe(`shop.test:${first.port}`);
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    const [, , first64] = await once(request({ port, path: '/ws', headers }).end(), 'upgrade');
    expect(String(first64)).toMatch(/^(127\.0\.0\.12)?$/);
    expect(second.seen.at(-1)?.url).toBe('/ws');
  });

  test('stay the names that certificates must have', async () => {
    server.set('shop.test', '127.0.0.11');
    const certificate = await certificateFor('shop.test');
    const { port: secure } = await aBackend('127.0.0.11', 0, certificate);
    const [url, tls] = [`https://shop.test:${secure}`, { ca: certificate.cert }];
    const dns = { server: server.address };
    const { port } = await aGateway({ backends: [url], dns, tls, retries: false });
    await expect.poll(() => answers(port, 1)).toEqual(['127.0.0.11']);
  });

  test('are left to each connection with dns: false', async () => {
    const { gateway, port } = await aGateway({
      backends: ['http://shop.test:8080'],
      dns: false,
      retries: false,
    });
    const { status } = await fetch(`http://127.0.0.1:${port}/`);
    expect(status).toBe(502);
    expect(gateway.stats().pools[0]?.backends).toMatchObject([{ id: 'http://shop.test:8080' }]);
  });

  test('may be given in dns, with a type and a port', async () => {
    server.set('shop.test', '127.0.0.11', '127.0.0.12', '::1');
    const { port } = await aBackend('127.0.0.11');
    const dns = { name: 'shop.test', type: 'a', port, server: server.address } as const;
    const { gateway, reload } = await aGateway({ backends: [], dns });
    const idsOf = () => gateway.stats().pools[0]?.backends.map(({ id }) => id);
    const both = [`http://127.0.0.11:${port}`, `http://127.0.0.12:${port}`];
    await expect.poll(idsOf).toEqual(both);
    await reload({ backends: [], dns, seed: 7 });
    expect(idsOf()).toEqual(both);
  });
});
