import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { aBackend, closeBackends } from '../../../test/integration/adapters/backends.ts';
import { sleep } from '../conformance/wire/poll.ts';
import { get, message, post } from '../conformance/wire/requests.ts';
import { reply } from '../conformance/wire/upstream.ts';
import {
  aGateway,
  anUpstream,
  atTheEnd,
  endAll,
  held,
  NOTHING,
  until,
  untilIdle,
} from '../integration/gateway/lab.ts';

afterEach(async () => {
  await endAll();
  await closeBackends();
});

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Answers with what was asked, and how, in a body. */
const mirror = () =>
  aBackend((request, response, received) => {
    request.on('end', () => {
      response.writeHead(200, { 'x-method': received.method, 'x-length': String(received.body.length) });
      response.end(`${received.method} ${received.url} ${received.body}`);
    });
  });

describe('a gateway forwards', () => {
  it.each(METHODS)('%s, with and without a body, and its answer', async (method) => {
    const backend = await mirror();
    const { port, gateway } = await aGateway([backend.url]);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    atTheEnd(() => agent.destroy());
    const bodies: [string, http.OutgoingHttpHeaders][] = [
      ['', {}],
      ['known length', { 'content-length': 12 }],
      ['chunked', { 'transfer-encoding': 'chunked' }],
      ['', { 'content-length': 0 }],
      ['x'.repeat(300_000), { 'transfer-encoding': 'chunked' }],
    ];
    for (const [body, headers] of bodies) {
      const path = `/a%2Fb//c/../d?x=${body.length}&y=%00`;
      const request = http.request({ port, host: '127.0.0.1', method, path, headers, agent });
      request.end(body);
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      const answer = await text(response);
      expect(response.headers).toMatchObject({ 'x-method': method, 'x-length': String(body.length) });
      expect(answer).toBe(method === 'HEAD' ? '' : `${method} ${path} ${body}`);
    }
    // One connection for all of them; after HEAD node:http takes a fresh one by itself.
    if (method !== 'HEAD') expect(gateway.stats().connections.accepted).toBe(1);
    await untilIdle(gateway);
    expect(gateway.stats().requests).toMatchObject({ total: 5, statuses: { '2xx': 5 }, errors: {} });
  });

  it('an answer that begins before the request has ended', async () => {
    const backend = await aBackend((request, response) => {
      response.write('begun;');
      request.pipe(response);
    });
    const { port, gateway } = await aGateway([backend.url]);
    const request = http.request({ port, host: '127.0.0.1', method: 'POST' });
    request.write('first;');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let seen = '';
    response.setEncoding('utf8').on('data', (part: string) => (seen += part));
    for (const part of ['first;', 'second;', 'third;']) {
      await until(
        () => seen.endsWith(part),
        () => seen,
      );
      if (part !== 'third;') request.write(part === 'first;' ? 'second;' : 'third;');
    }
    request.end();
    await once(response, 'end');
    expect(seen).toBe('begun;first;second;third;');
    await untilIdle(gateway);
  });

  it('bytes as they are, whatever their size, both ways at a time', async () => {
    const echo = http.createServer((request, response) => void request.pipe(response)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    atTheEnd(() => echo.close());
    const { port } = await aGateway([`http://127.0.0.1:${(echo.address() as AddressInfo).port}`]);
    const bodies = [1, 4_095, 4_096, 4_097, 65_535, 65_537, 3_000_001].map((size) =>
      Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + size) & 255)),
    );
    await Promise.all(
      bodies.map(async (body) => {
        const request = http.request({ port, host: '127.0.0.1', method: 'PUT' }).end(body);
        const [response] = (await once(request, 'response')) as [http.IncomingMessage];
        expect((await buffer(response)).equals(body)).toBe(true);
      }),
    );
  });

  it('events as they come, until their client leaves', async () => {
    let closed = 0;
    const backend = await aBackend((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let count = 0;
      const timer = setInterval(() => response.write(`data: ${count++}\n\n`), 10);
      response.once('close', () => {
        clearInterval(timer);
        closed++;
      });
    });
    const { client, gateway, log, backends } = await aGateway([backend.url]);
    const one = await client();
    one.write(get('/events'));
    await until(
      () => one.text.includes('data: 3\n\n'),
      () => one.text,
    );
    expect(held(gateway)).toEqual({ requests: 1, tunnels: 0, leases: 1, active: 1 });
    one.socket.destroy();
    await untilIdle(gateway);
    await until(() => closed === 1);
    expect(log.records).toMatchObject([{ status: 499, path: '/events' }]);
    expect(backends()[0]).toMatchObject({ cancelled: 1, errors: 0 });
  });

  it('hints before the answer, to clients of HTTP/1.1 and HTTP/2, not to those of HTTP/1.0', async () => {
    const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n';
    const upstream = await anUpstream({ complete: hint + reply('200 OK', [], 'body') });
    const { client, port } = await aGateway([upstream.url], { listener: { h2c: true } });
    const [answer] = await (await client()).write(get()).answered();
    expect(answer?.interim.map(({ startLine }) => startLine.slice(0, 12))).toEqual(['HTTP/1.1 103']);
    const old = await client();
    await old.write(message('GET / HTTP/1.0')).closed();
    expect(old.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(old.text).not.toContain('103');
    const session = http2.connect(`http://127.0.0.1:${port}`);
    atTheEnd(() => session.destroy());
    const stream = session.request({ ':path': '/' });
    const [hints] = (await once(stream, 'headers')) as [http2.IncomingHttpHeaders];
    expect(hints).toMatchObject({ ':status': 103, link: '</a.css>' });
    expect(await text(stream)).toBe('body');
  });

  it('a host as it was asked for, and its own name in Via', async () => {
    const upstream = await anUpstream();
    const { client } = await aGateway([`${upstream.url}/base/`], { name: 'edge' });
    await (await client()).write(message('GET /x?y HTTP/1.1', ['Host: Shop.Example:8443'])).answered();
    expect(upstream.text).toMatch(/^GET \/base\/x\?y HTTP\/1\.1\r\n/);
    expect(upstream.text).toContain('\r\nHost: Shop.Example:8443\r\n');
    expect(upstream.text).toMatch(/\r\nVia: 1\.1 edge-[\da-f]{8}\r\n/);
  });

  it('no Via where a route takes it away, for backends that do not compress for proxies', async () => {
    const upstream = await anUpstream();
    const routes = [{ pool: 'shop', requestHeaders: { remove: ['Via'] } }];
    const { client } = await aGateway([upstream.url], { routes });
    await (await client()).write(get('/')).answered();
    expect(upstream.text).not.toMatch(/\r\nVia:/i);
  });

  it('what its routes make of headers, both ways', async () => {
    const upstream = await anUpstream({ complete: reply('200 OK', ['Server: secret', 'X-Kept: 1']) });
    const { client } = await aGateway([upstream.url], {
      routes: [
        {
          pool: 'shop',
          requestHeaders: { set: { 'X-Added': 'yes', Host: 'inner' }, remove: ['X-Debug'] },
          responseHeaders: { set: { 'Strict-Transport-Security': 'max-age=60' }, remove: ['Server'] },
        },
      ],
    });
    const [answer] = await (await client()).write(get('/', 'X-Debug: 1')).answered();
    expect(upstream.text).toMatch(/\r\nHost: inner\r\n[\s\S]*\r\nX-Added: yes\r\n/);
    expect(upstream.text).not.toMatch(/X-Debug|host: a\.test/);
    const names = answer?.headers.map(([name]) => name);
    expect(names).toContain('Strict-Transport-Security');
    expect(names).toContain('X-Kept');
    expect(names).not.toContain('Server');
  });

  it('requests that name members of Object.prototype, of which nothing changes', async () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const upstream = await anUpstream({
      complete: reply('200 OK', ['__proto__: polluted', 'constructor: x'], 'ok'),
    });
    const { client, gateway } = await aGateway({
      backends: [upstream.url],
      affinity: { by: 'header', name: '__proto__' },
      sessions: { cookie: { secrets: ['a secret that has 32 bytes or more'] } },
    });
    const one = await client();
    const lines = ['__proto__: {"polluted":1}', 'constructor: x', 'Cookie: __proto__=1; constructor=2'];
    const [answer] = await one
      .write(message('GET /__proto__?__proto__=1 HTTP/1.1', ['Host: __proto__', ...lines]))
      .answered();
    expect(answer).toMatchObject({ status: 200, complete: true });
    expect(upstream.text).toContain('__proto__: {"polluted":1}');
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(held(gateway)).toEqual(NOTHING);
  });
});

