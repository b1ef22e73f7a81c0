import { once } from 'node:events';
import type http2 from 'node:http2';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { handshake, SWITCH } from '../conformance/cases/websocket-handshake.ts';
import { H2Client } from '../conformance/wire/h2-client.ts';
import { sleep } from '../conformance/wire/poll.ts';
import { get } from '../conformance/wire/requests.ts';
import { reply } from '../conformance/wire/upstream.ts';
import { fields } from './gateway/http2-lab.ts';
import { aGateway, anH2Session, anUpstream, endAll, held, until, untilIdle } from './gateway/lab.ts';

afterEach(endAll);

const CHUNKED_HALF = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n';

describe('a connection over HTTP/2', () => {
  it('that is idle after a long request is ended', async () => {
    const upstream = await anUpstream({
      complete: async (socket) => {
        await sleep(250);
        socket.write(reply('200 OK', [], 'late'));
      },
    });
    const { port, gateway } = await aGateway([upstream.url], {
      listener: { h2c: true },
      timeouts: { idleMs: 100 },
    });
    const one = await anH2Session(port);
    const stream = one.request({ ':path': '/x' });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(200);
    stream.resume();
    await once(one, 'close');
    await until(() => gateway.stats().connections.open === 0);
  });
});

describe('a request for which no connection is free', () => {
  it('is answered in time, and gives back what it has', async () => {
    const upstream = await anUpstream({ complete: CHUNKED_HALF });
    const { client, gateway } = await aGateway({
      backends: [upstream.url],
      connections: 1,
      retries: false,
      timeouts: { totalMs: 300 },
    });
    const stream = await client();
    stream.write(get('/stream'));
    await until(() => stream.text.includes('half'));
    const [answer] = await (await client()).write(get('/late')).answered();
    expect(answer?.status).toBe(504);
    expect(held(gateway)).toMatchObject({ requests: 1, leases: 1, active: 1 });
    stream.socket.destroy();
    await untilIdle(gateway);
    upstream.script = {};
    expect((await (await client()).write(get('/next')).answered())[0]?.status).toBe(200);
    expect(upstream.text).not.toContain('/late');
  });
});

describe('a backend that resets its connection just after some bytes', () => {
  // libuv reports such a reset as an end.
  const resets = (first: string) => ({
    complete: (socket: Socket) => {
      socket.write(first);
      setTimeout(() => {
        socket.write('more');
        socket.resetAndDestroy();
      }, 5);
    },
  });
  const UNTIL_CLOSE = 'HTTP/1.1 200 OK\r\n\r\npart';

  it('gives no whole response, where the end of the connection would be that of the body', async () => {
    const { url } = await anUpstream(resets(UNTIL_CLOSE));
    const { port, client, gateway, log } = await aGateway([url], { listener: { h2c: true } });
    const one = (await client()).write(get('/x'));
    await until(() => one.ended !== undefined);
    expect(one.text).toContain('part');
    expect(one.text).not.toMatch(/\r\n0\r\n\r\n$/);
    const h2 = await H2Client.connect(port);
    await h2.request(1, fields('GET'));
    await until(() => h2.stream(1).reset !== undefined);
    expect(h2.stream(1).ended).toBe(false);
    await untilIdle(gateway);
    expect(log.records).toMatchObject([{ code: 'ERR_LB_UPSTREAM' }, { code: 'ERR_LB_UPSTREAM' }]);
  });

  it('gives the whole of a response that says its length', async () => {
    const { url } = await anUpstream(resets('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npart'));
    const { client } = await aGateway([url]);
    const [answer] = await (await client()).write(get('/x')).answered();
    expect(answer?.body.toString()).toBe('partmore');
  });

  it('has left a tunnel, whose client gets what came before', async () => {
    const { url } = await anUpstream(resets(SWITCH));
    const { client, gateway } = await aGateway([url]);
    const one = (await client()).write(handshake());
    await until(() => one.ended !== undefined);
    expect(one.text).toMatch(/\r\n\r\nmore$/);
    await untilIdle(gateway);
  });
});
