// One client's connection: requests in, responses out, and every way in which it may end.
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerRequest } from '../../src/http1/server-request.ts';
import { aConnection, answer, FakeSocket, HEADERS_MS, IDLE_MS, settled } from './server-lab.ts';

const get = (path: string, ...headers: string[]) =>
  `GET ${path} HTTP/1.1\r\n${['Host: a', ...headers].join('\r\n')}\r\n\r\n`;
const post = (path: string, body: string, ...headers: string[]) =>
  `POST ${path} HTTP/1.1\r\n${['Host: a', `Content-Length: ${body.length}`, ...headers].join('\r\n')}\r\n\r\n${body}`;
const chunked = (path: string, chunks: string) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`;
const KEPT = 'Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n';
const ok = (text: string, connection = KEPT) =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n${connection}\r\n${text}`;
const CLOSE = 'Connection: close\r\n';

describe('requests', () => {
  it('get their responses in one piece each, and the connection is kept', async () => {
    const { socket, sent } = aConnection();
    await sent(get('/a'));
    await sent(get('/b'));
    expect(socket.pieces).toEqual([ok('/a'), ok('/b')]);
    expect(socket.destroyed).toBe(false);
  });

  it('are the same however their bytes are cut', async () => {
    const bytes = Buffer.from(
      [
        get('/1'),
        post('/2', 'hello'),
        chunked('/3', '3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n'),
        '\r\n',
        get('/4'),
        post('/5', 'x'.repeat(300)),
        get('/6', 'Connection: close'),
        get('/7'),
      ].join(''),
    );
    const whole = aConnection();
    await whole.sent(bytes);
    await settled();
    expect(whole.handler.log.filter((line) => line.endsWith('done'))).toHaveLength(6);
    expect(whole.socket.text.match(/Connection: close/g)).toHaveLength(1);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: bytes.length - 1 })), async (cuts) => {
        const { handler, socket, sent } = aConnection();
        const places = [0, ...new Set(cuts.sort((one, other) => one - other)), bytes.length];
        for (let i = 1; i < places.length; i++) await sent(bytes.subarray(places[i - 1], places[i]));
        await settled();
        expect(socket.text).toBe(whole.socket.text);
        expect(handler.faults).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('of HTTP/1.0 end the connection, unless the client wants to keep it', async () => {
    const { handler, socket, sent } = aConnection();
    await sent('GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(socket.text).toBe(ok('/a'));
    await sent('GET /b HTTP/1.0\r\n\r\nGET /c HTTP/1.0\r\n\r\n');
    expect(socket.text).toBe(ok('/a') + ok('/b', CLOSE));
    expect(handler.requests).toHaveLength(2);
    expect(socket.writableEnded).toBe(true);
  });

  it('of which 32 came at a time leave others their turn', async () => {
    const { handler, sent } = aConnection();
    const first = sent(get('/').repeat(1_000));
    const counts: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      await settled();
      counts.push(handler.requests.length);
    }
    await first;
    for (const [turn, count] of counts.entries()) expect(count).toBeLessThanOrEqual(32 * (turn + 2));
    while (handler.requests.length < 1_000) await settled();
  });

  it('are at most a hundred at a time; bytes after them are dropped, and soon not even read', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent(get('/').repeat(150));
    while (handler.requests.length < 100) await settled();
    for (let i = 0; i < 20; i++) await sent(Buffer.alloc(65_536, 'x'));
    expect(handler.requests).toHaveLength(100);
    expect(socket.isPaused()).toBe(true);
    for (const request of handler.requests) answer(request);
    expect(handler.log.filter((line) => line.endsWith('done'))).toHaveLength(100);
    expect(socket.text.match(/Connection: close/g)).toHaveLength(1);
    expect(socket.text.endsWith(ok('/', CLOSE))).toBe(true);
  });
});

