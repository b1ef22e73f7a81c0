import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { breakOff } from '../../src/http1/break-off.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Both sides of a connection, and the errors of each. */
async function setUp() {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const errors: string[] = [];
  client.on('error', ({ code }: NodeJS.ErrnoException) => errors.push(code ?? '')).resume();
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    [],
  ];
  const faults: unknown[] = [];
  socket.on('error', (error) => faults.push(error));
  // `once` of an emitter rejects at its errors.
  const closing = [socket, client].map((side) => new Promise((resolve) => side.on('close', resolve)));
  const closed = () => Promise.all(closing);
  return { socket, client, errors, faults, closed };
}

describe('a connection that is broken off', () => {
  it('is reset', async () => {
    const { socket, errors, closed } = await setUp();
    breakOff(socket);
    await closed();
    expect(errors).toEqual(['ECONNRESET']);
  });

  it('is reset while the end of a response waits for the client', async () => {
    const { socket, client, closed } = await setUp();
    client.pause();
    socket.end(Buffer.alloc(33_554_432));
    // The client's end may tell bytes that were under way, and then an end (libuv's reading of POLLHUP).
    const reset = vi.spyOn(socket, 'resetAndDestroy');
    breakOff(socket);
    client.resume();
    await closed();
    expect(reset).toHaveBeenCalledOnce();
  });

  // Node loses the handle of a socket that is reset in that state: its file stays open for ever.
  it('is closed while its FIN is on the way', async () => {
    const { socket, errors, faults, closed } = await setUp();
    const written = new Promise((resolve) => socket.write('whole', resolve));
    await written;
    socket.end();
    breakOff(socket);
    await closed();
    expect([errors, faults]).toEqual([[], []]);
  });
});
