// Connections to one server, and which of them a request gets.
import { afterEach, describe, expect, it } from 'vitest';
import type { ClientRequest } from '../../src/http1/client-call.ts';
import { RawServer, until } from './raw-server.ts';

const servers: RawServer[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function aServer(settings: Parameters<typeof RawServer.start>[0] = {}): Promise<RawServer> {
  const server = await RawServer.start(settings);
  servers.push(server);
  return server;
}

const DONE = 'HTTP/1.1 204 \r\n\r\n';
const CHALLENGE =
  'HTTP/1.1 401 \r\nWWW-Authenticate: Negotiate\r\nwww-authenticate: NTLM\r\nContent-Length: 0\r\n\r\n';

/** Sends a request that is answered on a connection. */
async function ask(
  server: RawServer,
  index: number,
  heads: number,
  text = DONE,
  request: Partial<ClientRequest> = {},
) {
  const heard = server.send(request);
  (await server.connection(index, heads)).write(text);
  await heard.over();
  expect(heard.events.at(-1)).toBe('end');
}

describe('a pool', () => {
  it('uses the connection that was used last', async () => {
    const server = await aServer();
    const heard = [server.send(), server.send(), server.send()];
    await server.connection(2);
    for (const index of [1, 2, 0]) {
      const connection = await server.connection(index);
      connection.write(DONE);
      await until(() => heard.filter(({ isOver }) => isOver).length === [1, 2, 0].indexOf(index) + 1);
    }
    await ask(server, 0, 2);
    const both = [server.send(), server.send()];
    (await server.connection(0, 3)).write(DONE);
    (await server.connection(2, 2)).write(DONE);
    for (const one of both) await one.over();
    expect(server.connections).toHaveLength(3);
  });

  it('opens no more connections than it may, and serves in order', async () => {
    const server = await aServer({ connections: 2 });
    const heard = Array.from({ length: 5 }, () => server.send());
    heard[2]?.call?.abort();
    const [first, second] = [await server.connection(0), await server.connection(1)];
    expect([server.connections.length, server.pool.size]).toEqual([2, 2]);
    first.write(DONE);
    await server.connection(0, 2);
    second.write('garbage');
    await server.connection(2);
    expect(heard.map(({ events }) => events.length)).toEqual([3, 2, 0, 1, 1]);
    expect(heard[1]?.events.at(-1)).toBe('failed ERR_HTTP1_MESSAGE sent');
    first.write(DONE);
    (await server.connection(2)).write(DONE);
    for (const index of [3, 4]) await heard[index]?.over();
  });

  it('that is closed ends what is idle at once, and the others after their requests', async () => {
    const server = await aServer({ connections: 2 });
    await ask(server, 0, 1);
    const heard = [server.send(), server.send(), server.send()];
    const [one, two] = [await server.connection(0, 2), await server.connection(1)];
    one.write(DONE);
    await server.connection(0, 3);
    server.pool.close();
    expect(server.pool.size).toBe(2);
    one.write(DONE);
    two.write(DONE);
    for (const each of heard) await each.over();
    await Promise.all([one.closed(), two.closed()]);
    expect(server.pool.size).toBe(0);
    const idle = await aServer();
    await ask(idle, 0, 1);
    idle.pool.close();
    expect(idle.pool.size).toBe(0);
  });

  it('that is destroyed fails what runs, what waits, and what comes', async () => {
    const server = await aServer({ connections: 1 });
    const heard = [server.send(), server.send()];
    await server.connection(0);
    server.pool.destroy();
    heard.push(server.send());
    expect(heard.map(({ events }) => events.at(-1))).toEqual([
      'failed ERR_HTTP1_CLOSED sent',
      'failed ERR_HTTP1_CLOSED unsent',
      'failed ERR_HTTP1_CLOSED unsent',
    ]);
    expect([server.pool.size, server.env.pendingTimers]).toEqual([0, 0]);
  });

  it('that cannot begin to connect says so, also to requests that wait', async () => {
    let isBroken = false;
    const server = await aServer({ connections: 1 });
    const { connect } = server.pool.settings;
    Object.assign(server.pool.settings, {
      connect: () => {
        if (isBroken) throw Object.assign(new Error('no descriptors'), { code: 'EMFILE' });
        return connect(undefined);
      },
    });
    const heard = [server.send(), server.send(), server.send()];
    isBroken = true;
    (await server.connection(0)).socket.destroy();
    for (const one of heard) await one.over();
    expect(heard.slice(1).map(({ events }) => events)).toEqual([
      ['failed EMFILE unsent'],
      ['failed EMFILE unsent'],
    ]);
  });
});

describe('a connection that was signed in', () => {
  const [alice, bob] = [{}, {}];

  it('is for that client alone', async () => {
    const server = await aServer();
    await ask(server, 0, 1, CHALLENGE, { owner: alice });
    await ask(server, 1, 1, DONE, { owner: bob });
    await ask(server, 0, 2, DONE, { owner: alice });
    await ask(server, 1, 2, DONE, { owner: bob });
    await ask(server, 1, 3, DONE);
    await ask(server, 0, 3, DONE, { owner: alice });
    expect(server.connections).toHaveLength(2);
  });

  it('may be signed in without a challenge', async () => {
    const server = await aServer();
    await ask(server, 0, 1, DONE, { owner: alice, signsIn: true });
    await ask(server, 1, 1, DONE, { owner: bob });
    await ask(server, 0, 2, DONE, { owner: alice });
  });

  it('is not used again where the client is not known', async () => {
    const server = await aServer();
    await ask(server, 0, 1, CHALLENGE);
    expect(server.pool.size).toBe(0);
  });

  it('is closed when it was idle, with the pool, and where others need room', async () => {
    const server = await aServer({ connections: 1 });
    await ask(server, 0, 1, CHALLENGE, { owner: alice });
    await ask(server, 1, 1, CHALLENGE, { owner: bob });
    expect(server.pool.size).toBe(1);
    server.env.advance(4_000);
    expect(server.pool.size).toBe(0);
    await ask(server, 2, 1, CHALLENGE, { owner: alice });
    server.pool.close();
    expect(server.pool.size).toBe(0);
  });

  it('goes on to a request of its client that waits, and makes room for one of another', async () => {
    const server = await aServer({ connections: 1 });
    const heard = [alice, alice, bob].map((owner) => server.send({ owner }));
    (await server.connection(0)).write(CHALLENGE);
    (await server.connection(0, 2)).write(DONE);
    (await server.connection(1)).write(DONE);
    for (const one of heard) await one.over();
    expect(heard.map(({ events }) => events.at(-1))).toEqual(['end', 'end', 'end']);
    expect([server.connections.length, server.pool.size]).toEqual([2, 1]);
  });

  it('is not one by other challenges', async () => {
    const server = await aServer();
    await ask(server, 0, 1, CHALLENGE.replaceAll(/Negotiate|NTLM/g, 'Basic realm="x"'), { owner: alice });
    await ask(server, 0, 2, DONE, { owner: bob });
  });
});