/** A connection with a response that has begun. */
async function aBigResponse() {
  const { handler, socket, sent } = aConnection();
  handler.serve = () => {};
  await sent('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const request = handler.requests[0] as ServerRequest<string>;
  request.writeHead(200, 'OK', ['Content-Length', '1000000']);
  request.flushHead();
  return { socket, request };
}

describe('a response', () => {
  it('waits for its turn, and is not blocked then', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent(get('/a') + get('/b') + get('/c'));
    const [a, b, c] = handler.requests;
    b?.writeInterim(103, ['Link', 'x']);
    answer(b!);
    c?.writeHead(200, 'OK', []);
    expect(c?.write(Buffer.alloc(70_000))).toBe(false);
    expect([socket.text, b?.isBlocked, c?.isBlocked]).toEqual(['', false, false]);
    answer(a!);
    const interim = 'HTTP/1.1 103 \r\nLink: x\r\n\r\n';
    expect(socket.text.startsWith(ok('/a') + interim + ok('/b'))).toBe(true);
    c?.end(undefined, ['X-Sum', '1']);
    expect(socket.text.endsWith('0\r\nX-Sum: 1\r\n\r\n')).toBe(true);
    expect(handler.log.slice(3)).toEqual(['GET /a done', 'GET /b done', 'GET /c drained', 'GET /c done']);
  });

  it('that is broken off before its turn ends the connection after those before it', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent(get('/a') + get('/b'));
    const [a, b] = handler.requests;
    b?.writeHead(200, 'OK', []);
    b?.abort();
    expect(socket.destroyed).toBe(false);
    answer(a!);
    await settled();
    expect([socket.text, socket.destroyed]).toEqual([ok('/a'), true]);
    expect(handler.log.slice(2)).toEqual(['GET /a done', 'GET /b lost']);
  });

  it.each([
    ['GET', 204, 'HTTP/1.1 204 OK\r\n'],
    ['GET', 304, 'HTTP/1.1 304 OK\r\n'],
    ['GET', 205, 'HTTP/1.1 205 OK\r\nContent-Length: 0\r\n'],
    ['HEAD', 200, 'HTTP/1.1 200 OK\r\n'],
    ['GET', 799, 'HTTP/1.1 799 OK\r\nTransfer-Encoding: chunked\r\n'],
  ])('to %s with status %i and no length has the right framing', async (method, status, head) => {
    const { handler, socket, sent } = aConnection();
    handler.serve = (request) => {
      request.writeHead(status, 'OK', []);
      request.end(undefined, undefined);
    };
    await sent(get('/').replace('GET', method));
    const end = head.includes('chunked') ? '0\r\n\r\n' : '';
    expect(socket.text).toBe(`${head}${KEPT}\r\n${end}`);
  });

  it('of an unknown length ends with the connection for HTTP/1.0, and is reset if it breaks off', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = (request) => {
      request.writeHead(200, 'OK', []);
      request.write(Buffer.from('half'));
    };
    await sent('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(socket.text).toBe(`HTTP/1.1 200 OK\r\n${CLOSE}\r\nhalf`);
    handler.requests[0]?.abort();
    expect(socket.isReset).toBe(true);
  });

  it('has its head alone only if the body does not follow at once', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = (request) => request.writeHead(200, 'OK', ['Content-Length', '4']);
    await sent(get('/'));
    expect(socket.text).toBe('');
    handler.requests[0]?.flushHead();
    expect(socket.pieces).toHaveLength(1);
    handler.requests[0]?.end(Buffer.from('body'), undefined);
    expect(socket.pieces[1]).toBe('body');
  });

  it('is blocked until the client takes it, and over when it has', async () => {
    const { handler, socket, sent } = aConnection();
    socket.isTaking = false;
    await sent(get('/'));
    const [request] = handler.requests;
    expect([request?.isBlocked, handler.log]).toEqual([true, ['GET /']]);
    socket.takeAll();
    await settled();
    expect(handler.log).toEqual(['GET /', 'GET / done']);
  });

  it("is copied: its memory is the writer's again, and no other connection's before the client has it", async () => {
    const slow = await aBigResponse();
    const other = await aBigResponse();
    slow.socket.isTaking = false;
    const memory = Buffer.alloc(20_000);
    for (const letter of 'abc') slow.request.write(memory.fill(letter));
    memory.fill('x');
    other.request.write(Buffer.alloc(20_000, 'y'));
    const before = slow.socket.text.length;
    slow.socket.takeAll();
    await settled();
    const text = slow.socket.text.slice(before);
    expect([text.length, text.replace(/(.)\1+/g, '$1')]).toEqual([40_000, 'bc']);
    // Free again, with no trace of what was in it.
    slow.request.write(Buffer.alloc(20_000, 'd'));
    expect(slow.socket.pieces.at(-1)).toBe('d'.repeat(20_000));
  });

  it('uses the memory of what the client has taken again, where the socket never says that it has drained', async () => {
    const { request, socket } = await aBigResponse();
    const used = new Set<ArrayBufferLike>();
    socket.onPiece = (piece) => used.add(piece.buffer);
    for (let i = 0; i < 100; i++) {
      // As over TLS: the bytes are taken, but after the call.
      socket.isTaking = false;
      request.write(Buffer.alloc(5_000));
      socket.takeAll();
      await settled();
    }
    expect(used.size).toBeLessThan(10);
  });

  it('that waits for its turn is copied, too', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    const [first, second] = handler.requests as [ServerRequest<string>, ServerRequest<string>];
    const memory = Buffer.alloc(20_000, 'a');
    second.writeHead(200, 'OK', ['Content-Length', '20000']);
    second.end(memory, undefined);
    memory.fill('x');
    answer(first);
    await settled();
    expect(socket.text.endsWith(`\r\n\r\n${'a'.repeat(20_000)}`)).toBe(true);
  });

  it.each([
    ['a small one', 10],
    ['a large one', 20_000],
  ])('over TLS, %s, is over when it was written, and costs no other write', async (_, size) => {
    const { handler, socket, sent } = aConnection(undefined, true);
    handler.serve = () => {};
    await sent(`${get('/1')}${get('/2')}`);
    socket.isTaking = false;
    for (const request of handler.requests) {
      request.writeHead(200, 'OK', ['Content-Length', String(size)]);
      request.end(Buffer.alloc(size), undefined);
    }
    await settled();
    expect([socket.writes, handler.log.filter((line) => line.endsWith('done'))]).toEqual([1, []]);
    socket.takeAll();
    await settled();
    expect([socket.writes, handler.log.slice(2)]).toEqual([2, ['GET /1 done', 'GET /2 done']]);
  });

  it('that the client has not taken is lost with the connection', async () => {
    const { handler, socket, sent } = aConnection();
    socket.isTaking = false;
    await sent(get('/'));
    socket.destroy();
    await settled();
    expect(handler.log).toEqual(['GET /', 'GET / lost']);
  });

  it('that cannot be written is lost', async () => {
    const { handler, socket, sent } = aConnection();
    socket.isTaking = false;
    await sent(get('/'));
    socket.breakOff();
    await settled();
    expect(handler.log).toEqual(['GET /', 'GET / lost']);
  });

  it('that comes before the end of its request ends the connection', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = (request) => answer(request, 403);
    await sent(post('/a', 'x'.repeat(100)).slice(0, -50));
    await sent(`${'x'.repeat(50)}${get('/smuggled')}`);
    expect([handler.requests.length, socket.writableEnded]).toEqual([1, true]);
  });

  it('to a body that came along with its head keeps the connection, even if the body is not read', async () => {
    const { handler, sent } = aConnection();
    handler.serve = (request) => answer(request, 403);
    await sent(post('/a', 'x'.repeat(100)));
    await sent(get('/b'));
    expect(handler.requests).toHaveLength(2);
  });

  it('is the last one of a server that closes', async () => {
    const { handler, socket, sent } = aConnection();
    handler.isClosing = true;
    await sent(get('/a'));
    expect([socket.text, socket.writableEnded]).toEqual([ok('/a', CLOSE), true]);
  });

  it('comes to every request that its client could send, wherever the server begins to close', async () => {
    const bytes = [get('/a'), post('/b', 'hello'), chunked('/c', '2\r\nhi\r\n0\r\n\r\n'), get('/d')];
    const size = bytes.join('').length;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: size }), fc.boolean(), async (closesAt, isSlow) => {
        const { handler, socket, sent } = aConnection();
        const waiting: (() => void)[] = [];
        handler.serve = (request) => (isSlow ? waiting.push(() => answer(request)) : answer(request));
        let position = 0;
        let answered = 0;
        for (const text of bytes) {
          // The client has been told.
          if (socket.text.includes(CLOSE)) break;
          const cut = Math.min(text.length, Math.max(0, closesAt - position));
          if (cut > 0) await sent(text.slice(0, cut));
          handler.isClosing ||= position + cut >= closesAt;
          if (cut < text.length) await sent(text.slice(cut));
          for (const next of waiting.splice(0)) next();
          await settled();
          position += text.length;
          expect(socket.text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(++answered);
        }
        expect(socket.text.includes(CLOSE)).toBe(isSlow || closesAt < size);
        expect([socket.isReset, handler.faults]).toEqual([false, []]);
        expect(socket.writableEnded).toBe(handler.isClosing && socket.text.includes(CLOSE));
        handler.env.advance(IDLE_MS + 10_000);
        expect(socket.isReset).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['one by one', [get('/a'), get('/b'), get('/c')]],
    ['at once', [get('/a') + get('/b') + get('/c')]],
  ])('is the last one of a connection that has had its requests, %s', async (_, texts) => {
    const { handler, socket, sent } = aConnection();
    handler.maxRequests = 2;
    for (const text of texts) await sent(text);
    expect([socket.text, socket.writableEnded]).toEqual([ok('/a') + ok('/b', CLOSE), true]);
    expect(handler.requests).toHaveLength(2);
  });

  it('is the last one of a connection that is old', async () => {
    const { handler, socket, sent } = aConnection(50_000);
    await sent(get('/a'));
    handler.env.advance(49_999);
    await sent(get('/b'));
    handler.env.advance(1);
    expect(socket.writableEnded).toBe(false);
    await sent(get('/c'));
    expect([socket.text, socket.writableEnded]).toEqual([ok('/a') + ok('/b') + ok('/c', CLOSE), true]);
  });
});

