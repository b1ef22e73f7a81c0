import { once } from 'node:events';
import type http2 from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { sleep } from '../conformance/wire/poll.ts';
import { get } from '../conformance/wire/requests.ts';
import { reply } from '../conformance/wire/upstream.ts';
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
