// `Expect: 100-continue` from end to end: the backend decides whether the body is read (RFC 9110 section
// 10.1.1).
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import { END_STREAM } from '../conformance/wire/frames.ts';
import { HOST, message } from '../conformance/wire/requests.ts';
import { reply, type Script } from '../conformance/wire/upstream.ts';
import { fields, setUp } from '../integration/gateway/http2-lab.ts';
import { aGateway, anUpstream, endAll, until, untilIdle } from '../integration/gateway/lab.ts';

startAtTheFirst();
afterEach(endAll);

const EXPECT = 'Expect: 100-continue';
const ASK = message('POST /x HTTP/1.1', [HOST, EXPECT, 'Content-Length: 4']);
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** A gateway before backends with these scripts, and a client of it. */
async function aLine(scripts: readonly Script[], continueMs = 60_000) {
  const upstreams = await Promise.all(scripts.map((script) => anUpstream(script)));
  const backends = upstreams.map(({ url }) => url);
  const one = await aGateway({
    ...{ backends, strategy: 'round-robin', retries: { minDelayMs: 0, maxDelayMs: 0 } },
    timeouts: { continueMs },
  });
  return { ...one, upstreams, upstream: upstreams[0]!, one: await one.client() };
}

/** Writes to a request whose head has come; its body is answered by itself. */
const atHead = (...texts: string[]): Script => ({
  connect: (socket: Socket) => {
    let received = '';
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const text = received.endsWith('\r\n\r\n') ? texts.shift() : reply('200 OK', [], received.slice(-4));
      if (text !== undefined) socket.write(text);
    });
  },
});

describe('a client that waits to be asked for its body', () => {
  it('is asked when its backend asks, after the interim responses before', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n';
    const { one, gateway } = await aLine([atHead(early + early + CONTINUE)]);
    one.write(ASK);
    await until(() => one.text.endsWith(CONTINUE));
    expect(one.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 103', 'HTTP/1.1 103', 'HTTP/1.1 100']);
    const [answer] = await one.write('body').answered();
    expect([answer?.status, String(answer?.body)]).toEqual([200, 'body']);
    await untilIdle(gateway);
    // The connections of both sides go on.
    one.write(ASK);
    await until(() => one.text.includes('200 OK'));
    expect(one.ended).toBeUndefined();
  });

  it.each(['417 Expectation Failed', '401 Unauthorized', '302 Found', '200 OK'])(
    'and gets %s instead sends no body, and its connection ends',
    async (status) => {
      const { one, upstream, gateway } = await aLine([{ head: reply(status, [], 'no') }]);
      one.write(ASK);
      await one.closed();
      expect(one.text).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
      expect(one.text).toMatch(/\r\nConnection: close\r\n\r\nno$/);
      expect(upstream.text).toMatch(/\r\nExpect: 100-continue\r\n(?:.+\r\n)*\r\n$/);
      await untilIdle(gateway);
    },
  );

  it('is asked by the gateway when the backend says nothing', async () => {
    const { one, upstream } = await aLine([{ connect: (socket) => socket.resume() }], 1);
    one.write(ASK);
    await until(() => one.text === CONTINUE);
    expect(upstream.connections).toHaveLength(1);
  });

  it('is asked at once where backends are not to be', async () => {
    const { one, upstream } = await aLine([{}], 0);
    one.write(ASK);
    await until(() => one.text === CONTINUE);
    expect((await one.write('body').answered())[0]?.status).toBe(200);
    expect(upstream.text).not.toContain('Expect');
  });

  it('is not asked again for another backend, and loses nothing to one that has left', async () => {
    const { one, upstreams, log } = await aLine([{ head: (socket) => socket.destroy() }, atHead(CONTINUE)]);
    one.write(ASK);
    await until(() => one.text === CONTINUE);
    const [answer] = await one.write('body').answered();
    expect([answer?.status, String(answer?.body)]).toEqual([200, 'body']);
    expect(upstreams[0]?.text).toMatch(/\r\n\r\n$/);
    expect(log.records).toMatchObject([{ status: 200, attempts: 2, bytesReceived: 4 }]);
  });

  it('and was asked, is asked no more: its body goes to the next backend at once', async () => {
    const first: Script = {
      connect: (socket) =>
        socket.on('data', (bytes) => {
          if (bytes.toString().endsWith('body')) socket.destroy();
          else socket.write(CONTINUE);
        }),
    };
    const { upstreams, one } = await aLine([first, {}]);
    one.write(ASK.replace('POST', 'PUT'));
    await until(() => one.text === CONTINUE);
    await one.write('body').answered();
    expect(one.text.slice(CONTINUE.length)).toMatch(/^HTTP\/1\.1 200/);
    expect(upstreams[1]?.text).not.toContain('Expect');
    expect(upstreams[1]?.text).toMatch(/\r\n\r\nbody$/);
  });
});

describe('an expectation', () => {
  it.each([
    ['whose body has come', `${ASK}body`],
    ['without a body', message('GET /x HTTP/1.1', [HOST, EXPECT])],
    ['of HTTP/1.0', message('POST /x HTTP/1.0', [HOST, EXPECT, 'Content-Length: 4'])],
  ])('%s is not passed on', async (_, request) => {
    const { one, upstream } = await aLine([{}]);
    one.write(request);
    await until(() => upstream.connections.length === 1 && upstream.text.includes('\r\n\r\n'));
    expect(upstream.text).not.toContain('Expect');
    await one.write(request.includes('1.0') ? 'body' : '').answered();
    expect(one.text).toMatch(/^HTTP\/1\.1 200/);
  });

  it('before a change of the protocol is met by the gateway, and interim responses pass', async () => {
    const head = 'HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n';
    const { one } = await aLine([{ complete: `HTTP/1.1 103 \r\nLink: a\r\n\r\n${head}` }]);
    one.write(
      message('POST /x HTTP/1.1', [
        HOST,
        EXPECT,
        'Connection: Upgrade',
        'Upgrade: other',
        'Content-Length: 4',
      ]),
    );
    await until(() => one.text === CONTINUE);
    one.write('body');
    await until(() => one.text.includes(' 101 '));
    expect(one.text.match(/ \d+ |Link: a/g)).toEqual([' 100 ', ' 103 ', 'Link: a', ' 101 ']);
  });

  it('over HTTP/2 is met by the backend, or not', async () => {
    const { h2, upstream, gateway } = await setUp({
      head: (socket) => {
        socket.write(CONTINUE);
        socket.once('data', (body) => socket.write(reply('200 OK', [], body.toString())));
      },
    });
    const head = fields('POST', ['expect', '100-continue'], ['content-length', '4']);
    await h2.request(1, head, 0);
    await until(() => h2.stream(1).blocks.length === 1);
    h2.data(1, 'body', END_STREAM);
    await h2.done();
    expect([h2.status(1), h2.body(1).toString()]).toEqual([200, 'body']);
    expect(upstream.text).toContain('Expect: 100-continue\r\n');
    upstream.script = { head: reply('417 No', [], 'no') };
    await h2.request(3, head, 0);
    await h2.done(3);
    expect([h2.status(3), h2.stream(3).blocks.length, h2.body(3).toString()]).toEqual([417, 1, 'no']);
    expect([h2.goaway, h2.ended]).toEqual([undefined, undefined]);
    await untilIdle(gateway);
  });
});
