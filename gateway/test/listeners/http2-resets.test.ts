import { constants } from 'node:http2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as frames from '../conformance/wire/frames.ts';
import { H2Client } from '../conformance/wire/h2-client.ts';
import { encodeFields } from '../conformance/wire/hpack.ts';
import { aGateway, anUpstream, atTheEnd, endAll, held, NOTHING, until } from '../integration/gateway/lab.ts';

afterEach(endAll);
afterEach(() => void vi.restoreAllMocks());

const { frame, uint32, CANCEL, END_HEADERS, END_STREAM, HEADERS, NO_ERROR, RST_STREAM, WINDOW_UPDATE } =
  frames;

const FIELDS = encodeFields([
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a.test'],
]);

/** A request that its client gives up at once. */
const resetWith = (code: number) => (stream: number) =>
  Buffer.concat([
    frame(HEADERS, END_STREAM | END_HEADERS, stream, FIELDS),
    frame(RST_STREAM, 0, stream, uint32(code)),
  ]);
const reset = resetWith(CANCEL);
const politely = resetWith(NO_ERROR);
/**
 * A request that the gateway must give up: an increment of 0 is an error of its stream (RFC 9113 section
 * 6.9).
 */
const spoilt = (stream: number) =>
  Buffer.concat([
    frame(HEADERS, END_STREAM | END_HEADERS, stream, FIELDS),
    frame(WINDOW_UPDATE, 0, stream, uint32(0)),
  ]);

async function setUp() {
  const upstream = await anUpstream({ complete: () => {} });
  const { gateway, port } = await aGateway([upstream.url], { listener: { h2c: true } });
  const client = await H2Client.connect(port);
  atTheEnd(() => client.socket.destroy());
  await until(() => client.settings.size > 0);
  let next = 1;
  const send = (count: number, make: (stream: number) => Buffer) => {
    client.write(...Array.from({ length: count }, () => make((next += 2))));
  };
  const total = () => gateway.stats().requests.total;
  return { gateway, client, send, total };
}

describe('a client that gives up its requests over HTTP/2', () => {
  it.each([
    ['in one piece', 1_000, 1],
    ['in small pieces', 20, 50],
  ])('too often, %s, loses its connection at once', async (_, count, pieces) => {
    const { gateway, client, send } = await setUp();
    for (let piece = 0; piece < pieces && client.ended === undefined; piece++) {
      send(count, reset);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await until(() => client.ended !== undefined);
    // Which error, depends on whether the engine or the gateway has counted to the end first.
    expect(client.goaway).toBeGreaterThan(0);
    await until(
      () => gateway.stats().connections.open === 0,
      () => gateway.stats().connections,
    );
    expect(held(gateway)).toEqual(NOTHING);
  });

  it('may not do so either where it calls that no error', async () => {
    const { gateway, client, send } = await setUp();
    for (let piece = 0; piece < 50 && client.ended === undefined; piece++) {
      send(20, politely);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await until(() => client.ended !== undefined);
    expect(held(gateway)).toEqual(NOTHING);
  });

  it('by their own mistakes is no better', async () => {
    const { gateway, client, send } = await setUp();
    for (let piece = 0; piece < 50 && client.ended === undefined; piece++) {
      send(20, spoilt);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await until(() => client.ended !== undefined);
    expect(held(gateway)).toEqual(NOTHING);
  });

  it('may do so 200 times at once, and not once more', async () => {
    // While the clock stands still, no further resets are earned.
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now);
    const { gateway, client, send, total } = await setUp();
    for (const given of [50, 100, 150, 200]) {
      send(50, reset);
      await until(() => total() === given && held(gateway).requests === 0);
    }
    send(1, (stream) => frame(HEADERS, END_STREAM | END_HEADERS, stream, FIELDS));
    await until(() => total() === 201);
    expect([client.ended, client.goaway]).toEqual([undefined, undefined]);
    send(1, reset);
    await until(() => client.ended !== undefined);
    expect(client.goaway).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });

  it('now and then may do so', async () => {
    const { client, send, total } = await setUp();
    for (const given of [80, 160]) {
      send(80, reset);
      await until(() => total() === given, total);
    }
    send(1, (stream) => frame(HEADERS, END_STREAM | END_HEADERS, stream, FIELDS));
    await until(() => total() === 161, total);
    expect([client.ended, client.goaway]).toEqual([undefined, undefined]);
  });
});
