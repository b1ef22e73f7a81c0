// Byte streams that are nearly HTTP/1.1.
import type { Random } from './random.ts';

const METHODS = [
  'GET',
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'M-SEARCH',
  'BREW',
  'get',
  'G ET',
  '',
];
const TARGETS = [
  '/',
  '/',
  '/a?b=c',
  '*',
  'http://a.test/x',
  '/a b',
  '//x',
  '/\xe9',
  '/%00',
  '',
  '/#f',
  '/\\',
  '/"<>',
];
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'http/1.1',
  'HTTP/1.10',
  'HTTP/1.',
  '',
];
const STATUSES = [
  '200 OK',
  '200 OK',
  '204 No Content',
  '304 Not Modified',
  '404',
  '500 ',
  '600 X',
  '999 X',
  '100 Continue',
  '103 Early',
  '099 X',
  '20 X',
  '2000 X',
  '200\tX',
  '101 X',
];
const NAMES = [
  'Host',
  'X-A',
  'accept',
  'Content-Type',
  'Date',
  'Via',
  'X_B',
  '__proto__',
  'A!#$%',
  'X:',
  'X A',
  'X\xff',
  '',
];
const VALUES = [
  'a',
  'a.test',
  '',
  ' a ',
  '\ta\t',
  'a\tb',
  '\xe9\xff',
  'a\0b',
  'a\rb',
  'a\x7f',
  'a:b, c="d"',
  'x'.repeat(300),
];
const LENGTHS = [
  '0',
  '3',
  '3',
  '3',
  '5',
  '03',
  '+3',
  '-1',
  '3,3',
  '3 3',
  '',
  '0x3',
  '3a',
  '9007199254740993',
  '99999999999999999999',
];
const CODINGS = [
  'chunked',
  'chunked',
  'Chunked',
  'chunked ',
  'gzip, chunked',
  'chunked, chunked',
  'gzip',
  'identity',
  '',
  'xchunked',
  'chunked;q=1',
  ',chunked',
];
const CONNECTIONS = [
  'keep-alive',
  'close',
  'Keep-Alive',
  'close, x-a',
  'upgrade',
  'x-a',
  '',
  ',,',
  'keep-alive, close',
  'closed',
];
const COLONS = [': ', ': ', ': ', ': ', ':', ':  ', ' : ', '\t: ', ':\t'];
const ENDS = [
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\n',
  '\r',
  '\r\n ',
  '\r\n\t',
  '\r\r\n',
  '\n\r\n',
];
const SIZES = [
  '3',
  '3',
  '3',
  '03',
  '0000000000000003',
  '00000000000000003',
  'A',
  '3;a',
  '3;a="b"',
  '3 ',
  ' 3',
  '+3',
  '0x3',
  '3_',
  '',
  'g',
  '3;\xff',
  '3\t;a',
  'FFFFFFFFFFFFFFFF',
  '20000000000000',
];
const TRAILERS = [
  'X-Sum: 1\r\n',
  'Content-Length: 9\r\n',
  'Host: evil\r\n',
  'X: y\r\n z\r\n',
  'bad\r\n',
  'Transfer-Encoding: chunked\r\n',
];
/** Bytes that mean something to a reader. */
const ODD = '\r\n\0 \t:;,0aA\x7f\x80\xff"/';

/** Mostly what a well-behaved peer sends. */
function usually<T>(random: Random, choices: readonly T[], share = 0.1): T {
  return random.chance(share) ? random.of(choices) : (choices[0] as T);
}

function fields(random: Random): string {
  let text = random.chance(0.8) ? 'Host: a\r\n' : '';
  for (let count = random.below(4); count > 0; count--)
    text +=
      usually(random, NAMES, 0.5) +
      usually(random, COLONS) +
      usually(random, VALUES, 0.4) +
      usually(random, ENDS, 0.05);
  if (random.chance(0.2)) text += `Connection: ${random.of(CONNECTIONS)}\r\n`;
  return text;
}

/** The fields that frame a body, and a body that may fit. */
function framed(random: Random): { lines: string; body: string } {
  const kind = random.below(10);
  if (kind < 4) return { lines: '', body: '' };
  if (kind < 6)
    return {
      lines: `Content-Length${usually(random, COLONS)}${usually(random, LENGTHS, 0.3)}\r\n`,
      body: 'abc',
    };
  if (kind < 9)
    return {
      lines: `Transfer-Encoding${usually(random, COLONS)}${usually(random, CODINGS, 0.2)}\r\n`,
      body: chunks(random),
    };
  return {
    lines: `Content-Length: ${random.of(LENGTHS)}\r\n${random.of(['Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n'])}`,
    body: random.of(['abc', '3\r\nabc\r\n0\r\n\r\n']),
  };
}

function chunks(random: Random): string {
  let text = '';
  for (let count = random.below(3); count > 0; count--)
    text += `${usually(random, SIZES, 0.15)}${usually(random, ENDS, 0.03)}abc${usually(random, ENDS, 0.03)}`;
  return `${text}0${random.chance(0.1) ? ';x' : ''}\r\n${random.chance(0.2) ? random.of(TRAILERS) : ''}${usually(random, ENDS, 0.05)}`;
}

/** One or more requests on a connection. */
export function requests(random: Random): Buffer {
  let text = '';
  for (let count = 1 + random.below(3); count > 0; count--) {
    const { lines, body } = framed(random);
    const separator = random.chance(0.97) ? ' ' : random.of(['  ', '\t', '']);
    const line = `${usually(random, METHODS, 0.3)}${separator}${usually(random, TARGETS, 0.2)} ${usually(random, VERSIONS)}`;
    text += `${random.chance(0.05) ? random.of(['\r\n', '\n', '\r', '\r\n\r\n']) : ''}${line}${usually(random, ENDS, 0.03)}`;
    text += `${fields(random)}${lines}\r\n${body}`;
  }
  return mutated(Buffer.from(text, 'latin1'), random);
}

/** Interim responses and one response. */
export function responses(random: Random): Buffer {
  let text = '';
  while (random.chance(0.2))
    text += `HTTP/1.1 ${random.of(['100 Continue', '102 X', '103 Early'])}\r\n${fields(random)}\r\n`;
  const { lines, body } = framed(random);
  text += `${usually(random, VERSIONS)} ${usually(random, STATUSES, 0.4)}${usually(random, ENDS, 0.03)}${fields(random)}${lines}\r\n${body}`;
  if (random.chance(0.1))
    text += random.of(['\r\n', 'x', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil']);
  return mutated(Buffer.from(text, 'latin1'), random);
}

function mutated(bytes: Buffer, random: Random): Buffer {
  let result = bytes;
  while (random.chance(0.3) && result.length > 1) {
    const at = random.below(result.length);
    const odd = Buffer.from(random.of([...ODD]), 'latin1');
    const kind = random.below(5);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    if (kind === 0) result = Buffer.concat([before, odd, after.subarray(1)]);
    else if (kind === 1) result = Buffer.concat([before, odd, after]);
    else if (kind === 2) result = Buffer.concat([before, after.subarray(1)]);
    else if (kind === 3) result = Buffer.concat([before, after.subarray(0, random.below(20)), after]);
    else result = before;
  }
  return result;
}
