import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { certificateFor } from '../conformance/certificates.ts';
import * as frames from '../conformance/wire/frames.ts';
import { reply } from '../conformance/wire/upstream.ts';
import { fields, setUp } from './gateway/http2-lab.ts';
import { aGateway, anUpstream, atTheEnd, endAll, until, untilIdle } from './gateway/lab.ts';

afterEach(endAll);

const { frame, GOAWAY, INITIAL_WINDOW_SIZE } = frames;

describe('a client over HTTP/2 that takes nothing', () => {
  it('has its time also where all of a small answer waits for it', async () => {
    const { h2, gateway, log } = await setUp(
      { complete: reply('200 OK', [], 'small') },
      { timeouts: { writeMs: 500 }, client: { settings: [[INITIAL_WINDOW_SIZE, 0]], reading: false } },
    );
    await h2.request(1, fields('GET'));
    await untilIdle(gateway);
    await until(() => h2.stream(1).reset !== undefined);
    expect(h2.stream(1).reset).toBe(frames.INTERNAL_ERROR);
    expect(log.records).toMatchObject([{ status: 499 }]);
  });
});

describe('a connection over HTTP/2', () => {
  it('is idle from the end of its last request, however long that took', async () => {
    const { h2, gateway, upstream } = await setUp({ complete: () => {} }, { timeouts: { idleMs: 100 } });
    await h2.request(1, fields('GET'));
    await until(() => upstream.requests().length === 1);
    // Longer than it may be idle.
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(h2.ended).toBeUndefined();
    h2.resetStream(1);
    await until(() => h2.ended !== undefined);
    await until(() => gateway.stats().connections.open === 0);
  });

  const goodbye = frame(GOAWAY, 0, 0, Buffer.alloc(8));
  it.each([
    ['that is idle', false, Buffer.alloc(0)],
    ['that is idle, over TLS', true, Buffer.alloc(0)],
    ['on which the client says goodbye', false, goodbye],
    ['on which the client says goodbye, over TLS', true, goodbye],
  ])('%s is closed, though the client leaves it open', async (_, isEncrypted, bytes) => {
    const certificate = isEncrypted ? { tls: { certificates: [await certificateFor('a.test')] } } : undefined;
    const { port, gateway } = await aGateway([(await anUpstream()).url], {
      listener: certificate ?? { h2c: true },
      timeouts: { headersMs: 200 },
    });
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    atTheEnd(() => socket.destroy());
    const client = isEncrypted
      ? tls.connect({
          socket,
          rejectUnauthorized: false,
          ALPNProtocols: ['h2'],
          allowHalfOpen: true,
        } as object)
      : socket;
    client.on('error', () => {}).resume();
    await once(client, isEncrypted ? 'secureConnect' : 'connect');
    client.write(Buffer.concat([Buffer.from(frames.PREFACE), frames.settingsFrame([]), bytes]));
    await until(() => gateway.stats().connections.accepted === 1);
    await until(
      () => gateway.stats().connections.open === 0,
      () => gateway.stats().connections,
    );
  });
});
