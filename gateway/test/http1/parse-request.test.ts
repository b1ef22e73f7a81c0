// Heads of requests, taken and refused.
import { describe, expect, it } from 'vitest';
import { ROLE } from '../../src/http1/field-role.ts';
import { FAULT, FRAMING, MORE } from '../../src/http1/parse-head.ts';
import { RequestParser } from '../../src/http1/parse-request.ts';

const LIMITS = { fields: 4, fieldBytes: 256, targetBytes: 32 };
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

/** A parser that has read a text, and the position that it came to. */
function read(text: string, limits = LIMITS) {
  const parser = new RequestParser(limits);
  const bytes = bytesOf(text);
  return { parser, position: parser.read(bytes, 0, bytes.length) };
}

const HEAD = 'POST /a?b=c HTTP/1.1\r\nHost: a.test\r\nX-A:  \t1 2\t \r\nContent-Length: 3\r\nEmpty:\r\n\r\n';

describe('a request head', () => {
  it('is taken apart, and what follows is left', () => {
    const { parser, position } = read(`${HEAD}abcGET /`);
    expect(position).toBe(HEAD.length);
    expect([parser.method, parser.target, parser.minorVersion]).toEqual(['POST', '/a?b=c', 1]);
    expect(parser.rawHeaders()).toEqual(['Host', 'a.test', 'X-A', '1 2', 'Content-Length', '3', 'Empty', '']);
    expect(parser.rawHeaders((role) => role === ROLE.HOST)).toEqual(['Host', 'a.test']);
    const has = ['a.test', 'a.tes', 'a.test ', 'A.test', ''].map((text) => parser.hasValue(0, text));
    expect([...has, parser.hasValue(3, '')]).toEqual([true, false, false, false, false, true]);
    expect([parser.framing, parser.contentLength, parser.bodyFault]).toEqual([FRAMING.LENGTH, 3, undefined]);
  });

  it('may come byte by byte, and the next one after it', () => {
    const parser = new RequestParser(LIMITS);
    for (const _round of [1, 2]) {
      const bytes = bytesOf(HEAD);
      for (let index = 0; index < bytes.length - 1; index++) {
        expect(parser.read(bytes, index, index + 1)).toBe(MORE);
        expect(parser.isEmpty).toBe(false);
      }
      expect(parser.read(bytes, bytes.length - 1, bytes.length)).toBe(bytes.length);
      expect(parser.isEmpty).toBe(true);
      expect([parser.method, parser.target]).toEqual(['POST', '/a?b=c']);
      expect(parser.rawHeaders()).toEqual([
        'Host',
        'a.test',
        'X-A',
        '1 2',
        'Content-Length',
        '3',
        'Empty',
        '',
      ]);
    }
  });

  it('may lie anywhere in a piece, and go on in the next one, which may be used again', () => {
    for (let cut = 0; cut < HEAD.length; cut++) {
      const parser = new RequestParser(LIMITS);
      const buffer = bytesOf(`${'x'.repeat(7)}${HEAD.slice(0, cut)}`);
      expect(parser.read(buffer, 7, buffer.length)).toBe(MORE);
      const rest = bytesOf(`yy${HEAD.slice(cut)}${'z'.repeat(5_000)}`);
      buffer.fill('#');
      expect(parser.read(rest, 2, rest.length)).toBe(2 + HEAD.length - cut);
      expect(parser.target).toBe('/a?b=c');
      expect(parser.rawHeaders().slice(0, 4)).toEqual(['Host', 'a.test', 'X-A', '1 2']);
    }
  });

  it('may have empty lines before it', () => {
    const { parser, position } = read('\r\n\r\nGET / HTTP/1.1\r\n\r\n');
    expect([position, parser.method]).toEqual([22, 'GET']);
    expect(read('\r\n'.repeat(8)).position).toBe(MORE);
    expect(read('\r\n'.repeat(8)).parser.isEmpty).toBe(true);
    expect(read('\r\n'.repeat(9)).parser.fault).toBe('syntax');
  });

  it('may have any method without letters in lower case', () => {
    for (const method of ['GET', 'M-SEARCH', 'BREW', 'X_1!'])
      expect(read(`${method} / HTTP/1.1\r\n\r\n`).parser.method).toBe(method);
  });

  it('may have bytes above 7F in values', () => {
    expect(read('GET / HTTP/1.1\r\nX: \xff\x80\r\n\r\n').parser.rawHeaders()).toEqual(['X', '\xff\x80']);
  });

  it('does not hold bytes that it has let go of', () => {
    const { parser } = read(HEAD);
    parser.forget();
    expect(() => parser.method).toThrow();
  });
});

