import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { unambiguous } from '../judge.ts';
import { FrameReader, frame, settingsFrame } from './frames.ts';
import { H2Client } from './h2-client.ts';
import { encodeFields, encodeIndexed, encodeInteger, HpackDecoder } from './hpack.ts';
import { readAnswers, readRequests } from './messages.ts';
import type { Upstream } from './upstream.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const lines = (text: string, precedence?: 'content-length') =>
  readRequests(bytes(text), precedence).map(
    ({ startLine, complete }) => `${startLine}${complete ? '' : ' ...'}`,
  );
const faults = (text: string) => readRequests(bytes(text)).flatMap((message) => message.faults);

describe('the reader of requests', () => {
  it('finds the end of each by its length, or by its last chunk', () => {
    const one = 'POST /1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello';
    const two = 'POST /2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: 1\r\n\r\n';
    const requests = readRequests(bytes(one + two));
    expect(requests.map(({ body }) => String(body))).toEqual(['hello', 'hello']);
    expect(requests[1]?.trailers).toEqual([['X', '1']]);
    expect(faults(one + two)).toEqual([]);
    expect(lines(one.slice(0, -1))).toEqual(['POST /1 HTTP/1.1 ...']);
    expect(lines(two.slice(0, -2))).toEqual(['POST /2 HTTP/1.1 ...']);
  });

  it('reads what is ambiguous in two ways', () => {
    const text =
      'POST /1 HTTP/1.1\r\nContent-Length: 23\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n\r\n';
    expect(lines(text)).toEqual(['POST /1 HTTP/1.1', 'GET /2 HTTP/1.1']);
    expect(lines(text, 'content-length')[0]).toBe('POST /1 HTTP/1.1');
    expect(lines(text, 'content-length')).toHaveLength(2);
    expect(faults(text)).toContain('Content-Length beside Transfer-Encoding');
  });

  it.each([
    ['GET / HTTP/1.1\nHost: a\r\n\r\n', 'bare LF'],
    ['GET / HTTP/1.1\r\nX: a\rb\r\n\r\n', 'control character'],
    ['GET / HTTP/1.1\r\nX: a\0b\r\n\r\n', 'control character'],
    ['GET / HTTP/1.1\r\nX : a\r\n\r\n', 'a field named "X "'],
    ['GET / HTTP/1.1\r\nX\r\n\r\n', 'a field named "X"'],
    ['GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n', 'folded'],
    [
      'GET / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
      'Transfer-Encoding: "chunked, chunked"',
    ],
    ['GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n', 'more than one Content-Length'],
    ['GET / HTTP/1.1\r\nContent-Length: +0\r\n\r\n', 'Content-Length: +0'],
    ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n', 'chunk of size'],
    [
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n',
      'does not end with CRLF',
    ],
    ['GET / a HTTP/1.1\r\n\r\n', 'the line'],
    ['GET / HTTP/1.1\r\nHost', 'a head without an end'],
  ])('finds fault with %j', (text, fault) => {
    expect(faults(text).join()).toContain(fault);
  });
});

describe('the judge', () => {
  const upstream = (text: string) =>
    ({ text, requests: (precedence) => readRequests(bytes(text), precedence) }) as Upstream;

  it('lets clean requests pass, and counts them', () => {
    const text = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(() => unambiguous(upstream(text), 1)).not.toThrow();
    expect(() => unambiguous(upstream(text + text), 1)).toThrow('2 requests upstream');
    expect(() => unambiguous(upstream(text.replace('Host', 'Ho st')), 1)).toThrow('a field named "Ho st"');
  });
});

describe('the reader of answers', () => {
  it('knows which have no body, and which last until the end of the connection', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n';
    const read = (text: string, methods: string[], ended: boolean) =>
      readAnswers(bytes(text), methods, ended).map(({ status, body, complete, interim }) => [
        status,
        String(body),
        complete,
        interim.length,
      ]);
    expect(read(`${head}${hints}${head}hello`, ['HEAD', 'GET'], false)).toEqual([
      [200, '', true, 0],
      [200, 'hello', true, 1],
    ]);
    expect(read(`${head}hel`, ['GET'], true)).toEqual([[200, 'hel', false, 0]]);
    expect(read('HTTP/1.1 200 OK\r\n\r\nhello', ['GET'], false)).toEqual([[200, 'hello', false, 0]]);
    expect(read('HTTP/1.1 200 OK\r\n\r\nhello', ['GET'], true)).toEqual([[200, 'hello', true, 0]]);
    expect(read('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', ['GET'], false)).toEqual([
      [304, '', true, 0],
    ]);
  });
});

describe('HTTP/2 in bytes', () => {
  it('cuts frames however they come', () => {
    const all = Buffer.concat([settingsFrame([[3, 100]]), frame(0, 1, 5, Buffer.from('hello'))]);
    const reader = new FrameReader();
    const frames = [...all].flatMap((byte) => [...reader.read(Buffer.from([byte]))]);
    expect(frames.map(({ type, flags, stream, payload }) => [type, flags, stream, payload.length])).toEqual([
      [4, 0, 0, 6],
      [0, 1, 5, 5],
    ]);
  });

  it('reads the header blocks that it writes, and integers of every size (RFC 7541 appendix C)', () => {
    const decoder = new HpackDecoder();
    expect(encodeInteger(1_337, 5)).toEqual(Buffer.from([31, 154, 10]));
    expect(decoder.decode(encodeFields([['x-a', 'b'.repeat(2_000)]]))).toEqual([['x-a', 'b'.repeat(2_000)]]);
    expect(decoder.decode(Buffer.concat([encodeIndexed(['x-b', 'c']), Buffer.from([0xbe, 0x82])]))).toEqual([
      ['x-b', 'c'],
      ['x-b', 'c'],
      [':method', 'GET'],
    ]);
  });

  it('reads the header blocks of a real server, compressed ones too', async () => {
    const text =
      ' !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~';
    const server = createServer((_request, response) =>
      response.writeHead(502, { 'x-text': `a${text}z` }).end('hi'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = await H2Client.connect((server.address() as AddressInfo).port);
    for (const stream of [1, 3]) {
      await client.request(stream, [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/'],
        [':authority', 'a.test'],
      ]);
      const { blocks } = await client.done(stream);
      expect(client.status(stream)).toBe(502);
      expect(new Map(blocks[0]).get('x-text')).toBe(`a${text}z`);
      expect(String(client.body(stream))).toBe('hi');
    }
    client.socket.destroy();
    server.close();
  });
});
