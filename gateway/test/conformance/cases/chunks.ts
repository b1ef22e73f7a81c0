import type { Case } from '../case.ts';
import { check } from '../case.ts';
import { exchange, onlyRequest, refusal, refusalOrOne, rejected, status } from '../judge.ts';
import { header } from '../wire/messages.ts';
import { postChunked, SMUGGLED } from '../wire/requests.ts';

type Row = readonly [id: string, title: string, body: string];

const END = '\r\nhello\r\n0\r\n\r\n';

const REFUSED: readonly Row[] = [
  ['K01', 'chunk size 0x5', `0x5${END}`],
  ['K02', 'chunk size +5', `+5${END}`],
  ['K03', 'chunk size -5', `-5${END}`],
  ['K09', 'chunk size ended by CR and a letter', '5\rXhello\r\n0\r\n\r\n'],
  ['K10', 'chunk size of seventeen F', `FFFFFFFFFFFFFFFFF${END}`],
  ['K12', 'no CRLF after a chunk', '5\r\nhello0\r\n\r\n'],
  ['K14', 'an empty chunk size', END],
  ['K19', 'chunk size 5_0', `5_0${END}`],
  ['K21', 'two letters instead of the last CRLF', `5\r\nhello\r\n0\r\nXX${SMUGGLED}`],
  ['K11', 'a chunk extension of 64 KiB', `5;a=${'b'.repeat(65_536)}${END}`],
  ['K20', 'trailers of 100 KiB', `5\r\nhello\r\n0\r\n${`X-A: ${'b'.repeat(1_000)}\r\n`.repeat(100)}\r\n`],
];

const REFUSED_OR_ONE: readonly Row[] = [
  ['K04', 'space before a chunk size', ` 5${END}`],
  ['K05', 'space after a chunk size', `5 ${END}`],
  ['K07', 'a chunk extension ended by a bare LF', '5;a\nhello\r\n0\r\n\r\n'],
  ['K08', 'a chunk size ended by a bare LF', '5\nhello\r\n0\r\n\r\n'],
  ['K13', 'a chunk ended by a bare LF', '5\r\nhello\n0\r\n\r\n'],
  ['K15', 'the last chunk ended by a bare LF', '5\r\nhello\r\n0\n\r\n'],
  ['K18', 'bare CR in a chunk extension', `5;a\rb${END}`],
  ['K22', 'a chunk size with leading zeros', `0000000000000005${END}`],
  ['K06', 'a chunk extension', `5;name=value${END}`],
];

/** Trailers that would change a request if they were merged into its headers. */
const TRAILERS: readonly Row[] = [
  ['K16', 'Content-Length in a trailer', 'Content-Length: 3\r\n'],
  ['K17', 'Host and Transfer-Encoding in trailers', 'Host: evil.test\r\nTransfer-Encoding: gzip\r\n'],
];

const trailer = ([id, title, trailers]: Row): Case => ({
  id,
  title: `${title} is not forwarded`,
  run: async (lab) => {
    const outcome = await exchange(lab, postChunked(`5\r\nhello\r\n0\r\n${trailers}\r\n`));
    if (outcome.upstream.requests().every(({ complete }) => !complete)) return rejected(outcome);
    const request = onlyRequest(outcome.upstream);
    check(request.trailers.length === 0, () => `forwarded the trailers ${JSON.stringify(request.trailers)}`);
    check(header(request, 'host') !== 'evil.test', 'merged the trailer into the headers');
    status(outcome, 200);
    return outcome.summary;
  },
});

/** RFC 9112 section 7.1. */
export const chunks: readonly Case[] = [
  ...REFUSED.map(([id, title, body]) => refusal(id, title, postChunked(body))),
  ...REFUSED_OR_ONE.map(([id, title, body]) => refusalOrOne(id, title, postChunked(body))),
  ...TRAILERS.map(trailer),
];
