import { once } from 'node:events';
import { connect } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import * as frames from '../conformance/wire/frames.ts';
import { H2Client } from '../conformance/wire/h2-client.ts';
import { encodeFields, type Field } from '../conformance/wire/hpack.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import { fields, setUp } from '../integration/gateway/http2-lab.ts';
import { atTheEnd, endAll, until, untilIdle } from '../integration/gateway/lab.ts';

afterEach(endAll);

const { DATA, END_STREAM, frame, GOAWAY, HEADERS, NO_ERROR, RST_STREAM, WINDOW_UPDATE } = frames;

/** The last two frames that came on the first stream, but for what makes room for more. */
const lastTwo = (h2: H2Client) => {
  const came = h2.frames.filter(({ stream, type }) => stream === 1 && type !== WINDOW_UPDATE);
  return came.slice(-2).map(({ type, flags }) => [type, flags & END_STREAM]);
};

describe('an HTTP/2 connection', () => {
  it('lets a client that is far away send enough at once', async () => {
    const { port } = await setUp({ complete: reply('ok') });
    const session = connect(`http://127.0.0.1:${port}`);
    atTheEnd(() => session.destroy());
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.initialWindowSize).toBe(1_048_576);
    await until(() => (session.state.remoteWindowSize ?? 0) >= 4_000_000);
  });
});

describe('an HTTP/2 connection that has had its requests, or its time', () => {
  /** Answers when a millisecond has passed. */
  const slowly: Reply = (socket) => void setTimeout(() => socket.write(reply('200 OK')), 5);

  it.each([
    ['requests', { limits: { requestsPerConnection: 2 } }, 3],
    ['time', { timeouts: { ageMs: 1 } }, 1],
  ])('ends after its last response: %s', async (_, settings, last) => {
    const { h2 } = await setUp({ complete: slowly }, settings);
    for (let stream = 1; stream <= last; stream += 2) {
      expect([h2.goaway, h2.ended]).toEqual([undefined, undefined]);
      await h2.request(stream, fields('GET'));
      await until(() => h2.stream(stream).ended);
      expect(h2.status(stream)).toBe(200);
    }
    await until(() => h2.goaway !== undefined);
    expect(h2.goaway).toBe(NO_ERROR);
    await until(() => h2.ended === 'end');
  });
});

