// One connection to a server: requests as they are written, responses as they are read.
import { connect, Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WholeBody } from '../../src/http1/whole-body.ts';
import { HandBody, RawServer, until } from './raw-server.ts';

const servers: RawServer[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function aServer(settings: Parameters<typeof RawServer.start>[0] = {}): Promise<RawServer> {
  const server = await RawServer.start(settings);
  servers.push(server);
  return server;
}

/** What comes of a request that is answered with a text. */
async function answered(text: string, request: Parameters<RawServer['send']>[0] = {}, ends = false) {
  const server = await aServer();
  const heard = server.send(request);
  const connection = await server.connection(0);
  connection.write(text);
  if (ends) connection.socket.end();
  await heard.over();
  return { server, heard, connection };
}

describe('a response', () => {
  it('is told in order, and leaves its connection to the next request', async () => {
    const { server, heard } = await answered('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
    expect(heard.events).toEqual(['started', 'head 200 OK Content-Length 5', 'data hello', 'end']);
    const next = server.send();
    const connection = await server.connection(0, 2);
    connection.write('HTTP/1.1 204 \r\n\r\n');
    await next.over();
    expect(next.events).toEqual(['started', 'head 204 ', 'end']);
    expect(connection.text).toBe('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2));
  });

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', 'abc', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', '', true],
    ['HTTP/1.1 204 \r\n\r\n', '', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab', 'c', false],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n', '0\r\n\r\n', false],
  ])('tells with the head whether the body has come along: %j', async (head, rest, isWhole) => {
    const server = await aServer();
    const heard = server.send();
    const connection = await server.connection(0);
    connection.write(isWhole ? head + rest : head);
    await until(() => heard.isWhole !== undefined);
    expect(heard.isWhole).toBe(isWhole);
    if (!isWhole) connection.write(rest);
    await heard.over();
    expect(heard.events.at(-1)).toBe('end');
  });

  it('may follow any number of interim ones', async () => {
    const { heard } = await answered(
      `${'HTTP/1.1 100 \r\n\r\n'.repeat(50)}HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(heard.events).toHaveLength(54);
    expect(heard.events.slice(51)).toEqual(['interim 103 Link x', 'head 200 OK Content-Length 0', 'end']);
  });

  it('may be chunked, with trailers but those that frame or route a message', async () => {
    const { heard, server } = await answered(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\nHost: b\r\n\r\n',
    );
    expect([heard.body, heard.events.at(-1)]).toEqual(['abcde', 'end X-Sum 1']);
    expect(server.pool.size).toBe(1);
  });

  it('may end with its connection', async () => {
    const { heard, server } = await answered('HTTP/1.0 200 OK\r\n\r\nhello', {}, true);
    expect([heard.body, heard.events.at(-1)]).toEqual(['hello', 'end']);
    expect(server.pool.size).toBe(0);
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 \r\nTransfer-Encoding: chunked\r\n\r\n'],
  ])('to %s may have no body whatever its head says: %j', async (method, text) => {
    const { heard } = await answered(text, { method });
    expect([heard.body, heard.events.at(-1)]).toEqual(['', 'end']);
  });

  it('may have any status of three digits', async () => {
    const { heard } = await answered('HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n');
    expect(heard.events).toEqual(['started', 'head 999 Odd Content-Length 0', 'end']);
  });

  it('comes as before at whatever places its bytes are cut', async () => {
    const text =
      'HTTP/1.1 103 \r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n';
    const server = await aServer();
    for (const [round, cut] of [1, 20, 40, text.length - 1].entries()) {
      const heard = server.send();
      const connection = await server.connection(0, round + 1);
      connection.socket.setNoDelay(true);
      for (const piece of [text.slice(0, cut), text.slice(cut)]) {
        connection.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await heard.over();
      expect([heard.body, heard.outline]).toEqual([
        'abc',
        ['started', 'interim 103', 'head 200 OK Transfer-Encoding chunked', 'end X y'],
      ]);
    }
  });

  it.each([
    ['other bytes', 'garbage', 'ERR_HTTP1_MESSAGE'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n', 'ERR_HTTP1_MESSAGE'],
    ['a coding that is not known', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n', 'ERR_HTTP1_MESSAGE'],
    [
      'a change of the protocol unasked',
      'HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      'ERR_HTTP1_MESSAGE',
    ],
    ['too many fields', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(101)}\r\n`, 'ERR_HTTP1_MESSAGE'],
  ])('is a failure that ends the connection: %s', async (_what, text, code) => {
    const { heard, server, connection } = await answered(text);
    expect(heard.events).toEqual(['started', `failed ${code} sent`]);
    expect(server.pool.size).toBe(0);
    await connection.closed();
  });

  it.each([
    ['no head', 'HTTP/1.1 200'],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell'],
    ['no last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n'],
  ])('is a failure where the server leaves after %s', async (_what, text) => {
    const { heard } = await answered(text, {}, true);
    expect(heard.events.at(-1)).toBe('failed ECONNRESET sent');
  });

  it('that is broken off where its end is that of the connection is a failure', async () => {
    const server = await aServer();
    const heard = server.send();
    const connection = await server.connection(0);
    connection.write('HTTP/1.1 200 OK\r\n\r\nhalf');
    await until(() => heard.body !== '');
    connection.socket.resetAndDestroy();
    await heard.over();
    expect(heard.events.at(-1)).toBe('failed ECONNRESET sent');
  });
});

