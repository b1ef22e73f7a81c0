// Requests to change the protocol that are no WebSocket: kubectl and docker send POST, some with a body.
import { afterEach, describe, expect, it } from 'vitest';
import { header } from '../conformance/wire/messages.ts';
import type { Reply } from '../conformance/wire/upstream.ts';
import { aGateway, anUpstream, endAll, type Settings, until, untilIdle } from '../integration/gateway/lab.ts';

afterEach(endAll);

/** Answers an offer of another protocol with it, and then echoes; anything else with 200. */
const switches: Reply = (socket, request) => {
  const protocol = header(request, 'upgrade');
  if (protocol === undefined) {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${request.body.length}\r\n\r\n${request.body}`);
    return;
  }
  const got = request.body.length;
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\ngot ${got};`,
  );
  socket.on('data', (chunk) => socket.write(`echo ${chunk};`));
};

const post = (...fields: string[]) =>
  ['POST /exec?command=sh HTTP/1.1', 'Host: a', 'Connection: Upgrade', ...fields, '', ''].join('\r\n');

async function setUp(settings: Settings = {}) {
  const upstream = await anUpstream({ complete: switches });
  const one = await aGateway({ backends: [upstream.url], retries: false }, settings);
  return { upstream, ...one };
}

describe('a POST that changes the protocol', () => {
  it.each(['SPDY/3.1', 'tcp'])('to %s is carried', async (protocol) => {
    const { client, gateway } = await setUp();
    const one = await client();
    one.write(post(`Upgrade: ${protocol}`, 'Content-Length: 0'));
    await until(
      () => one.text.endsWith('got 0;'),
      () => one.text,
    );
    expect(one.text).toMatch(/^HTTP\/1\.1 101 /);
    one.write('ls');
    await until(
      () => one.text.endsWith('echo ls;'),
      () => one.text,
    );
    one.end();
    await untilIdle(gateway);
  });

  it.each([
    ['at once', ['{"Tty":true}']],
    ['in pieces', ['{"Tty', '":true}']],
    ['and the first bytes of the other protocol', ['{"Tty":true}ls']],
  ])('with its body, %s', async (_, pieces) => {
    const { client, upstream, gateway } = await setUp();
    const one = await client();
    one.write(post('Upgrade: tcp', 'Content-Length: 12') + (pieces.length === 1 ? pieces[0] : ''));
    for (const piece of pieces.length === 1 ? [] : pieces) {
      one.write(piece);
      await new Promise((done) => setTimeout(done, 20));
    }
    const isMore = pieces[0]?.endsWith('ls') === true;
    await until(
      () => one.text.endsWith(isMore ? 'echo ls;' : 'got 12;'),
      () => one.text,
    );
    const [request] = upstream.requests();
    expect([request?.body.toString(), request && header(request, 'content-length')]).toEqual([
      '{"Tty":true}',
      '12',
    ]);
    one.end();
    await untilIdle(gateway);
  });

  it('whose body does not come is refused in time', async () => {
    const { client, gateway, upstream } = await setUp({ timeouts: { bodyMs: 100 } });
    const one = await client();
    one.write(`${post('Upgrade: tcp', 'Content-Length: 12')}{"T`);
    await until(
      () => one.text.startsWith('HTTP/1.1 408 '),
      () => one.text,
    );
    expect(upstream.requests()).toEqual([]);
    await untilIdle(gateway);
  });

  it.each([
    ['chunks', 'Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['much', 'Content-Length: 70000', 'x'.repeat(70_000), 'x'.repeat(70_000)],
  ])('with %s of body is served without the change', async (_, framing, body, text) => {
    const { client, upstream } = await setUp();
    const one = await client();
    one.write(post('Upgrade: tcp', framing) + body);
    await until(
      () => one.text.endsWith(text),
      () => one.text.slice(0, 200),
    );
    expect(one.text).toMatch(/^HTTP\/1\.1 200 /);
    expect(header(upstream.requests()[0] ?? { headers: [] }, 'upgrade')).toBeUndefined();
  });

  it.each([
    ['WebSocket by POST', post('Upgrade: websocket', 'Content-Length: 2')],
    ['a GET with a body', post('Upgrade: tcp', 'Content-Length: 2').replace('POST', 'GET')],
    ['a GET with chunks', post('Upgrade: tcp', 'Transfer-Encoding: chunked').replace('POST', 'GET')],
    ['HEAD', post('Upgrade: tcp').replace('POST', 'HEAD')],
    ['other versions of HTTP', post('Upgrade: h2c, HTTP/2.0', 'Content-Length: 2')],
  ])('is served without the change: %s', async (_, bytes) => {
    const { client, upstream } = await setUp();
    const one = await client();
    const body = bytes.includes('chunked') ? '2\r\nxx\r\n0\r\n\r\n' : bytes.startsWith('HEAD') ? '' : 'xx';
    one.write(bytes + body);
    await until(
      () => /^HTTP\/1\.1 200 .*\r\n\r\n(?:xx)?$/s.test(one.text),
      () => one.text,
    );
    expect(header(upstream.requests()[0] ?? { headers: [] }, 'upgrade')).toBeUndefined();
    // The connection serves on.
    one.write(`${post().replace('Connection: Upgrade\r\n', 'Content-Length: 1\r\n')}z`);
    await until(
      () => one.text.endsWith('\r\n\r\nz'),
      () => one.text,
    );
  });

  it('may be a GET that says that it has no body, and keeps the name of the protocol', async () => {
    const { client, upstream } = await setUp();
    const one = await client();
    one.write(post('Upgrade: WebSocket', 'Content-Length: 0').replace('POST', 'GET'));
    await until(
      () => one.text.endsWith('got 0;'),
      () => one.text,
    );
    expect(header(upstream.requests()[0] ?? { headers: [] }, 'upgrade')).toBe('WebSocket');
  });
});