describe('a client of HTTP/1.0', () => {
  it('is not asked for a body, which it sends by itself', async () => {
    const { client } = await aGateway([(await anUpstream()).url]);
    const one = await client();
    await one
      .write(message('POST /x HTTP/1.0', ['Host: a', 'Expect: 100-continue', 'Content-Length: 2'], 'ab'))
      .closed();
    expect(one.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(one.text).toMatch(/\r\n\r\n\/x$/);
  });

  it('is answered as if it had not asked for an upgrade, which it does not know', async () => {
    const upstream = await anUpstream();
    const { client, gateway } = await aGateway([upstream.url]);
    const one = await client();
    await one
      .write(message('GET /x HTTP/1.0', ['Host: a', 'Connection: Upgrade', 'Upgrade: websocket']))
      .closed();
    expect(one.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\/x$/);
    expect(upstream.text.toLowerCase()).not.toContain('upgrade');
    await untilIdle(gateway);
  });
});

describe('trailers of a request', () => {
  it('reach the backend, but for those that it could take for headers', async () => {
    const upstream = await anUpstream();
    const { client, gateway } = await aGateway([upstream.url]);
    const one = await client();
    one.write(
      message(
        'PUT /x HTTP/1.1',
        ['Host: a', 'Transfer-Encoding: chunked'],
        '5\r\nhello\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n',
      ),
      'PUT',
    );
    expect((await one.answered())[0]?.status).toBe(200);
    expect(upstream.text.endsWith('\r\n0\r\nX-Sum: 1\r\n\r\n')).toBe(true);
    await untilIdle(gateway);
  });
});

describe('a request to go on in another version of HTTP', () => {
  const H2C = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];

  it('is answered in this one, however long the answer', async () => {
    const upstream = await anUpstream({ complete: reply('200 OK', [], 'x'.repeat(10_000_000)) });
    const { client, gateway } = await aGateway([upstream.url]);
    const one = await client();
    one.write(get('/', ...H2C));
    await until(
      () => one.answers[0]?.complete === true,
      () => one.bytes.length,
    );
    expect(one.answers[0]?.body.length).toBe(10_000_000);
    await untilIdle(gateway);
    one.write(get('/next'));
    expect(await one.answered(2)).toHaveLength(2);
  });

  it('is answered in this one with a body, too', async () => {
    const upstream = await anUpstream();
    const { client, gateway } = await aGateway([upstream.url]);
    const [answer] = await (await client()).write(post('hello', '/', ...H2C), 'POST').answered();
    expect(answer?.status).toBe(200);
    expect(upstream.requests()[0]?.body.toString()).toBe('hello');
    expect(upstream.text.toLowerCase()).not.toContain('h2c');
    await untilIdle(gateway);
  });
});