describe('a body', () => {
  it('is asked for once, if the client waits for that', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = (request) => {
      request.askForBody();
      request.askForBody();
      answer(request);
    };
    const [head, body] = post('/a', 'hello', 'Expect: 100-continue').split('\r\n\r\n') as [string, string];
    await sent(`${head}\r\n\r\n`);
    expect(socket.text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    await sent(body);
    expect(socket.text).toBe(`HTTP/1.1 100 Continue\r\n\r\n${ok('/a hello')}`);
    await sent(`${head}\r\n\r\n${body}`);
    expect(socket.pieces.at(-1)).toBe(ok('/a hello'));
  });

  it('is read only as far as it is taken, and whole when it is', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    const body = 'abcdefgh'.repeat(50_000);
    const bytes = Buffer.from(post('/a', body) + get('/b'));
    for (let at = 0; at < bytes.length; at += 50_000) await sent(bytes.subarray(at, at + 50_000));
    expect(socket.isPaused()).toBe(true);
    expect(handler.requests).toHaveLength(1);
    const [request] = handler.requests;
    let taken = '';
    let isWhole = false;
    request?.body?.open({
      data: (chunk) => {
        taken += chunk.toString();
        if (taken.length % 3 !== 0) return;
        request.body?.pause();
        setImmediate(() => request.body?.resume());
      },
      end: () => (isWhole = true),
      failed: () => {},
    });
    while (!isWhole) await settled();
    expect(taken === body).toBe(true);
    expect(request?.isComplete).toBe(true);
    await settled();
    expect(handler.requests).toHaveLength(2);
  });

  it.each([
    ['that is nonsense', 'zz\r\n'],
    ['that goes wrong later', '3\r\nabc\r\nzz\r\n'],
  ])('%s is refused for its request, and nothing after it is read', async (_, chunks) => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent(chunked('/a', chunks) + get('/smuggled'));
    expect(handler.log).toEqual(['POST /a', 'POST /a syntax', 'POST /a done']);
    expect(socket.writableEnded).toBe(true);
  });

  it('whose length is ambiguous is not read, nor what follows', async () => {
    const { handler, sent } = aConnection();
    await sent(post('/a', 'hello', 'Transfer-Encoding: chunked') + get('/smuggled'));
    expect(handler.requests.map(({ isComplete, body }) => [isComplete, body])).toEqual([[false, undefined]]);
  });

  it('may be resumed when the connection is closed: what the stream still has is no request', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent(post('/a', 'x'.repeat(70_000)).slice(0, 66_000));
    expect(socket.isPaused()).toBe(true);
    socket.push(get('/b'));
    socket.destroy();
    await settled();
    socket.resume();
    handler.requests[0]?.body?.resume();
    await settled();
    expect(handler.log).toEqual(['POST /a', 'POST /a lost']);
    expect(handler.faults).toEqual([]);
  });

  it('whose client leaves fails', async () => {
    const { handler, socket, sent } = aConnection();
    const errors: string[] = [];
    handler.serve = (request) =>
      request.body?.open({ data: () => {}, end: () => {}, failed: ({ message }) => errors.push(message) });
    await sent(post('/a', 'hello').slice(0, -2));
    socket.push(null);
    await settled();
    expect(errors).toEqual(['the client left before the end of its body']);
    expect(handler.requests[0]?.isComplete).toBe(false);
  });
});