describe('the roles of fields', () => {
  it('are known whatever the case, and spelled with underscores are disguises', () => {
    const names = [
      'hOST',
      'X_Forwarded_For',
      'X-Real-IP',
      'Transfer_Encoding',
      'Hos',
      'Via-',
      'Date',
      'co_okie',
      'X-Forwarded-User',
      'x_forwarded_ssl',
      'X-Forwarded',
    ];
    const { parser } = read(`GET / HTTP/1.1\r\n${names.map((name) => `${name}: 1\r\n`).join('')}\r\n`, {
      ...LIMITS,
      fields: 100,
    });
    expect(names.map((_, index) => parser.roleAt(index))).toEqual([
      ROLE.HOST,
      ROLE.DISGUISED,
      ROLE.X_FORWARDED_OTHER,
      ROLE.DISGUISED,
      ROLE.ORDINARY,
      ROLE.ORDINARY,
      ROLE.DATE,
      ROLE.ORDINARY,
      ROLE.X_FORWARDED_OTHER,
      ROLE.X_FORWARDED_OTHER,
      ROLE.ORDINARY,
    ]);
    expect([parser.isChunked, parser.hasField(ROLE.DISGUISED), parser.hasField(ROLE.VIA)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('find values, those of several fields joined', () => {
    const { parser } = read('GET / HTTP/1.1\r\nVia: 1.1 a\r\nX: y\r\nvia: 1.1 b\r\n\r\n');
    expect(parser.value(ROLE.VIA)).toBe('1.1 a, 1.1 b');
    expect(parser.value(ROLE.HOST)).toBeUndefined();
  });
});

describe('Connection', () => {
  const connectionOf = (line: string, version = '1.1') => {
    const { parser } = read(`GET / HTTP/${version}\r\n${line}\r\n\r\n`);
    const { isPersistent, hasUpgrade, hasListed } = parser;
    return { isPersistent, hasUpgrade, hasListed };
  };

  it('decides whether the connection is kept', () => {
    expect(connectionOf('X: close').isPersistent).toBe(true);
    expect(connectionOf('Connection: cLOSE').isPersistent).toBe(false);
    expect(connectionOf('Connection: a,\t close ,b').isPersistent).toBe(false);
    expect(connectionOf('Connection: a\r\nConnection: close').isPersistent).toBe(false);
    expect(connectionOf('Connection: closed').isPersistent).toBe(true);
    expect(connectionOf('X: 1', '1.0').isPersistent).toBe(false);
    expect(connectionOf('Connection: Keep-Alive', '1.0').isPersistent).toBe(true);
    expect(connectionOf('Connection: keep-alive, close', '1.0').isPersistent).toBe(false);
  });

  it('lists fields and upgrades', () => {
    expect(connectionOf('Connection: keep-alive')).toEqual({
      isPersistent: true,
      hasUpgrade: false,
      hasListed: false,
    });
    expect(connectionOf('Connection: Upgrade, HTTP2-Settings')).toEqual({
      isPersistent: true,
      hasUpgrade: true,
      hasListed: true,
    });
    expect(connectionOf('Connection: ,, ,').hasListed).toBe(false);
  });
});

describe('the framing of a request', () => {
  const framingOf = (lines: string, version = '1.1') => {
    const { parser, position } = read(`POST / HTTP/${version}\r\n${lines}\r\n`);
    expect(position).toBeGreaterThan(0);
    return parser.bodyFault ?? parser.framing;
  };

  it('is the length, chunks, or nothing', () => {
    expect(framingOf('')).toBe(FRAMING.NONE);
    expect(framingOf('Content-Length: 0\r\n')).toBe(FRAMING.NONE);
    expect(framingOf('Content-Length: 999999999999999\r\n')).toBe(FRAMING.LENGTH);
    expect(framingOf('Transfer-Encoding: CHUNKED\r\n')).toBe(FRAMING.CHUNKED);
  });

  it.each(['', '+5', '-1', '0x5', '5 5', '5,', '5,5', '5abc', '1e0', '5_0', '1000000000000000', '٥'])(
    'is faulty with the length %j',
    (length) => {
      expect(framingOf(`Content-Length: ${length}\r\n`)).toBe('framing');
    },
  );

  it.each([
    '',
    'gzip',
    'gzip, chunked',
    'chunked, chunked',
    'xchunked',
    '"chunked"',
    'chunked;q=1',
    'identity',
  ])('is faulty with the coding %j', (coding) => {
    expect(framingOf(`Transfer-Encoding: ${coding}\r\n`)).toBe('coding');
  });

  it('is faulty if it is said twice, or in HTTP/1.0 by chunks', () => {
    expect(framingOf('Content-Length: 5\r\nContent-Length: 5\r\n')).toBe('framing');
    expect(framingOf('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')).toBe('framing');
    expect(framingOf('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')).toBe('framing');
    expect(framingOf('Transfer-Encoding: chunked\r\n', '1.0')).toBe('framing');
  });
});

describe('bytes that are no request', () => {
  it.each([
    ['a bare LF after the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    ['a bare LF after a field', 'GET / HTTP/1.1\r\nHost: a\n\r\n'],
    ['a bare CR in a value', 'GET / HTTP/1.1\r\nX: a\rb\r\n\r\n'],
    ['NUL in a value', 'GET / HTTP/1.1\r\nX: a\0b\r\n\r\n'],
    ['DEL in a value', 'GET / HTTP/1.1\r\nX: a\x7fb\r\n\r\n'],
    ['a folded field', 'GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n'],
    ['a space before the first field', 'GET / HTTP/1.1\r\n X: a\r\n\r\n'],
    ['a space before a colon', 'GET / HTTP/1.1\r\nX : a\r\n\r\n'],
    ['no colon', 'GET / HTTP/1.1\r\nX\r\n\r\n'],
    ['no name', 'GET / HTTP/1.1\r\n: a\r\n\r\n'],
    ['a name that is no token', 'GET / HTTP/1.1\r\nX@A: a\r\n\r\n'],
    ['a byte above 7F in a name', 'GET / HTTP/1.1\r\nX\xef: a\r\n\r\n'],
    ['CR and a letter at the end', 'GET / HTTP/1.1\r\nX: a\r\n\rX'],
    ['a method in lower case', 'get / HTTP/1.1\r\n\r\n'],
    ['a method that is no token', 'G@T / HTTP/1.1\r\n\r\n'],
    ['a long method', `${'A'.repeat(33)} / HTTP/1.1\r\n\r\n`],
    ['no method', ' / HTTP/1.1\r\n\r\n'],
    ['no target', 'GET  HTTP/1.1\r\n\r\n'],
    ['TAB for a space', 'GET\t/ HTTP/1.1\r\n\r\n'],
    ['two spaces', 'GET  / HTTP/1.1\r\n\r\n'],
    ['a space in the target', 'GET /a b HTTP/1.1\r\n\r\n'],
    ['NUL in the target', 'GET /a\0 HTTP/1.1\r\n\r\n'],
    ['a byte above 7F in the target', 'GET /\xe9 HTTP/1.1\r\n\r\n'],
    ['HTTP/0.9', 'GET /\r\n\r\n'],
    ['a version in lower case', 'GET / http/1.1\r\n\r\n'],
    ['a version of three digits', 'GET / HTTP/1.10\r\n\r\n'],
    ['a space after the version', 'GET / HTTP/1.1 \r\n\r\n'],
    ['a handshake of TLS', '\x16\x03\x01\x02'],
    ['a bare LF before the request', '\nGET / HTTP/1.1\r\n\r\n'],
  ])('are refused: %s', (_what, text) => {
    const { parser, position } = read(text);
    expect([position, parser.fault]).toEqual([FAULT, 'syntax']);
  });

  it.each(['1.2', '2.0', '0.9', '9.9'])('are of version %s', (version) => {
    expect(read(`GET / HTTP/${version}\r\n\r\n`).parser.fault).toBe('version');
  });

  it('are refused as soon as it is clear', () => {
    expect(read('\x16').position).toBe(FAULT);
    expect(read('GET / FTP').position).toBe(FAULT);
    expect(read('GET / HTTP/1.').position).toBe(MORE);
  });
});

describe('the limits of a request head', () => {
  const line = 'GET / HTTP/1.1\r\n';

  it('hold for the target', () => {
    expect(read(`GET ${'/'.repeat(32)} HTTP/1.1\r\n\r\n`).position).toBeGreaterThan(0);
    expect(read(`GET ${'/'.repeat(32)}`).position).toBe(MORE);
    expect(read(`GET ${'/'.repeat(33)}`).parser.fault).toBe('target-too-long');
  });

  it('hold for the number of fields', () => {
    expect(read(`${line}${'A: 1\r\n'.repeat(4)}\r\n`).position).toBeGreaterThan(0);
    expect(read(`${line}${'A: 1\r\n'.repeat(4)}A`).parser.fault).toBe('too-large');
  });

  it('hold for the bytes of all fields', () => {
    const exact = `A: ${'b'.repeat(256 - 7)}\r\n\r\n`;
    expect(read(`${line}${exact}`).position).toBe(line.length + 256);
    expect(read(`${line}b${exact}`).parser.fault).toBe('too-large');
    expect(read(`${line}A: ${'b'.repeat(253)}`).parser.fault).toBe('too-large');
    expect(read(`${line}A: ${'b'.repeat(252)}`).position).toBe(MORE);
  });

  it('allow more fields than the first table has', () => {
    const { parser } = read(`${line}${'A: 1\r\n'.repeat(100)}\r\n`, {
      ...LIMITS,
      fields: 100,
      fieldBytes: 9_999,
    });
    expect(parser.rawHeaders()).toHaveLength(200);
    expect(parser.valueAt(99)).toBe('1');
  });
});