describe('an upload over HTTP/2', () => {
  // curl --http2 -d '', httpx, and Firefox with an empty body end a request with an empty piece of body.
  it.each(['at once', 'later', 'in pieces'])('that turns out empty %s reaches the backend', async (when) => {
    const { upstream, h2 } = await setUp({ complete: reply('ok') });
    const head = frame(HEADERS, frames.END_HEADERS, 1, encodeFields(fields('POST')));
    const empty = frame(DATA, 0, 1);
    const end = frame(DATA, END_STREAM, 1);
    if (when === 'at once') h2.socket.write(Buffer.concat([head, end]));
    else {
      h2.socket.write(head);
      if (when === 'in pieces') h2.socket.write(Buffer.concat([empty, empty]));
      await until(() => upstream.requests().length === 1);
      h2.socket.write(end);
    }
    await until(() => lastTwo(h2).at(-1)?.[1] === END_STREAM);
    expect(upstream.requests().map(({ complete }) => complete)).toEqual([true]);
  });

  it.each([
    ['no error', NO_ERROR],
    ['an error', frames.INTERNAL_ERROR],
    ['a cancellation', frames.CANCEL],
  ])('that is given up with %s never looks complete', async (_, code) => {
    const { upstream, h2, gateway, backends } = await setUp({ complete: () => {} });
    await h2.request(1, fields('POST'), 0);
    h2.data(1, 'half');
    await until(() => upstream.text.includes('half'));
    h2.resetStream(1, code);
    await untilIdle(gateway);
    const [connection] = upstream.connections;
    await until(() => connection?.ended !== undefined || connection?.closed === true);
    expect(upstream.requests().map(({ complete }) => complete)).toEqual([false]);
    expect(backends()[0]).toMatchObject({ requests: 1, errors: 0, cancelled: 1 });
  });

  const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnope\r\n0\r\nX-Sum: 1\r\n\r\n';
  const te: Field = ['te', 'trailers'];
  it.each<[string, string, Field[], number]>([
    ['with its length', reply('403 No', [], 'nope'), [], DATA],
    ['in chunks', CHUNKED, [], DATA],
    ['with trailers', CHUNKED, [te], HEADERS],
  ])('that is answered before its end, %s, is over with the answer', async (_, head, more, last) => {
    const { h2, gateway, log } = await setUp({ head });
    await h2.request(1, fields('POST', ...more), 0);
    // More than anybody reads now, and no end.
    for (let part = 0; part < 4; part++) h2.data(1, Buffer.alloc(15_000));
    await until(
      () => h2.stream(1).reset !== undefined,
      () => h2.summary(),
    );
    await untilIdle(gateway);
    expect(h2.body(1).toString()).toBe('nope');
    expect(h2.stream(1).reset).toBe(NO_ERROR);
    // RFC 9113 section 8.1: after the whole answer.
    expect(lastTwo(h2)).toEqual([
      [last, END_STREAM],
      [RST_STREAM, 0],
    ]);
    expect(h2.stream(1).blocks).toHaveLength(last === HEADERS ? 2 : 1);
    expect(log.records).toHaveLength(1);
    expect(log.errors).toEqual([]);
  });

  it.each([204, 205, 304])(
    'that is answered with %d, which has no trailers, is over with the answer',
    async (status) => {
      const { h2, gateway } = await setUp({ head: `HTTP/1.1 ${status} No\r\n\r\n` });
      await h2.request(1, fields('POST', te), 0);
      h2.data(1, 'half');
      await until(
        () => h2.stream(1).reset !== undefined,
        () => h2.summary(),
      );
      expect([h2.status(1), h2.stream(1).ended, h2.stream(1).reset]).toEqual([status, true, NO_ERROR]);
      await untilIdle(gateway);
    },
  );

  it('that is answered before its end, though all of it has come, is over too', async () => {
    const { h2, gateway } = await setUp({ head: reply('403 No', [], 'nope') });
    await h2.request(1, fields('POST'), 0);
    for (let part = 0; part < 4; part++) h2.data(1, Buffer.alloc(15_000), part === 3 ? END_STREAM : 0);
    await h2.done();
    await untilIdle(gateway);
    expect(h2.body(1).toString()).toBe('nope');
  });

  it('that is too large, and did not say so, is stopped', async () => {
    const { h2, gateway } = await setUp({}, { limits: { bodyBytes: 1_000 } });
    await h2.request(1, fields('POST'), 0);
    h2.data(1, Buffer.alloc(1_500));
    await until(
      () => h2.stream(1).reset !== undefined,
      () => h2.summary(),
    );
    expect([h2.status(1), h2.stream(1).ended, h2.stream(1).reset]).toEqual([413, true, NO_ERROR]);
    await untilIdle(gateway);
  });

  it.each([
    ['a small', 3],
    ['a large', 300_000],
  ])('that has come to its end, and got %s answer, is neither reset nor given up', async (_, length) => {
    const body = 'y'.repeat(length);
    const { h2, gateway, log, backends } = await setUp({ complete: reply('200 OK', [], body) });
    await h2.request(1, fields('POST'), 0);
    h2.data(1, 'all', END_STREAM);
    await h2.done();
    await untilIdle(gateway);
    await h2.request(3, fields('GET'));
    await h2.done(3);
    await untilIdle(gateway);
    expect([h2.body(1).length, h2.stream(1).reset]).toEqual([length, undefined]);
    expect(log.records.map(({ status }) => status)).toEqual([200, 200]);
    expect(backends()[0]).toMatchObject({ requests: 2, errors: 0, cancelled: 0 });
  });
});

describe('trailers of a request over HTTP/2', () => {
  it('reach the backend, but for those that it could take for headers', async () => {
    const { h2, upstream, gateway } = await setUp({});
    await h2.request(1, fields('PUT'), 0);
    h2.data(1, 'hello');
    const trailers = encodeFields([
      ['x-sum', '1'],
      ['host', 'evil'],
    ]);
    h2.write(frame(HEADERS, frames.END_HEADERS | END_STREAM, 1, trailers));
    await h2.done();
    expect(h2.status(1)).toBe(200);
    expect(upstream.text).toMatch(/\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n$/);
    await untilIdle(gateway);
  });
});

