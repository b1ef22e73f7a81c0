import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { createProxy, type NodeProxyConfig } from '../../src/proxy.ts';
import { echoes } from '../conformance/cases/open-tunnel.ts';
import { handshake } from '../conformance/cases/websocket-handshake.ts';
import { header } from '../conformance/wire/messages.ts';
import { get, post } from '../conformance/wire/requests.ts';
import { reply } from '../conformance/wire/upstream.ts';
import { AccessLog, aClient, anUpstream, atTheEnd, endAll, until } from './gateway/lab.ts';

afterEach(endAll);

/**
 * A server of somebody else's that hands requests to a proxy.
 * @param path - of a unix socket; else it is a free port
 */
async function setUp(config: NodeProxyConfig, path?: string) {
  const log = new AccessLog();
  const proxy = createProxy({ health: false, ...config }, { log });
  const server = http.createServer((request, response) => {
    if (request.url === '/own') response.end('own');
    else proxy.handle(request, response);
  });
  server.on('upgrade', (request, socket, first) => proxy.upgrade(request, socket, first));
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  atTheEnd(() => {
    proxy.close();
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { proxy, log, server, client: () => aClient(port) };
}

/** A proxy behind a unix socket, and a request that is sent to it. */
async function overUnixSocket(config: NodeProxyConfig, request: string) {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  atTheEnd(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'socket');
  const { proxy } = await setUp(config, path);
  const socket = connect(path).on('error', () => {});
  atTheEnd(() => socket.destroy());
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.write(request);
  return { proxy, socket, text: () => text };
}

const inFlight = (proxy: { stats(): { pools: readonly { inFlight: number }[] } }) =>
  proxy.stats().pools[0]?.inFlight;

describe('a proxy within another server', () => {
  it('answers what it is handed, and nothing else', async () => {
    const upstream = await anUpstream();
    const { proxy, log, client } = await setUp({ backends: [upstream.url], name: 'mine' });
    const one = await client();
    one.write(get('/own')).write(get('/theirs')).write(post('body', '/posted'));
    const answers = await one.answered(3);
    expect(answers.map(({ body }) => body.toString())).toEqual(['own', '/theirs', '/posted']);
    expect(upstream.text).toContain('Via: 1.1 mine-');
    expect(upstream.requests()[1]?.body.toString()).toBe('body');
    await until(() => inFlight(proxy) === 0);
    expect(proxy.stats()).toMatchObject({
      ready: true,
      requests: { total: 2, inFlight: 0, statuses: { '2xx': 2 } },
    });
    expect(log.records.map(({ path, pool }) => [path, pool])).toEqual([
      ['/theirs', 'proxy'],
      ['/posted', 'proxy'],
    ]);
  });

  it('opens tunnels', async () => {
    const upstream = await anUpstream({ complete: echoes });
    const { proxy, client } = await setUp({ backends: [upstream.url] });
    const one = await client();
    one.write(handshake());
    await until(() => one.text.startsWith('HTTP/1.1 101 '));
    one.write('hello');
    await until(() => one.text.endsWith('hello'));
    expect(inFlight(proxy)).toBe(1);
    one.reset();
    await until(() => inFlight(proxy) === 0);
    expect(proxy.stats().tunnels).toEqual({ open: 0, total: 1 });
  });

  it('has limits, and time-outs for backends and for clients', async () => {
    const upstream = await anUpstream({ complete: () => {} });
    const { client } = await setUp({
      backends: [upstream.url],
      retries: false,
      limits: { urlBytes: 64 },
      timeouts: { headersMs: 50 },
      clientTimeouts: { writeMs: 1_000 },
    });
    expect((await (await client()).write(get(`/${'x'.repeat(64)}`)).answered())[0]?.status).toBe(414);
    const [late] = await (await client()).write(get('/late')).answered();
    expect([late?.status, header(late!, 'content-type')]).toEqual([504, 'application/json']);
  });

  it('can be changed at run time', async () => {
    const upstream = await anUpstream({ complete: reply('200 OK', [], 'added') });
    const { proxy, client } = await setUp({ backends: [], queue: false });
    expect((await (await client()).write(get()).answered())[0]?.status).toBe(503);
    await proxy.control.change({ type: 'add', pool: 'proxy', backend: { url: upstream.url } });
    expect((await (await client()).write(get()).answered())[0]?.body.toString()).toBe('added');
  });

  it('ends its checks, its connections and what runs when it is closed', async () => {
    const upstream = await anUpstream({
      complete: (socket, { startLine }) => {
        if (startLine.includes('/health')) socket.write(reply('200 OK'));
      },
    });
    const { proxy, client } = await setUp({ backends: [upstream.url], health: { intervalMs: 10 } });
    const one = await client();
    one.write(get('/hangs'));
    await until(() => upstream.requests().some(({ startLine }) => startLine.includes('/hangs')));
    proxy.close();
    expect(await one.closed()).toBe(true);
    await until(() => upstream.connections.every(({ closed, ended }) => closed || ended !== undefined));
    expect(inFlight(proxy)).toBe(0);
    const { length } = upstream.requests();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(upstream.requests().length).toBe(length);
  });

  it('does not take what has ended while somebody else had it', async () => {
    const upstream = await anUpstream({ complete: echoes });
    const { proxy, server, client } = await setUp({ backends: [upstream.url] });
    server.removeAllListeners('request').removeAllListeners('upgrade');
    const kept: { socket: Socket; handOver: () => void }[] = [];
    server.on('request', (request, response) => {
      if (request.url === '/answered') response.end('own');
      kept.push({ socket: request.socket, handOver: () => proxy.handle(request, response) });
    });
    server.on('upgrade', (request, socket, first) => {
      socket.on('error', () => {});
      kept.push({ socket: request.socket, handOver: () => proxy.upgrade(request, socket, first) });
    });
    for (const [nth, request] of [get('/left'), post('body', '/left'), handshake()].entries()) {
      const one = await client();
      one.write(request);
      await until(() => kept.length > nth);
      one.reset();
      await until(() => kept[nth]?.socket.closed === true);
    }
    expect((await (await client()).write(get('/answered')).answered())[0]?.body.toString()).toBe('own');
    for (const { handOver } of kept) handOver();
    expect(kept.length).toBe(4);
    expect(proxy.stats()).toMatchObject({ requests: { total: 0, inFlight: 0 }, tunnels: { open: 0 } });
    expect(inFlight(proxy)).toBe(0);
  });

  it('opens no tunnel after its end', async () => {
    const upstream = await anUpstream({ complete: echoes });
    const { proxy, client } = await setUp({ backends: [upstream.url] });
    proxy.close();
    const one = await client();
    one.write(handshake());
    expect(await one.closed()).toBe(true);
    expect(one.text).toBe('');
    expect(upstream.connections).toEqual([]);
  });

  it('does not tell backends an address of a client that has none', async () => {
    const upstream = await anUpstream();
    const { text } = await overUnixSocket({ backends: [upstream.url] }, get('/x'));
    await until(() => text().endsWith('/x'));
    const [request] = upstream.requests();
    expect([header(request!, 'x-forwarded-for'), header(request!, 'forwarded')]).toEqual([
      undefined,
      'for=unknown;host=a.test;proto=http',
    ]);
  });

  it('breaks off an answer to HTTP/1.0 where its connection cannot be reset', async () => {
    const upstream = await anUpstream({
      complete: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    });
    const config: NodeProxyConfig = { backends: [upstream.url], retries: false };
    const { proxy, socket, text } = await overUnixSocket(config, 'GET /x HTTP/1.0\r\n\r\n');
    await until(() => text().endsWith('half'));
    upstream.connections[0]?.socket.destroy();
    await until(() => socket.closed);
    await until(() => proxy.stats().requests.inFlight === 0);
    expect(inFlight(proxy)).toBe(0);
  });

  it('says what is wrong with its configuration', () => {
    expect(() => createProxy({ backends: ['ftp://x'] })).toThrow(ConfigError);
    expect(() => createProxy({ backends: [], timeouts: { writeMs: 1 } } as never)).toThrow('writeMs');
    expect(() => createProxy({ backends: [], clientTimeouts: { connectMs: 1 } } as never)).toThrow(
      'connectMs',
    );
  });
});
