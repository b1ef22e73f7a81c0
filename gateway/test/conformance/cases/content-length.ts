import type { Case } from '../case.ts';
import { check } from '../case.ts';
import { exchange, refusal, refusalOrOne, summaryOf } from '../judge.ts';
import { HOST, message } from '../wire/requests.ts';

type Row = readonly [id: string, title: string, ...headers: string[]];

const bytes = (headers: readonly string[]) => message('POST / HTTP/1.1', [HOST, ...headers], 'hello');

const REFUSED: readonly Row[] = [
  ['S31', 'two different lengths', 'Content-Length: 5', 'Content-Length: 6'],
  ['S34', 'two different lengths in one line', 'Content-Length: 5, 6'],
  ['S35', '+5', 'Content-Length: +5'],
  ['S36', '-1', 'Content-Length: -1'],
  ['S37', '0x5', 'Content-Length: 0x5'],
  ['S38', '5 5', 'Content-Length: 5 5'],
  ['S39', 'an empty length', 'Content-Length: '],
  ['S40', '5abc', 'Content-Length: 5abc'],
  ['S41', '1e0', 'Content-Length: 1e0'],
  ['S42', '2 to the 64th, and 5', 'Content-Length: 18446744073709551621'],
  ['S43', 'space before the colon', 'Content-Length : 5'],
  ['S45', '5_0', 'Content-Length: 5_0'],
  ['S46', '5 and a comma', 'Content-Length: 5,'],
];

const REFUSED_OR_ONE: readonly Row[] = [
  ['S32', 'the same length twice', 'Content-Length: 5', 'Content-Length: 5'],
  ['S33', 'the same length twice in one line', 'Content-Length: 5, 5'],
  ['S44', 'a folded length', 'Content-Length:\r\n 5'],
];

/** RFC 9110 section 8.6, RFC 9112 section 6.3. */
export const contentLength: readonly Case[] = [
  ...REFUSED.map(([id, title, ...headers]) => refusal(id, `Content-Length: ${title}`, bytes(headers))),
  ...REFUSED_OR_ONE.map(([id, title, ...headers]) =>
    refusalOrOne(id, `Content-Length: ${title}`, bytes(headers)),
  ),
  {
    id: 'S47',
    title: 'a Content-Length of 2 to the 53rd and 1 keeps every digit',
    run: async (lab) => {
      const { client, upstream } = await exchange(lab, bytes(['Content-Length: 9007199254740993']), {
        timeoutMs: 500,
      });
      const [request] = upstream.requests();
      if (request === undefined)
        check((client.answers[0]?.status ?? 400) >= 400, 'accepted, and not forwarded');
      else check(/content-length: 9007199254740993\r\n/i.test(upstream.text), `forwarded ${upstream.text}`);
      return summaryOf(client, upstream);
    },
  },
];
