import type { Case } from '../case.ts';
import { refusal, refusalOrOne } from '../judge.ts';
import { get, HOST, message, SMUGGLED } from '../wire/requests.ts';

type Row = readonly [id: string, title: string, bytes: string];

const REFUSED: readonly Row[] = [
  ['S51', 'NUL in a value', get('/', 'X-A: a\0b')],
  ['S52', 'a line without a colon', get('/', 'Garbage')],
  ['S53', 'an empty name', get('/', ': 1')],
  ['S54', 'space before the colon', get('/', 'X-A : 1')],
  ['S55', 'space before the first header', message('GET / HTTP/1.1', [' X-A: 1', HOST])],
  ['S57', '@ in a name', get('/', 'X@A: 1')],
  ['S58', 'byte EF in a name', get('/', 'X\xefA: 1')],
  ['S59', 'a head ended by CR LF CR X', `GET / HTTP/1.1\r\n${HOST}\r\n\rX${SMUGGLED}`],
];

const REFUSED_OR_ONE: readonly Row[] = [
  ['S48', 'bare LF at the end of every line', `GET / HTTP/1.1\n${HOST}\n\n`],
  ['S49', 'bare LF at the end of one line', `GET / HTTP/1.1\r\n${HOST}\nX-A: 1\r\n\r\n`],
  ['S50', 'bare CR in a value', get('/', 'X-A: a\rb')],
  ['S56', 'a folded header', get('/', 'X-A: a\r\n b')],
  ['S60', 'control character 01 in a value', get('/', 'X-A: a\x01b')],
];

/** RFC 9112 sections 2.2 and 5. */
export const headerLines: readonly Case[] = [
  ...REFUSED.map((row) => refusal(...row)),
  ...REFUSED_OR_ONE.map((row) => refusalOrOne(...row)),
];
