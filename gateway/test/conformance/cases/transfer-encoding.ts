import type { Case } from '../case.ts';
import { check } from '../case.ts';
import { exchange, rejected, rejectedOrOne } from '../judge.ts';
import { CHUNKED, chunk, HOST, message, SMUGGLED } from '../wire/requests.ts';

/** Chunked it is empty, and a request follows; by its length it is one body. */
const TWO_WAYS = `0\r\n\r\n${SMUGGLED}`;
const LENGTH = `Content-Length: ${TWO_WAYS.length}`;

type Row = readonly [id: string, title: string, ...headers: string[]];

/** Codings that somebody may take for `chunked` and somebody else may not, beside a Content-Length. */
const OBSCURE: readonly Row[] = [
  ['S01', 'Content-Length before Transfer-Encoding', LENGTH, 'Transfer-Encoding: chunked'],
  ['S03', 'Transfer-Encoding: xchunked', LENGTH, 'Transfer-Encoding: xchunked'],
  ['S04', 'space before the colon of Transfer-Encoding', LENGTH, 'Transfer-Encoding : chunked'],
  [
    'S05',
    'chunked, then an unknown coding, on two lines',
    LENGTH,
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: x',
  ],
  [
    'S06',
    'an unknown coding, then chunked, on two lines',
    LENGTH,
    'Transfer-Encoding: x',
    'Transfer-Encoding: chunked',
  ],
  ['S07', 'chunked on two lines', LENGTH, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
  ['S08', 'Transfer-Encoding in a folded line of Host', ' Transfer-Encoding: chunked', LENGTH],
  ['S09', 'Transfer-Encoding after a bare LF', LENGTH, 'X: X\nTransfer-Encoding: chunked'],
  ['S10', 'LF before the colon of Transfer-Encoding', LENGTH, 'Transfer-Encoding\n: chunked'],
  ['S11', 'chunked, identity', LENGTH, 'Transfer-Encoding: chunked, identity'],
  ['S12', 'identity, chunked', LENGTH, 'Transfer-Encoding: identity, chunked'],
  ['S13', 'chunked, chunked', LENGTH, 'Transfer-Encoding: chunked, chunked'],
  ['S14', 'a comma before chunked', LENGTH, 'Transfer-Encoding: ,chunked'],
  ['S15', 'NUL after chunked', LENGTH, 'Transfer-Encoding: chunked\0'],
  ['S16', 'VT before chunked', LENGTH, 'Transfer-Encoding: \x0bchunked'],
  ['S17', 'chunked in quotes', LENGTH, 'Transfer-Encoding: "chunked"'],
  ['S18', 'Transfer_Encoding with an underscore', LENGTH, 'Transfer_Encoding: chunked'],
  ['S19', 'gzip, chunked', LENGTH, 'Transfer-Encoding: gzip, chunked'],
  ['S20', 'gzip', LENGTH, 'Transfer-Encoding: gzip'],
  ['S21', 'TAB before chunked', LENGTH, 'Transfer-Encoding:\tchunked'],
  ['S22', 'TAB after chunked', LENGTH, 'Transfer-Encoding: chunked\t'],
  ['S23', 'byte A0 before chunked', LENGTH, 'Transfer-Encoding: \xa0chunked'],
  ['S24', 'a folded Transfer-Encoding', LENGTH, 'Transfer-Encoding:\r\n chunked'],
  ['S25', 'an empty Transfer-Encoding', LENGTH, 'Transfer-Encoding: '],
  ['S26', 'chunked with a parameter', LENGTH, 'Transfer-Encoding: chunked;q=1'],
];

const obscure = ([id, title, ...headers]: Row): Case => ({
  id,
  title,
  run: async (lab) =>
    rejectedOrOne(await exchange(lab, message('POST / HTTP/1.1', [HOST, ...headers], TWO_WAYS))),
});

const REFUSED: readonly Row[] = [
  ['S28', 'gzip without a length', 'Transfer-Encoding: gzip'],
  ['S29', 'chunked, chunked without a length', 'Transfer-Encoding: chunked, chunked'],
  ['S30', 'identity without a length', 'Transfer-Encoding: identity'],
];

const refused = ([id, title, ...headers]: Row): Case => ({
  id,
  title,
  run: async (lab) => rejected(await exchange(lab, message('POST / HTTP/1.1', [HOST, ...headers], CHUNKED))),
});

/** RFC 9112 section 6. */
export const transferEncoding: readonly Case[] = [
  ...OBSCURE.map(obscure),
  {
    id: 'S02',
    title: 'Transfer-Encoding before a shorter Content-Length',
    run: async (lab) => {
      const headers = [HOST, 'Transfer-Encoding: chunked', 'Content-Length: 4'];
      return rejectedOrOne(await exchange(lab, message('POST / HTTP/1.1', headers, chunk(SMUGGLED))));
    },
  },
  {
    id: 'S27',
    title: 'Transfer-Encoding in HTTP/1.0',
    run: async (lab) => {
      const headers = [HOST, 'Connection: keep-alive', 'Transfer-Encoding: chunked'];
      const outcome = await exchange(lab, message('POST / HTTP/1.0', headers, TWO_WAYS));
      const summary = rejectedOrOne(outcome);
      check(outcome.client.ended !== undefined, `the connection stays open: ${summary}`);
      return summary;
    },
  },
  ...REFUSED.map(refused),
];