describe('a client that resets or ends its connection', () => {
  it.each<[string, string]>([
    ['while it waits for an answer to h2c', get('/', 'Connection: Upgrade', 'Upgrade: h2c')],
    ['after CONNECT', message('CONNECT a.test:1 HTTP/1.1', ['Host: a.test:1'])],
    ['after an upgrade that cannot be', post('x', '/', 'Connection: Upgrade', 'Upgrade: websocket')],
    ['after garbage', '\x16\x03\x01\x00\r\n\r\n'],
    ['after nothing', ''],
    ['in the middle of a head', 'GET / HT'],
  ])('%s takes nobody along', async (_, bytes) => {
    const upstream = await anUpstream({ complete: () => {} });
    const { client, gateway } = await aGateway([upstream.url]);
    for (const delayMs of [0, 0, 5, 20]) {
      const one = await client();
      one.write(bytes);
      await sleep(delayMs);
      one.reset();
      // An end that comes with the request is read together with it, one that comes later is not.
      const other = await client();
      other.write(bytes);
      await sleep(delayMs);
      other.end();
    }
    await until(
      () => gateway.stats().connections.open === 0,
      () => gateway.stats().connections,
    );
    await untilIdle(gateway);
    upstream.script = {};
    const [answer] = await (await client()).write(get('/alive')).answered();
    expect(answer?.status).toBe(200);
    if (bytes === '') expect(gateway.stats().requests.errors).toEqual({});
  });
});

describe('one port for both versions', () => {
  it('tells them apart by the first bytes, however slowly those come', async () => {
    const { client, gateway } = await aGateway([(await anUpstream()).url], { listener: { h2c: true } });
    const slow = await client();
    for (const byte of 'PRI * HT') {
      slow.write(byte);
      await sleep(2);
    }
    // It waits without keeping anybody else waiting.
    const [answer] = await (await client()).write(get('/served')).answered();
    expect(answer?.status).toBe(200);
    slow.write('TP/2.0\r\n\r\nSM\r\n\r\n');
    // SETTINGS.
    await until(() => slow.bytes.length >= 9);
    expect(slow.bytes[3]).toBe(4);
    const almost = await client();
    for (const part of ['P', 'UT /x HTTP', '/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n']) {
      almost.write(part);
      await sleep(2);
    }
    expect((await almost.answered())[0]?.body.toString()).toBe('/x');
    expect(gateway.stats().requests.inFlight).toBe(0);
  });
});