describe('bytes that are no request', () => {
  it('are refused after all responses, with what is known of them', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent(`${get('/a')}GET /b HTTP/1.1\r\nHost : a\r\n\r\n`);
    expect([handler.faults, socket.text]).toEqual([[], '']);
    answer(handler.requests[0]!);
    expect(socket.text).toBe(`${ok('/a')}refused for syntax`);
    expect([handler.faults, socket.writableEnded]).toEqual([['syntax GET /b'], true]);
  });

  it.each([
    ['HTTP/2.0', 'GET / HTTP/2.0\r\n', 'version'],
    ['a long target', `GET /${'a'.repeat(600)}`, 'target-too-long'],
    ['many fields', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(21)}`, 'too-large'],
    ['nothing of it', '\x16\x03\x01', 'syntax'],
  ])('such as %s are refused as soon as it is clear', async (_, bytes, fault) => {
    const { socket, sent } = aConnection();
    await sent(bytes);
    expect(socket.text).toBe(`refused for ${fault}`);
  });

  it('are dropped after the last response, for a time and up to an amount', async () => {
    const { handler, socket, sent } = aConnection();
    await sent('NONSENSE\r\n');
    const mebibyte = Buffer.alloc(1_048_576);
    for (let i = 0; i < 64; i++) await sent(mebibyte);
    expect(socket.destroyed).toBe(false);
    await sent('x');
    expect(socket.destroyed).toBe(true);
    const other = aConnection();
    await other.sent('NONSENSE\r\n');
    other.handler.env.advance(4_000);
    expect(other.socket.destroyed).toBe(true);
    expect(handler.requests).toEqual([]);
  });
});

describe('a request for another protocol', () => {
  const WEBSOCKET = get('/ws', 'Connection: Upgrade', 'Upgrade: websocket');

  it('takes the connection over, with what came after it', async () => {
    const { handler, socket, sent } = aConnection();
    const own = new FakeSocket();
    const listeners = () =>
      ['data', 'drain', 'end', 'close'].map((name) => socket.listenerCount(name) - own.listenerCount(name));
    expect(listeners()).toEqual([1, 1, 1, 1]);
    await sent(`${WEBSOCKET}early`);
    expect(handler.log).toEqual(['GET /ws upgrade early']);
    expect([...listeners(), handler.env.pendingTimers]).toEqual([0, 0, 0, 0, 0]);
  });

  it('is refused behind a request that has no response yet', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent(get('/a') + WEBSOCKET);
    answer(handler.requests[0]!);
    expect(socket.text).toBe(`${ok('/a')}refused for upgrade`);
  });

  it('is any other request in HTTP/1.0', async () => {
    const { handler, sent } = aConnection();
    await sent(WEBSOCKET.replace('1.1', '1.0'));
    expect(handler.log).toEqual(['GET /ws', 'GET /ws done']);
  });
});

describe('a body that goes wrong behind a request without a response', () => {
  it('has what follows it read over', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = (request) => void (request.target === '/b' && answer(request));
    await sent(get('/a') + chunked('/b', 'zz\r\n'));
    await sent(get('/smuggled'));
    answer(handler.requests[0]!);
    await settled();
    expect(handler.log).toEqual(['GET /a', 'POST /b', 'POST /b syntax', 'GET /a done', 'POST /b done']);
    expect([socket.text.match(/HTTP\/1\.1 \d+/g), socket.writableEnded]).toEqual([
      ['HTTP/1.1 200', 'HTTP/1.1 400'],
      true,
    ]);
  });
});

describe('a connection that was closed', () => {
  it('takes whatever is written', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = (request) => request.writeHead(200, 'OK', []);
    await sent(get('/a'));
    socket.destroy();
    expect(handler.requests[0]?.write(Buffer.alloc(100_000))).toBe(true);
  });

  it('acts on nothing that it still delivers', async () => {
    const { handler, socket } = aConnection();
    socket.pause();
    socket.push(get('/a'));
    // A stream that was destroyed keeps what it has read.
    socket.destroy();
    await once(socket, 'close');
    socket.emit('data', Buffer.from(get('/a')));
    expect(handler.requests).toEqual([]);
  });
});

describe('time', () => {
  it('for the first head begins with the connection', async () => {
    const { handler, socket, sent } = aConnection();
    handler.env.advance(HEADERS_MS - 1_000);
    await sent('GET / HT');
    handler.env.advance(2_000);
    expect(socket.text).toBe('refused for timeout');
    expect(handler.faults).toEqual(['timeout']);
  });

  it('without a byte ends a connection without a word', async () => {
    const { handler, socket } = aConnection();
    handler.env.advance(HEADERS_MS + 1_000);
    expect([socket.text, socket.writableEnded]).toEqual(['', true]);
  });

  it('between requests is longer, and a head that drips has its own', async () => {
    const { handler, socket, sent } = aConnection();
    await sent(get('/'));
    handler.env.advance(IDLE_MS - 2_000);
    expect(socket.writableEnded).toBe(false);
    await sent('GET / HT');
    for (let i = 0; i < 20; i++) {
      handler.env.advance(1_000);
      await sent('T');
    }
    expect(socket.text).toBe(`${ok('/')}refused for syntax`);
    const other = aConnection();
    await other.sent(get('/'));
    other.handler.env.advance(IDLE_MS + 1_000);
    expect([other.socket.text, other.socket.writableEnded]).toEqual([ok('/'), true]);
  });

  it('does not end what is under way', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent(get('/'));
    handler.env.advance(1_000 * IDLE_MS);
    expect(socket.writableEnded).toBe(false);
  });

  it('is kept by one timer, which ends with the last connection', async () => {
    const { handler, socket } = aConnection();
    expect(handler.env.pendingTimers).toBe(1);
    socket.destroy();
    await settled();
    expect(handler.env.pendingTimers).toBe(0);
  });
});

describe('a client that has ended its direction', () => {
  it('gets its response, as the last one', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = () => {};
    await sent(get('/'));
    socket.push(null);
    await settled();
    answer(handler.requests[0]!);
    await settled();
    expect(socket.text).toBe(ok('/', CLOSE));
    expect([handler.log, socket.destroyed]).toEqual([['GET /', 'GET / done'], true]);
  });

  it('has left when it takes nothing for a second', async () => {
    const { handler, socket, sent } = aConnection();
    handler.serve = (request) => request.writeHead(200, 'OK', []);
    await sent(get('/'));
    socket.push(null);
    await settled();
    for (let i = 0; i < 5; i++) {
      handler.requests[0]?.write(Buffer.from('event'));
      handler.env.advance(1_000);
    }
    expect(socket.destroyed).toBe(false);
    handler.env.advance(2_000);
    await settled();
    expect([handler.log, socket.destroyed]).toEqual([['GET /', 'GET / lost'], true]);
  });

  it('in the middle of a head is told so, or has left if it waits for a response', async () => {
    const { handler, socket, sent } = aConnection();
    await sent('GET / HT');
    socket.push(null);
    await settled();
    expect(socket.text).toBe('refused for syntax');
    const other = aConnection();
    other.handler.serve = () => {};
    await other.sent(`${get('/')}GET / HT`);
    other.socket.push(null);
    await settled();
    expect(other.handler.log).toEqual(['GET /', 'GET / lost']);
    expect(handler.requests).toEqual([]);
  });

  it('without a request is closed', async () => {
    const { socket } = aConnection();
    socket.push(null);
    await settled();
    await settled();
    expect([socket.text, socket.destroyed]).toEqual(['', true]);
  });
});

describe('clients that leave at every byte', () => {
  const bytes = Buffer.from(
    [
      get('/1', 'Expect: 100-continue'),
      post('/2', 'hello'),
      chunked('/3', '3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n'),
      get('/4', 'User-Agent: one', 'Accept: */*'),
      chunked('/5', '1\r\na\r\n0\r\n\r\n'),
      '\r\n',
      post('/6', 'world'),
      get('/7', 'Connection: close'),
    ].join(''),
  );
  const SERVES: Readonly<Record<string, (request: ServerRequest<string>) => void>> = {
    'at once': (request) => answer(request),
    never: () => {},
    'without the body': (request) => answer(request, 403),
    'in part': (request) => {
      request.writeHead(200, 'OK', []);
      request.write(Buffer.from('half'));
    },
    'and break off': (request) => {
      request.writeHead(200, 'OK', []);
      request.abort();
    },
  };
  const LEAVES: Readonly<Record<string, (socket: FakeSocket) => void>> = {
    ending: (socket) => void socket.push(null),
    resetting: (socket) => void socket.destroy(),
    'with nonsense': (socket) => {
      socket.push('\0\r\n\r\n');
      socket.push(null);
    },
    'with another request': (socket) => {
      socket.push(get('/8'));
      setImmediate(() => socket.destroy());
    },
    'taking nothing': (socket) => {
      socket.isTaking = false;
      socket.push(null);
    },
  };

  it('are more than ten thousand', () => {
    const kinds = Object.keys(SERVES).length * Object.keys(LEAVES).length;
    expect((bytes.length + 1) * kinds).toBeGreaterThan(10_000);
  });

  it.each(Object.keys(SERVES))('end each request once, served %s', async (name) => {
    for (const leave of Object.values(LEAVES)) {
      const lines = Array.from({ length: bytes.length + 1 }, (_, at) => {
        const one = aConnection();
        one.handler.serve = SERVES[name] as (request: ServerRequest<string>) => void;
        void one.sent(bytes.subarray(0, at));
        return one;
      });
      await settled();
      for (const { socket } of lines) leave(socket);
      await settled();
      for (const [at, { handler, socket }] of lines.entries()) {
        // Whoever has not left by now is closed in time.
        for (let i = 0; i < 4 && handler.env.pendingTimers > 0; i++) {
          handler.env.advance(IDLE_MS + HEADERS_MS);
          await settled();
        }
        if (socket.writableLength > 0) socket.destroy();
        await settled();
        const begun = handler.requests.map(({ method, target }) => `${method} ${target}`).sort();
        const ended = handler.log.filter((line) => /done|lost/.test(line));
        expect([at, ended.map((line) => line.replace(/ (done|lost)$/, '')).sort()]).toEqual([at, begun]);
        expect([at, handler.env.pendingTimers]).toEqual([at, 0]);
      }
    }
  });
});
