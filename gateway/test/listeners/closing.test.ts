import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { createGateway } from '../../src/gateway.ts';
import { echoes } from '../conformance/cases/open-tunnel.ts';
import { handshake } from '../conformance/cases/websocket-handshake.ts';
import { H2Client } from '../conformance/wire/h2-client.ts';
import { header } from '../conformance/wire/messages.ts';
import { sleep } from '../conformance/wire/poll.ts';
import { get } from '../conformance/wire/requests.ts';
import { reply } from '../conformance/wire/upstream.ts';
import {
  aClient,
  aGateway,
  anUpstream,
  atTheEnd,
  configOf,
  endAll,
  until,
} from '../integration/gateway/lab.ts';

afterEach(endAll);

const isRefused = (port: number) =>
  aClient(port).then(
    () => false,
    () => true,
  );

describe('closing a gateway', () => {
  it('gives requests under way their answers, over HTTP/1 and HTTP/2, and takes no more', async () => {
    const waiting: net.Socket[] = [];
    const upstream = await anUpstream({ complete: (socket) => waiting.push(socket) });
    const { client, port, gateway } = await aGateway([upstream.url], { listener: { h2c: true } });
    const [busy, idle] = [await client(), await client()];
    busy.write(get());
    const session = http2.connect(`http://127.0.0.1:${port}`);
    atTheEnd(() => session.destroy());
    // Read as it comes: what nobody has read is lost with the session.
    const streamed = text(session.request({ ':path': '/' }));
    await until(() => waiting.length === 2);
    const closed = gateway.close(20_000);
    const goaway = once(session, 'goaway');
    await goaway;
    expect(gateway.stats().ready).toBe(false);
    expect(await isRefused(port)).toBe(true);
    for (const socket of waiting) socket.write(reply('200 OK', [], 'late'));
    const [answer] = await busy.answered();
    expect([answer?.body.toString(), header(answer!, 'connection')]).toEqual(['late', 'close']);
    expect(await streamed).toBe('late');
    await closed;
    expect(await idle.closed()).toBe(true);
    expect(gateway.stats().connections.open).toBe(0);
    await until(() =>
      upstream.connections.every(({ closed: isClosed, ended }) => isClosed || ended !== undefined),
    );
  });

  it('leaves tunnels their time, a second close does not', async () => {
    const upstream = await anUpstream({ complete: echoes });
    const { client, gateway, log } = await aGateway([upstream.url]);
    const one = await client();
    one.write(handshake());
    await until(() => one.text.startsWith('HTTP/1.1 101 '));
    let isClosed = false;
    const closed = gateway.close(60_000).then(() => (isClosed = true));
    await sleep(50);
    one.write('still');
    await until(() => one.text.endsWith('still'));
    expect(isClosed).toBe(false);
    await gateway.close(0);
    await closed;
    expect(await one.closed()).toBe(true);
    expect(log.records).toMatchObject([{ status: 101, bytesReceived: 5, bytesSent: 5 }]);
  });

  it('announces the end while it still takes connections', async () => {
    const { client, port, gateway } = await aGateway([(await anUpstream()).url], {
      listener: { h2c: true },
      shutdown: { delayMs: 60_000 },
    });
    const [one, idle] = [await client(), await H2Client.connect(port)];
    atTheEnd(() => idle.socket.destroy());
    expect((await one.write(get()).answered())[0]?.status).toBe(200);
    const closed = gateway.close();
    for (const each of [one, await client()]) {
      const answers = await each.write(get()).answered(each === one ? 2 : 1);
      expect(header(answers.at(-1)!, 'connection')).toBe('close');
      expect(await each.closed()).toBe(true);
    }
    await until(() => idle.goaway === 0);
    const late = http2.connect(`http://127.0.0.1:${port}`);
    atTheEnd(() => late.destroy());
    const goaway = once(late, 'goaway');
    expect(await text(late.request({ ':path': '/' }))).toBe('/');
    expect((await goaway).slice(0, 2)).toEqual([0, 1]);
    await Promise.all([gateway.close(0), closed]);
  });

  it('at once also ends the wait before the end of accepting', async () => {
    const { client, port, gateway } = await aGateway([(await anUpstream()).url], {
      shutdown: { delayMs: 60_000 },
    });
    const closed = gateway.close();
    expect(gateway.stats().ready).toBe(false);
    expect((await (await client()).write(get()).answered())[0]?.status).toBe(200);
    await Promise.all([gateway.close(0), closed]);
    expect(await isRefused(port)).toBe(true);
  });

  it('breaks off visibly what takes longer than it may', async () => {
    const upstream = await anUpstream({ complete: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf' });
    const { client, gateway, log } = await aGateway([upstream.url]);
    const one = await client();
    one.write(get());
    await until(() => one.text.endsWith('half'));
    await gateway.close(10);
    expect(await one.closed()).toBe(true);
    expect(one.answers[0]?.complete).toBe(false);
    await until(() => log.records.length === 1);
    expect(gateway.stats().requests.inFlight).toBe(0);
  });

  it('works without having listened, and more than once', async () => {
    const gateway = createGateway(configOf({ backends: [] }));
    await gateway.close();
    await gateway.close(0);
  });
});

describe('opening a gateway', () => {
  it('opens every listener, or none', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    atTheEnd(() => taken.close());
    const { port: busy } = taken.address() as net.AddressInfo;
    const free = net.createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as net.AddressInfo;
    free.close();
    await once(free, 'close');
    const listeners = [
      { host: '127.0.0.1', port },
      { host: '127.0.0.1', port: busy },
    ];
    const upstream = await anUpstream();
    const config = { ...configOf({ backends: [upstream.url], health: { intervalMs: 10 } }), listeners };
    const gateway = createGateway(config);
    atTheEnd(() => gateway.close(0));
    const error = await gateway.listen().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toEqual([
      `cannot listen on 127.0.0.1:${busy}: the address is in use (EADDRINUSE)`,
    ]);
    expect(await isRefused(port)).toBe(true);
    expect(gateway.stats().ready).toBe(false);
    await sleep(50);
    expect(upstream.requests()).toEqual([]);
    await gateway.close(0);
  });

  it('gives the same addresses when it is asked again', async () => {
    const { client, gateway } = await aGateway([(await anUpstream()).url]);
    expect(await gateway.listen()).toBe(await gateway.listen());
    expect((await (await client()).write(get()).answered())[0]?.status).toBe(200);
  });
});