describe('a request over HTTP/2 that ends in the first piece of its connection', () => {
  const head = frame(
    HEADERS,
    frames.END_HEADERS,
    1,
    encodeFields(fields('POST', ['expect', '100-continue'], ['content-length', '5'])),
  );

  const over = (code: number) => Buffer.concat([frames.uint32(0), frames.uint32(code)]);
  it.each([
    ['a reset with an error', frame(RST_STREAM, 0, 1, frames.uint32(frames.INTERNAL_ERROR))],
    ['a reset without one', frame(RST_STREAM, 0, 1, frames.uint32(NO_ERROR))],
    ['a mistake on its stream', frame(frames.WINDOW_UPDATE, 0, 1, frames.uint32(0))],
    ['a mistake on its connection', frame(frames.PING, 0, 1, Buffer.alloc(8))],
    ['GOAWAY with an error', frame(GOAWAY, 0, 0, over(frames.INTERNAL_ERROR))],
  ])('by %s harms nobody', async (_, end) => {
    const client = { preface: false };
    const { h2, gateway, port, log } = await setUp({ complete: reply('200 OK', [], 'yes') }, { client });
    h2.write(Buffer.from(frames.PREFACE), frames.settingsFrame([]), head, end);
    h2.socket.end();
    await until(() => gateway.stats().connections.open === 0);
    await untilIdle(gateway);
    const other = await H2Client.connect(port);
    atTheEnd(() => other.socket.destroy());
    await other.request(1, fields('GET'));
    await other.done();
    expect(other.status(1)).toBe(200);
    expect(log.errors).toEqual([]);
  });
});

describe('an interim response over HTTP/2', () => {
  it('comes before the final one, with all its headers', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nX-Hint: two\r\n\r\n';
    const { h2 } = await setUp({ complete: interim + reply('200 OK', [], 'done') });
    await h2.request(1, fields('GET'));
    await h2.done();
    const [hints, final] = h2.stream(1).blocks as [Field[], Field[]];
    expect(hints).toEqual([
      [':status', '103'],
      ['link', '</a.css>'],
      ['x-hint', 'two'],
    ]);
    expect(final[0]).toEqual([':status', '200']);
  });
});

describe('an answer over HTTP/2', () => {
  const chunked = '205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nnever\r\n0\r\n\r\n';
  it.each([
    ['204, of a length', '204 No Content\r\nContent-Length: 5\r\n\r\n', 204],
    ['205, of a length', '205 Reset Content\r\nContent-Length: 5\r\n\r\nnever', 205],
    ['205, in chunks', chunked, 205],
  ])('that is %s, says of no content that it comes', async (_, answer, status) => {
    const { h2, gateway, backends } = await setUp({ complete: `HTTP/1.1 ${answer}` });
    await h2.request(1, fields('GET'));
    await h2.done();
    expect([h2.status(1), h2.body(1).length, h2.stream(1).reset]).toEqual([status, 0, undefined]);
    const names = h2.stream(1).blocks.flatMap((block) => block.map(([name]) => name));
    expect(names).not.toContain('content-length');
    await untilIdle(gateway);
    expect(backends()[0]).toMatchObject({ errors: 0, cancelled: 0 });
  });

  it('to a path with a fragment is a refusal', async () => {
    const { h2, upstream } = await setUp({});
    const withFragment = fields('GET').map(
      ([name, value]): Field => [name, name === ':path' ? '/x#y' : value],
    );
    await h2.request(1, withFragment);
    await h2.done();
    expect(h2.status(1)).toBe(400);
    expect(upstream.requests()).toEqual([]);
  });
});

describe('a response with a status that is none, over HTTP/2', () => {
  it.each([600, 999])(
    '%i is passed on as the 500 that it counts as, and fails no backend',
    async (status) => {
      const { h2, backends } = await setUp({ complete: reply(`${status} Odd`, ['X-A: 1'], 'odd') });
      await h2.request(1, fields('GET'));
      await until(() => h2.stream(1).ended);
      expect([h2.status(1), String(h2.body(1))]).toEqual([500, 'odd']);
      expect(new Map(h2.stream(1).blocks[0]).get('x-a')).toBe('1');
      expect(backends()[0]).toMatchObject({ errors: 0, statuses: { '5xx': 1 } });
    },
  );
});