describe('a body that waits for 100 Continue', () => {
  const waiting = async () => {
    const server = await aServer();
    const body = new HandBody();
    const heard = server.send({ method: 'POST', body, bodyLength: 3, continueMs: 1_000 });
    const connection = await server.connection(0);
    const give = () => {
      body.sink?.data(Buffer.from('abc'));
      body.sink?.end(undefined);
    };
    return { server, body, heard, connection, give };
  };
  const DONE = 'HTTP/1.1 204 \r\n\r\n';

  it('is sent when the server wants it, which only the first 100 says', async () => {
    const { server, body, heard, connection, give } = await waiting();
    connection.write('HTTP/1.1 102 \r\n\r\nHTTP/1.1 103 \r\n\r\n');
    await until(() => heard.events.length === 3);
    expect(body.sink).toBeUndefined();
    connection.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 \r\n\r\n');
    await until(() => body.sink !== undefined);
    give();
    await until(() => connection.text.endsWith('\r\n\r\nabc'));
    connection.write(DONE);
    await heard.over();
    expect(heard.events).toEqual([
      'started',
      'interim 102',
      'interim 103',
      'interim 100',
      'head 204 ',
      'end',
    ]);
    expect(server.pool.size).toBe(1);
  });

  it.each([
    ['whatever it is', 'HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno'],
    ['and is whole', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ])('is not sent after a response, %s, and neither is another request', async (_, response) => {
    const { server, body, heard, connection } = await waiting();
    connection.write(response);
    await heard.over();
    expect([heard.events.at(-1), body.sink, server.pool.size]).toEqual(['end', undefined, 0]);
    await connection.closed();
    expect(connection.text).toMatch(/\r\n\r\n$/);
  });

  it('is sent when a response has begun that may depend on it', async () => {
    const { body, heard, connection, give } = await waiting();
    connection.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n');
    await until(() => body.sink !== undefined);
    give();
    await until(() => connection.text.endsWith('\r\n\r\nabc'));
    connection.write('abc');
    await heard.over();
    expect([heard.body, heard.events.at(-1)]).toEqual(['abc', 'end']);
  });

  it('is sent when its time is up; the time of the head begins when it is whole', async () => {
    const { server, body, heard, give } = await waiting();
    server.env.advance(999);
    expect(body.sink).toBeUndefined();
    server.env.advance(1);
    expect(body.sink).toBeDefined();
    server.env.advance(60_000);
    give();
    server.env.advance(1_999);
    expect(heard.isOver).toBe(false);
    server.env.advance(1);
    expect(heard.events.at(-1)).toBe('failed ETIMEDOUT sent');
  });

  it.each([
    ['unsent', ''],
    ['sent', 'HTTP/1.1 100 \r\n\r\n'],
    ['sent', 'HTTP/1.1 417 \r\nContent-Length: 9\r\n\r\n'],
  ])('leaves a request %s that its server breaks off after %j', async (sent, text) => {
    const { body, heard, connection } = await waiting();
    connection.write(text);
    await until(() => text === '' || body.sink !== undefined || heard.events.length === 2);
    connection.socket.end();
    await heard.over();
    expect(heard.events.at(-1)).toBe(`failed ECONNRESET ${sent}`);
  });
});

describe('a connection', () => {
  it.each([
    ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['more bytes than the response has', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabHTTP/1.1 200'],
    ['a body where none may be', 'HTTP/1.1 204 \r\n\r\nhello'],
    ['a server that keeps it for less than a second', 'HTTP/1.1 204 \r\nKeep-Alive: timeout=1\r\n\r\n'],
  ])('is not used again after %s', async (_what, text) => {
    const { heard, server, connection } = await answered(text);
    expect(heard.events.at(-1)).toBe('end');
    expect(server.pool.size).toBe(0);
    await connection.closed();
  });

  it.each([
    ['HEAD', undefined],
    ['GET', new HandBody()],
    ['DELETE', new HandBody()],
  ])(
    'is not used again after %s, to which servers may send, or from which they may take, too much',
    async (method, body) => {
      const server = await aServer();
      const heard = server.send({ method, body });
      const connection = await server.connection(0);
      body?.sink?.data(Buffer.from('abc'));
      body?.sink?.end(undefined);
      connection.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      await heard.over();
      expect(server.pool.size).toBe(0);
    },
  );

  it('is closed at bytes that no request asked for', async () => {
    const { server, connection } = await answered('HTTP/1.1 204 \r\n\r\n');
    connection.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    await connection.closed();
    expect(server.pool.size).toBe(0);
    const next = server.send();
    (await server.connection(1)).write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood');
    await next.over();
    expect(next.body).toBe('good');
  });

  it('is given up once, however it ends', async () => {
    const server = await aServer();
    const retired = vi.spyOn(server.pool, 'retired');
    const heard = server.send();
    const connection = await server.connection(0);
    connection.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    await heard.over();
    connection.socket.destroy();
    await connection.closed();
    server.pool.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(retired).toHaveBeenCalledTimes(1);
  });

  it('is closed with the server, and idle for as long as both allow', async () => {
    const gone = await answered('HTTP/1.1 204 \r\n\r\n');
    gone.connection.socket.end();
    await until(() => gone.server.pool.size === 0);
    const idle = await answered('HTTP/1.1 204 \r\nKeep-Alive: max=9, timeout=3\r\n\r\n');
    idle.server.env.advance(1_999);
    expect(idle.server.pool.size).toBe(1);
    idle.server.env.advance(1);
    expect(idle.server.pool.size).toBe(0);
  });

  it('grows old, some a little sooner than others', async () => {
    const server = await aServer({ ageMs: 1_000_000, requests: 1_000, idleMs: 10_000_000 });
    const used = async (hasAge: boolean) => {
      const index = server.connections.length;
      let requests = 0;
      for (let size = 1; size === 1; size = server.pool.size) {
        const heard = server.send();
        (await server.connection(index, ++requests)).write('HTTP/1.1 204 \r\n\r\n');
        await heard.over();
        if (hasAge) server.env.advance(10_000);
      }
      return requests;
    };
    const requests = [await used(false), await used(false), await used(false)];
    const ages = [await used(true), await used(true), await used(true)];
    for (const each of requests) expect(each >= 900 && each <= 1_000).toBe(true);
    for (const each of ages) expect(each >= 91 && each <= 101).toBe(true);
    expect(Math.min(new Set(requests).size, new Set(ages).size)).toBeGreaterThan(1);
  });

  it('is not used any more when it is old', async () => {
    const server = await aServer({ ageMs: 10_000, requests: 3, idleMs: 60_000 });
    const ask = async (index: number, heads: number) => {
      const heard = server.send();
      (await server.connection(index, heads)).write('HTTP/1.1 204 \r\n\r\n');
      await heard.over();
    };
    for (const heads of [1, 2, 3]) await ask(0, heads);
    expect(server.pool.size).toBe(0);
    await ask(1, 1);
    server.env.advance(10_000);
    await ask(1, 2);
    expect(server.pool.size).toBe(0);
  });
});

describe('the time of', () => {
  it('a connection is limited, by the pool or the request', async () => {
    const server = await aServer({ connect: () => new Socket() });
    const [heard, quick] = [server.send(), server.send({ connectTimeoutMs: 100 })];
    server.env.advance(100);
    expect([heard.isOver, quick.events]).toEqual([false, ['failed ETIMEDOUT unsent']]);
    server.env.advance(900);
    expect(heard.events).toEqual(['failed ETIMEDOUT unsent']);
  });

  it('a head is limited, interim ones or not', async () => {
    const server = await aServer();
    const heard = server.send({ headTimeoutMs: 500 });
    (await server.connection(0)).write('HTTP/1.1 102 \r\n\r\n');
    await until(() => heard.events.length === 2);
    server.env.advance(499);
    expect(heard.isOver).toBe(false);
    server.env.advance(1);
    expect(heard.events.at(-1)).toBe('failed ETIMEDOUT sent');
  });

  it('a body is limited from piece to piece, but not while it is held back', async () => {
    const server = await aServer();
    const heard = server.send();
    const connection = await server.connection(0);
    connection.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na');
    await until(() => heard.body === 'a');
    server.env.advance(2_999);
    heard.takesMore = false;
    connection.write('b');
    await until(() => heard.body === 'ab');
    server.env.advance(9_999);
    heard.takesMore = true;
    heard.call?.resume();
    server.env.advance(2_999);
    expect(heard.isOver).toBe(false);
    server.env.advance(1);
    expect(heard.events.at(-1)).toBe('failed ETIMEDOUT sent');
  });

  it('a body may get another limit at its head', async () => {
    const server = await aServer();
    const heard = server.send();
    heard.head = () => {
      heard.call!.bodyTimeoutMs = 60_000;
      return true;
    };
    const connection = await server.connection(0);
    connection.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na');
    await until(() => heard.body === 'a');
    server.env.advance(59_999);
    connection.write('b');
    await until(() => heard.body === 'ab');
    server.env.advance(59_999);
    expect(heard.isOver).toBe(false);
    server.env.advance(1);
    expect(heard.events.at(-1)).toBe('failed ETIMEDOUT sent');
  });

  it('an upload counts while the server does not take it, and not while the client sends nothing', async () => {
    const server = await aServer();
    const body = new HandBody();
    const heard = server.send({ method: 'POST', body });
    const connection = await server.connection(0);
    server.env.advance(60_000);
    connection.socket.pause();
    while (!body.isPaused) body.sink?.data(Buffer.alloc(1_048_576));
    server.env.advance(1_999);
    expect(heard.isOver).toBe(false);
    server.env.advance(1);
    expect(heard.events).toEqual(['started', 'failed ETIMEDOUT sent']);
  });
});

describe('a response that is held back', () => {
  it('goes on where it was', async () => {
    const server = await aServer();
    const heard = server.send();
    heard.takesMore = false;
    const connection = await server.connection(0);
    connection.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n');
    for (const count of [2, 3, 4]) {
      await until(() => heard.events.length === count);
      expect(heard.isOver).toBe(false);
      // What waits is safe from what others read meanwhile.
      const other = server.send();
      (await server.connection(1, count - 1)).write(`HTTP/1.1 204 ${'x'.repeat(100)}\r\n\r\n`);
      await other.over();
      heard.call?.resume();
    }
    await heard.over();
    expect(heard.events.slice(2)).toEqual(['data a', 'data b', 'end']);
    expect(server.pool.size).toBe(2);
  });

  it('is whole also if the connection has ended meanwhile', async () => {
    const server = await aServer();
    const heard = server.send();
    heard.takesMore = false;
    const connection = await server.connection(0);
    connection.write('HTTP/1.1 200 OK\r\n\r\nhello');
    connection.socket.end();
    await until(() => heard.events.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    heard.takesMore = true;
    heard.call?.resume();
    await heard.over();
    expect([heard.body, heard.events.at(-1)]).toEqual(['hello', 'end']);
  });

  it('holds the server back', async () => {
    const server = await aServer();
    const heard = server.send();
    heard.takesMore = false;
    const connection = await server.connection(0);
    connection.write('HTTP/1.1 200 OK\r\n\r\n');
    while (connection.socket.write(Buffer.alloc(1_048_576)) || connection.socket.bytesWritten === 0)
      await new Promise((resolve) => setImmediate(resolve));
    expect(heard.body).toBe('');
    heard.takesMore = true;
    heard.call?.resume();
    await until(() => connection.socket.writableLength === 0);
    heard.call?.abort();
  });

  it('is read in small parts, one that is taken at once in ever larger ones', async () => {
    const server = await aServer();
    const heard = server.send();
    const sizes = () => heard.events.flatMap((event) => (event.startsWith('data ') ? event.length - 5 : []));
    const connection = await server.connection(0);
    const body = 'x'.repeat(1_000_000);
    connection.write(`HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n${body}`);
    await until(() => heard.body.length === 1_000_000);
    expect(Math.max(...sizes())).toBeGreaterThan(73_728);
    heard.takesMore = false;
    heard.events.length = 0;
    connection.write(body);
    while (heard.body.length < 1_000_000) {
      const count = heard.events.length;
      await until(() => heard.events.length > count);
      server.env.advance(10);
      heard.call?.resume();
    }
    // What is read next was chosen before it was known how long that would take.
    const [first = 0, second = 0, ...others] = sizes();
    expect([first > 16_384, second <= 73_728]).toEqual([true, true]);
    expect(Math.max(...others)).toBe(16_384);
  });

  it('without a body ends when it goes on', async () => {
    const server = await aServer();
    const heard = server.send();
    heard.takesMore = false;
    (await server.connection(0)).write('HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n');
    await until(() => heard.events.length === 2);
    expect(heard.isOver).toBe(false);
    heard.call?.resume();
    expect(heard.events.at(-1)).toBe('end');
    expect(server.pool.size).toBe(1);
  });
});

describe('the body of a request', () => {
  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

  it('is chunked, with trailers', async () => {
    const server = await aServer();
    const body = new HandBody();
    const heard = server.send({ method: 'POST', body });
    const connection = await server.connection(0);
    body.sink?.data(Buffer.from('hello'));
    body.sink?.data(Buffer.alloc(0));
    body.sink?.end(['X-Sum', '1']);
    await until(() => connection.text.endsWith('5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n'));
    connection.write(OK);
    await heard.over();
    expect(server.pool.size).toBe(1);
  });

  it('has the length that was promised', async () => {
    const server = await aServer();
    const body = new HandBody();
    const heard = server.send({ method: 'POST', body, bodyLength: 5 });
    const connection = await server.connection(0);
    body.sink?.data(Buffer.from('hello'));
    body.sink?.end(undefined);
    await until(() => connection.text.endsWith('\r\n\r\nhello'));
    connection.write(OK);
    await heard.over();
    expect(heard.events.at(-1)).toBe('end');
  });

  it.each(['hell', 'hello!'])('that is %s instead of five bytes ends the connection', async (text) => {
    const server = await aServer();
    const body = new HandBody();
    const heard = server.send({ method: 'POST', body, bodyLength: 5 });
    const connection = await server.connection(0);
    body.sink?.data(Buffer.from(text));
    body.sink?.end(undefined);
    await heard.over();
    expect(heard.events.at(-1)).toBe('failed ERR_HTTP1_UNWRITABLE sent');
    await connection.closed();
    expect(connection.text).not.toContain('hello!');
  });

  it.each([0, 3, 8_192, 8_193, 100_000])(
    'of %i bytes that is there goes along with its head',
    async (size) => {
      const body = Buffer.alloc(size, 'a\xff', 'latin1');
      const text = body.toString('latin1');
      const chunked = `${size === 0 ? '' : `${size.toString(16)}\r\n${text}\r\n`}0\r\n\r\n`;
      for (const [bodyLength, framing, sent] of [
        [size, `Content-Length: ${size}`, text],
        [undefined, 'Transfer-Encoding: chunked', chunked],
      ] as const) {
        const server = await aServer();
        const first = server.send();
        const connection = await server.connection(0);
        connection.write('HTTP/1.1 204 \r\n\r\n');
        await first.over();
        const head = `POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`;
        const system = Socket.prototype as Required<Pick<Socket, '_write' | '_writev'>>;
        const spies = [vi.spyOn(system, '_write'), vi.spyOn(system, '_writev')];
        server.send({ method: 'POST', body: new WholeBody(body), bodyLength });
        expect(spies.flatMap(({ mock }) => mock.calls as unknown[])).toHaveLength(1);
        vi.restoreAllMocks();
        await until(() => connection.text.endsWith(head + sent));
      }
    },
  );

  it('that breaks off is never ended', async () => {
    const server = await aServer();
    const body = new HandBody();
    const heard = server.send({ method: 'POST', body });
    const connection = await server.connection(0);
    body.sink?.data(Buffer.from('half'));
    body.sink?.failed(new Error('the client left'));
    await connection.closed();
    expect(heard.events).toEqual(['started', 'failed the client left sent']);
    expect(connection.text).not.toContain('0\r\n\r\n');
  });

  it('goes on when the server takes more', async () => {
    const server = await aServer();
    const body = new HandBody();
    const heard = server.send({ method: 'POST', body });
    const connection = await server.connection(0);
    connection.socket.pause();
    while (!body.isPaused) body.sink?.data(Buffer.alloc(1_048_576));
    connection.socket.resume();
    await until(() => !body.isPaused);
    body.sink?.end(undefined);
    await until(() => connection.text.endsWith('0\r\n\r\n'));
    connection.write(OK);
    await heard.over();
    expect(heard.events.at(-1)).toBe('end');
  });

  it('that the response does not wait for ends the connection after it', async () => {
    const server = await aServer();
    const body = new HandBody();
    const heard = server.send({ method: 'POST', body });
    const connection = await server.connection(0);
    connection.write('HTTP/1.1 413 \r\nContent-Length: 3\r\n\r\nbig');
    await heard.over();
    expect(heard.events.slice(1)).toEqual(['head 413  Content-Length 3', 'data big', 'end']);
    expect(server.pool.size).toBe(0);
    body.sink?.data(Buffer.from('late'));
    body.sink?.end(undefined);
    await connection.closed();
    expect(connection.text).not.toContain('late');
  });
});

describe('a request to change the protocol', () => {
  const UPGRADE = { isUpgrade: true };
  const SWITCHED = 'HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

  it('hands its connection over, with the first bytes', async () => {
    const server = await aServer({ connections: 1 });
    const heard = server.send(UPGRADE);
    const connection = await server.connection(0);
    connection.write(`HTTP/1.1 100 \r\n\r\n${SWITCHED}early`);
    await heard.over();
    expect(heard.events.at(-1)).toBe('upgraded 101 early');
    const own = new Socket();
    for (const name of ['data', 'drain', 'end', 'error', 'close'])
      expect(heard.socket?.listenerCount(name), name).toBe(own.listenerCount(name));
    expect(server.pool.size).toBe(0);
    server.pool.destroy();
    heard.socket?.write('ping');
    connection.write('pong');
    heard.socket?.on('data', (bytes) => heard.events.push(String(bytes)));
    heard.socket?.resume();
    await until(() => heard.events.at(-1) === 'pong' && connection.text.endsWith('ping'));
    heard.socket?.destroy();
  });

  it('may be declined', async () => {
    const { heard, server } = await answered('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno', UPGRADE);
    expect(heard.events.slice(1)).toEqual(['head 403 No Content-Length 2', 'data no', 'end']);
    expect(server.pool.size).toBe(0);
  });

  it('needs the fields that say so', async () => {
    const { heard } = await answered('HTTP/1.1 101 \r\n\r\n', UPGRADE);
    expect(heard.events.at(-1)).toBe('failed ERR_HTTP1_MESSAGE sent');
  });

  it('waits for no connection, and takes none of the others', async () => {
    const server = await aServer({ connections: 1 });
    const [first, upgrade, next] = [server.send(), server.send(UPGRADE), server.send()];
    await server.connection(1);
    const texts = server.connections.map(({ text }) => text);
    expect(texts).toHaveLength(2);
    upgrade.call?.abort();
    first.call?.abort();
    (await server.connection(2)).write('HTTP/1.1 204 \r\n\r\n');
    await next.over();
    expect(server.connections).toHaveLength(3);
  });
});

describe('a call', () => {
  it('that is aborted tells nothing more, and closes its connection', async () => {
    const server = await aServer();
    const heard = server.send();
    const connection = await server.connection(0);
    heard.call?.abort();
    heard.call?.abort();
    connection.write('HTTP/1.1 204 \r\n\r\n');
    await connection.closed();
    expect(heard.events).toEqual(['started']);
  });

  it('says whether anything was sent', async () => {
    const refused = await aServer({ connect: () => connect(1, '127.0.0.1') });
    const heard = refused.send();
    await heard.over();
    expect(heard.events).toEqual(['failed ECONNREFUSED unsent']);
    const server = await aServer();
    const broken = server.send();
    (await server.connection(0)).socket.resetAndDestroy();
    await broken.over();
    expect(broken.events).toEqual(['started', 'failed ECONNRESET sent']);
  });
});
