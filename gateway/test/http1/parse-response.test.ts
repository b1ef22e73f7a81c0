// Heads of responses, taken and refused.
import { describe, expect, it } from 'vitest';
import { FAULT, FRAMING, MORE } from '../../src/http1/parse-head.ts';
import { ResponseParser } from '../../src/http1/parse-response.ts';

const LIMITS = { fields: 4, fieldBytes: 256 };

function read(text: string) {
  const parser = new ResponseParser(LIMITS);
  const bytes = Buffer.from(text, 'latin1');
  return { parser, position: parser.read(bytes, 0, bytes.length) };
}

describe('a response head', () => {
  const HEAD = 'HTTP/1.1 404 Not  F\xf6und\r\nContent-Length: 5\r\nX: y\r\n\r\n';

  it('is taken apart, and what follows is left', () => {
    const { parser, position } = read(`${HEAD}hello`);
    expect(position).toBe(HEAD.length);
    expect([parser.status, parser.statusText, parser.minorVersion]).toEqual([404, 'Not  F\xf6und', 1]);
    expect(parser.rawHeaders()).toEqual(['Content-Length', '5', 'X', 'y']);
  });

  it('may come byte by byte, and the next one after it', () => {
    const parser = new ResponseParser(LIMITS);
    const bytes = Buffer.from(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 299\r\n\r\n`, 'latin1');
    const statuses: unknown[] = [];
    for (let index = 0; index < bytes.length; index++)
      if (parser.read(bytes, index, index + 1) !== MORE) statuses.push([parser.status, parser.statusText]);
    expect(statuses).toEqual([
      [100, 'Continue'],
      [299, ''],
    ]);
  });

  it('may have any status of three digits, and no phrase', () => {
    for (const status of [100, 600, 999]) {
      expect(read(`HTTP/1.1 ${status} \r\n\r\n`).parser.status).toBe(status);
      expect(read(`HTTP/1.1 ${status}\r\n\r\n`).parser.status).toBe(status);
    }
  });

  it('may have folded fields, which come out in one line', () => {
    const { parser } = read('HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nY:\r\n d\r\n\r\n');
    expect(parser.rawHeaders()).toEqual(['X', 'a   b  \tc', 'Y', 'd']);
    for (const name of ['Content-Length', 'Transfer-Encoding', 'Connection'])
      expect(read(`HTTP/1.1 200 OK\r\n${name}: 5\r\n 6\r\n\r\n`).position).toBe(FAULT);
    expect(read('HTTP/1.1 200 OK\r\n X: a\r\n\r\n').position).toBe(FAULT);
  });

  it.each([
    ['other bytes', 'garbage'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 X\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nX: y\r\n\r\n'],
    ['CR in the phrase', 'HTTP/1.1 200 O\rK\r\n\r\n'],
    ['NUL in the phrase', 'HTTP/1.1 200 O\0K\r\n\r\n'],
    ['an empty line before it', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nX : y\r\n\r\n'],
  ])('is refused: %s', (_what, text) => {
    const { parser, position } = read(text);
    expect([position, parser.fault]).toEqual([FAULT, 'syntax']);
  });

  it('has limits', () => {
    expect(read(`HTTP/1.1 200 ${'a'.repeat(8_193)}`).parser.fault).toBe('too-large');
    expect(read(`HTTP/1.1 200 OK\r\n${'A: 1\r\n'.repeat(5)}`).parser.fault).toBe('too-large');
    expect(read(`HTTP/1.1 200 OK\r\nA: ${'b'.repeat(300)}`).parser.fault).toBe('too-large');
    expect(read('HTTP/1.2 200 OK\r\n').parser.fault).toBe('version');
  });
});

describe('the framing of a response', () => {
  const framingOf = (status: number, lines: string, method = 'GET') => {
    const { parser } = read(`HTTP/1.1 ${status} X\r\n${lines}\r\n`);
    return parser.bodyFault ?? parser.framingFor(method);
  };

  it('follows from method, status and fields', () => {
    expect(framingOf(200, '')).toBe(FRAMING.UNTIL_CLOSE);
    expect(framingOf(205, '')).toBe(FRAMING.UNTIL_CLOSE);
    expect(framingOf(200, 'Content-Length: 0\r\n')).toBe(FRAMING.NONE);
    expect(framingOf(200, 'Content-Length: 5\r\n')).toBe(FRAMING.LENGTH);
    expect(framingOf(200, 'Transfer-Encoding: chunked\r\n')).toBe(FRAMING.CHUNKED);
    for (const status of [100, 101, 199, 204, 304]) expect(framingOf(status, '')).toBe(FRAMING.NONE);
    expect(framingOf(304, 'Content-Length: 5\r\n')).toBe(FRAMING.NONE);
    expect(framingOf(200, 'Transfer-Encoding: chunked\r\n', 'HEAD')).toBe(FRAMING.NONE);
  });

  it('may be faulty', () => {
    expect(framingOf(200, 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')).toBe('framing');
    expect(framingOf(200, 'Content-Length: 5\r\nContent-Length: 5\r\n')).toBe('framing');
    expect(framingOf(200, 'Content-Length: 5x\r\n')).toBe('framing');
    expect(framingOf(200, 'Transfer-Encoding: gzip\r\n')).toBe('coding');
  });

  it('ends a connection of HTTP/1.0 that has chunks', () => {
    const lines = 'Connection: keep-alive\r\n';
    expect(read(`HTTP/1.0 200 OK\r\n${lines}\r\n`).parser.isPersistent).toBe(true);
    const { parser } = read(`HTTP/1.0 200 OK\r\n${lines}Transfer-Encoding: chunked\r\n\r\n`);
    expect([parser.isPersistent, parser.framingFor('GET')]).toEqual([false, FRAMING.CHUNKED]);
  });
});
