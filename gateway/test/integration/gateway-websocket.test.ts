import { afterEach, describe, expect, it } from 'vitest';
import { echoes } from '../conformance/cases/open-tunnel.ts';
import { handshake, SWITCH } from '../conformance/cases/websocket-handshake.ts';
import type { Client } from '../conformance/wire/client.ts';
import { header } from '../conformance/wire/messages.ts';
import { sleep } from '../conformance/wire/poll.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import {
  aGateway,
  anUpstream,
  endAll,
  held,
  NOTHING,
  type PoolInput,
  type Settings,
  until,
  untilIdle,
} from './gateway/lab.ts';

afterEach(endAll);

/** A gateway in front of a backend that switches and then does as it is told. */
async function setUp(complete: Reply = echoes, pool: Partial<PoolInput> = {}, settings: Settings = {}) {
  const upstream = await anUpstream({ complete });
  const gateway = await aGateway({ backends: [upstream.url], ...pool }, settings);
  return { upstream, ...gateway };
}

/** Waits until the tunnel of a client is open. */
const opened = (client: Client) =>
  until(
    () => client.text.startsWith('HTTP/1.1 101 '),
    () => client.text,
  );

describe('a tunnel', () => {
  it('in which one side is gone, and the other takes nothing, has its end', async () => {
    const flood: Reply = (socket) => {
      socket.removeAllListeners('end');
      socket.write(SWITCH);
      socket.write('x'.repeat(30_000_000));
      socket.end();
    };
    const { client, gateway } = await setUp(flood, {}, { timeouts: { tunnelMs: 300 } });
    const one = await client();
    one.write(handshake());
    await opened(one);
    one.socket.pause();
    one.end();
    expect(held(gateway).tunnels).toBe(1);
    await untilIdle(gateway);
  });
});

describe('a handshake', () => {
  it.each([
    ['403 Forbidden', 'secret club', 0],
    ['503 Service Unavailable', 'busy', 1],
  ])('that is answered with %s passes that on, and the connection ends', async (status, body, errors) => {
    const { client, gateway, log, backends } = await setUp(reply(status, ['X-Why: because'], body));
    const one = await client();
    const [answer] = await one.write(handshake()).answered();
    expect(answer).toMatchObject({ status: Number(status.slice(0, 3)), complete: true });
    expect(answer?.body.toString()).toBe(body);
    expect(header(answer!, 'connection')).toBe('close');
    expect(await one.closed()).toBe(true);
    await untilIdle(gateway);
    expect(log.records).toMatchObject([{ status: answer?.status, bytesSent: body.length, code: undefined }]);
    expect(backends()[0]).toMatchObject({ errors, cancelled: 0 });
    // Also where the client itself never ends it.
    await until(() => gateway.stats().connections.open === 0);
  });

  it('whose answer nobody takes, or that never ends, does not hold its lease for ever', async () => {
    const endless: Reply = (socket) => {
      socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhalf');
    };
    const { client, gateway } = await setUp(endless, {}, { timeouts: { writeMs: 200 } });
    const one = await client();
    one.write(handshake());
    expect(await one.closed()).toBe(true);
    await untilIdle(gateway);
  });

  it('that takes too long is given up', async () => {
    const timeouts = { connectMs: 100, headersMs: 100 };
    const { client, gateway, backends } = await setUp(() => {}, { timeouts, retries: false });
    const [answer] = await (await client()).write(handshake()).answered();
    expect(answer?.status).toBe(504);
    await untilIdle(gateway);
    expect(backends()[0]).toMatchObject({ errors: 1 });
  });
});

describe('hundreds of tunnels', () => {
  it('of which either side drops half leave nothing behind', async () => {
    const { client, upstream, gateway } = await setUp();
    const clients = await Promise.all(Array.from({ length: 200 }, () => client()));
    for (const one of clients) one.write(handshake());
    await Promise.all(clients.map(opened));
    expect(held(gateway)).toEqual({ requests: 200, tunnels: 200, leases: 200, active: 200 });
    for (const [i, one] of clients.entries()) {
      one.write('said');
      if (i % 2 === 0) one.reset();
    }
    await sleep(20);
    for (const { socket } of upstream.connections) socket.resetAndDestroy();
    await untilIdle(gateway);
    expect(held(gateway)).toEqual(NOTHING);
    await until(() => gateway.stats().connections.open === 0);
    await until(() => upstream.connections.every(({ closed }) => closed));
  });
});
