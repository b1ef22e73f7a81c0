// Heads and chunk framing as they are written.
import { describe, expect, it } from 'vitest';
import { ResponseParser } from '../../src/http1/parse-response.ts';
import {
  chunkHead,
  LAST_CHUNK,
  lastChunk,
  requestHead,
  responseHead,
  UnwritableError,
} from '../../src/http1/write.ts';

describe('a head', () => {
  it('is one text', () => {
    expect(requestHead('GET', '/a?b', ['Host', 'a', 'X', ''])).toBe(
      'GET /a?b HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n',
    );
    expect(responseHead(999, 'caf\xe9', [])).toBe('HTTP/1.1 999 caf\xe9\r\n\r\n');
    expect(lastChunk([])).toBe(LAST_CHUNK);
    expect([chunkHead(255), lastChunk(['A', 'b'])]).toEqual(['ff\r\n', '0\r\nA: b\r\n\r\n']);
  });

  it('has Host before all other fields of a request', () => {
    expect(requestHead('GET', '/', ['A', 'b', 'hOST', 'c', 'D', 'e'])).toBe(
      'GET / HTTP/1.1\r\nhOST: c\r\nA: b\r\nD: e\r\n\r\n',
    );
  });

  it('is what a parser reads', () => {
    const bytes = Buffer.from(responseHead(200, 'OK', ['A', 'b\xff', 'A', 'c']), 'latin1');
    const parser = new ResponseParser({ fields: 9, fieldBytes: 99 });
    expect(parser.read(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(parser.rawHeaders()).toEqual(['A', 'b\xff', 'A', 'c']);
  });

  // A reader takes the last byte of U+010A for a line feed.
  it.each(['a\r\nB: c', 'a\nb', 'a\rb', 'a\0b', 'a\x7f', 'a\u010ab', '€'])(
    'cannot have the value %j',
    (value) => {
      expect(() => requestHead('GET', '/', ['A', value])).toThrow(UnwritableError);
      expect(() => responseHead(200, value, [])).toThrow(UnwritableError);
      expect(() => lastChunk(['A', value])).toThrow(UnwritableError);
    },
  );

  it.each(['', 'a b', 'a:', 'a\r\n', 'é', '\u0141'])('cannot have the name %j', (name) => {
    expect(() => requestHead('GET', '/', [name, 'a'])).toThrow(UnwritableError);
  });

  it('cannot have another method, target or status', () => {
    for (const method of ['', 'get', 'GET /', 'G\r\n'])
      expect(() => requestHead(method, '/', [])).toThrow(UnwritableError);
    for (const target of ['', '/ HTTP/1.1\r\n\r\n', '/\xe9', '/\u012f'])
      expect(() => requestHead('GET', target, [])).toThrow(UnwritableError);
    for (const status of [99, 1_000, 200.5, Number.NaN])
      expect(() => responseHead(status, '', [])).toThrow(UnwritableError);
  });
});
