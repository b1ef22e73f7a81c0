// Bytes that no request asked for, and responses to requests that were given up, never reach another client.
// Once the next request is written, a server's unasked response cannot be told from its answer (RFC 9112
// section 9.2); before that, it can.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Random } from './fuzz/random.ts';
import { Heard, RawServer, until } from './raw-server.ts';

const SEED = Math.floor(Math.random() * 2 ** 31);
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const response = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;

/** Answers each request with its number, and sends more than it was asked for. */
async function aHostileServer(random: Random) {
  const answer = (socket: Socket, id: string) => {
    const extra = random.of(['', '', response('evil'), 'HTTP/1.1 ', '\r\n', 'evil']);
    if (random.chance(0.5)) socket.write(response(id) + extra);
    else {
      socket.write(response(id));
      setImmediate(() => socket.write(extra));
    }
  };
  const server = createServer((socket) => {
    socket.setNoDelay(true).on('error', () => {});
    socket.on('data', (bytes) => {
      for (const [, id] of bytes.toString('latin1').matchAll(/X-Id: (\d+)/g)) {
        if (random.chance(0.9)) answer(socket, id as string);
        // Late: the client has given up by then.
        else setTimeout(() => answer(socket, id as string), 5);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

it('what was received unasked before a connection is free is no answer to a request that waited', async () => {
  const server = await RawServer.start({ connections: 1 });
  closers.push(() => server.close());
  const first = new Heard();
  const connection = server.connection(0);
  // It can be read from now on; but the gateway has read up to here.
  first.end = () => void connection.then(({ socket }) => socket.write(response('evil')));
  server.send({}, first);
  const waits = server.send();
  (await connection).write(response('good'));
  await until(() => waits.isOver || server.connections.length > 1);
  expect([waits.body, waits.isOver]).toEqual(['', false]);
  (await server.connection(1)).write(response('good'));
  await waits.over();
  expect(waits.body).toBe('good');
});

it(`a client gets its own response or none (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  const port = await aHostileServer(random);
  const server = await RawServer.start({ connect: () => connect(port, '127.0.0.1') });
  closers.push(() => server.close());
  let served = 0;
  for (let round = 0; round < 200; round++) {
    const asked = Array.from({ length: 6 }, (_, index) => {
      const id = String(round * 6 + index);
      const head = `GET / HTTP/1.1\r\nHost: a\r\nX-Id: ${id}\r\n\r\n`;
      return { id, heard: server.send({ head }) };
    });
    for (const { heard } of asked) if (random.chance(0.1)) heard.call?.abort();
    await until(() => asked.every(({ heard }) => heard.isOver || heard.call?.isOver === true));
    // What was sent unasked arrives while the connection is idle.
    for (let turns = 0; turns < 4; turns++) await new Promise((resolve) => setImmediate(resolve));
    for (const { id, heard } of asked) {
      if (heard.events.at(-1) !== 'end') continue;
      served++;
      expect(heard.body).toBe(id);
    }
  }
  expect(served).toBeGreaterThan(600);
});
