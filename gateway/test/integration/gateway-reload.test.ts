import { afterEach, describe, expect, it } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import { createGateway } from '../../src/gateway.ts';
import type { Client } from '../conformance/wire/client.ts';
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
  held,
  type PoolInput,
  until,
  untilIdle,
} from './gateway/lab.ts';

startAtTheFirst();

afterEach(endAll);

const SECRET = 'a secret that has 32 bytes or more';

/** Sends one request after the other, and counts how they end, until it is told to stop. */
async function lane(client: () => Promise<Client>, isOver: () => boolean, ends: Record<string, number>) {
  let one = await client();
  for (let count = 1; !isOver(); ) {
    one.write(get(`/${count}`));
    const answer = (await one.answered(count))[count - 1];
    const end = answer?.complete === true ? String(answer.status) : `broken ${one.ended}`;
    ends[end] = (ends[end] ?? 0) + 1;
    if (++count > 20) {
      one.socket.destroy();
      one = await client();
      count = 1;
    }
  }
}

describe('reloads', () => {
  it('a hundred times under load fail no request, whatever they change', async () => {
    const upstreams = await Promise.all([anUpstream(), anUpstream(), anUpstream()]);
    const [a, b, c] = upstreams.map(({ url }) => url) as [string, string, string];
    const changes: PoolInput[] = [
      { backends: [a, b], timeouts: { headersMs: 5_000 } },
      { backends: [b, c], strategy: 'round-robin' },
      { backends: [a, { url: c, weight: 3 }], connections: 50 },
      { backends: [a, b, c], maxInFlight: 2, sessions: { cookie: { secrets: [SECRET] } } },
      { backends: [c], tls: { verify: false } },
      { backends: [a, b, c] },
    ];
    const { client, reload, gateway } = await aGateway({ backends: [a, b] });
    let isOver = false;
    const ends: Record<string, number> = {};
    const lanes = Promise.all(Array.from({ length: 6 }, () => lane(client, () => isOver, ends)));
    for (let i = 0; i < 100; i++) {
      await reload(changes[i % changes.length] as PoolInput);
      await sleep(5);
    }
    isOver = true;
    await lanes;
    expect(Object.keys(ends)).toEqual(['200']);
    await untilIdle(gateway);
    const { total, statuses, errors } = gateway.stats().requests;
    expect([total, statuses['2xx'], errors]).toEqual([ends['200'], ends['200'], {}]);
    expect(gateway.stats().events.filter(({ type }) => type === 'reloaded').length).toBeGreaterThan(20);
  });

  it('change limits and timeouts for connections from then on', async () => {
    const upstream = await anUpstream();
    const listener = { h2c: true };
    for (const one of [{}, { listener }]) {
      const { client, reload } = await aGateway([upstream.url], one);
      const large = get('/', `X: ${'x'.repeat(3_000)}`);
      expect((await (await client()).write(large).answered())[0]?.status).toBe(200);
      await reload(
        { backends: [upstream.url] },
        { ...one, limits: { headerBytes: 1_024, urlBytes: 64 }, timeouts: { idleMs: 50 } },
      );
      expect((await (await client()).write(large).answered())[0]?.status).toBe(431);
      expect((await (await client()).write(get(`/${'x'.repeat(64)}`)).answered())[0]?.status).toBe(414);
      const idle = await client();
      await idle.write(get()).answered();
      expect(await idle.closed()).toBe(true);
    }
  });

  it('before the gateway listens lose nothing: pools are checked', async () => {
    let checks = 0;
    const upstream = await anUpstream({
      complete: (socket) => {
        checks++;
        socket.write(reply('200 OK'));
      },
    });
    const pool = { backends: [upstream.url], health: { intervalMs: 10 } };
    const gateway = createGateway(configOf(pool));
    atTheEnd(() => gateway.close(0));
    await gateway.reload(configOf(pool, { limits: { urlBytes: 100 } }));
    await sleep(30);
    expect(checks).toBe(0);
    const [address] = await gateway.listen();
    await until(() => checks > 1);
    const one = await aClient(address!.port);
    expect((await one.write(get(`/${'x'.repeat(100)}`)).answered())[0]?.status).toBe(414);
    await gateway.close(0);
    await expect(gateway.reload(configOf(pool))).rejects.toThrow('the gateway is closing');
    // One may have been on its way.
    await sleep(50);
    const after = checks;
    await sleep(50);
    expect(checks).toBe(after);
    expect(held(gateway).leases).toBe(0);
  });
});
