import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { now } from '../../bench/gateway/load/clock.ts';
import { FixedRateClient } from '../../bench/gateway/load/fixed-rate-client.ts';

const BODY = 'x'.repeat(10);
const answer = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const left: (() => void)[] = [];

afterEach(() => {
  for (const leave of left.splice(0)) leave();
});

/** A client of a server that does this with each request; both are closed after the test. */
async function clientOf(serve: (socket: Socket, request: number) => void, connections: number) {
  let requests = 0;
  const server = createServer((socket) => {
    socket.on('data', () => serve(socket, requests++));
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new FixedRateClient(port, { path: '/', bodyBytes: 10, rate: 0, seconds: 0, connections });
  left.push(
    () => client.close(),
    () => server.close(),
  );
  await client.open();
  return client;
}

/** Runs a turn whose requests are all due already. */
function allDue(client: FixedRateClient, requests: number) {
  const turn = client.run(new Float64Array(requests), now(), 10_000);
  client.sendDue();
  return turn;
}

describe('a client at a fixed rate', () => {
  it('counts the latency of a request from the time when it was due, not from when it was sent', async () => {
    const client = await clientOf((socket) => socket.write(answer(BODY)), 1);
    // One connection for three: the later ones wait for it.
    const turn = client.run(new Float64Array(3), now() - 500, 10_000);
    client.sendDue();
    const { latenciesMs, failures } = await turn;
    expect(failures).toBe(0);
    expect(latenciesMs).toHaveLength(3);
    for (const latencyMs of latenciesMs) expect(latencyMs).toBeGreaterThan(500);
  });

  it('sends nothing before it is due', async () => {
    let requests = 0;
    const client = await clientOf((socket) => {
      requests++;
      socket.write(answer(BODY));
    }, 2);
    const startedAt = now();
    const turn = client.run(Float64Array.of(0, 3_600_000), startedAt, 100);
    client.sendDue();
    const { failures } = await turn;
    expect(failures).toBeGreaterThan(0);
    expect(requests).toBeLessThan(2);
  });

  it.each([
    ['has a body of another length', (socket: Socket) => socket.write(answer('short'))],
    ['does not come as the connection ends', (socket: Socket) => socket.destroy()],
  ])('counts a request as failed whose response %s, and goes on with the next turn', async (_, spoil) => {
    const client = await clientOf((socket, i) => (i === 0 ? spoil(socket) : socket.write(answer(BODY))), 2);
    const { latenciesMs, failures } = await allDue(client, 4);
    expect([latenciesMs.length, failures]).toEqual([3, 1]);
    expect(await allDue(client, 2)).toMatchObject({ failures: 0 });
  });
});
