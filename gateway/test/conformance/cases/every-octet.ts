import type { Case } from '../case.ts';
import { check } from '../case.ts';
import { clean, summaryOf, unambiguous } from '../judge.ts';
import type { Lab } from '../lab.ts';
import type { Client } from '../wire/client.ts';
import { chunk, HOST, message, SMUGGLED } from '../wire/requests.ts';

/** Octets that some parser takes for a space, a line end, a separator or nothing at all. */
export const ODD_OCTETS: readonly string[] = [
  ...Array.from({ length: 0x21 }, (_, octet) => String.fromCharCode(octet)),
  ...'",:;=\\_',
  ...'\x7f\x80\x85\xa0\xad\xff',
];

/** How many connections are open at once. */
export const AT_ONCE = 25;

/** Chunked it is empty, and a request follows; by its length it is one body. */
const TWO_WAYS = `0\r\n\r\n${SMUGGLED}`;
const LENGTH = `Content-Length: ${TWO_WAYS.length}`;

const twoWays = (...lines: string[]) => message('POST / HTTP/1.1', [HOST, LENGTH, ...lines], TWO_WAYS);
const sized = (line: string) => message('POST / HTTP/1.1', [HOST, line], SMUGGLED);
const chunked = (body: string) => message('POST / HTTP/1.1', [HOST, 'Transfer-Encoding: chunked'], body);
const SIZE = String(SMUGGLED.length);

type Row = readonly [id: string, place: string, write: (octet: string) => string];

/** Where an octet is put. No message is two requests for a server that reads it by the rules. */
const PLACES: readonly Row[] = [
  ['N01', 'before Transfer-Encoding', (octet) => twoWays(`${octet}Transfer-Encoding: chunked`)],
  ['N02', 'for the hyphen of Transfer-Encoding', (octet) => twoWays(`Transfer${octet}Encoding: chunked`)],
  ['N03', 'after Transfer-Encoding', (octet) => twoWays(`Transfer-Encoding${octet}: chunked`)],
  ['N04', 'before chunked', (octet) => twoWays(`Transfer-Encoding: ${octet}chunked`)],
  ['N05', 'after chunked', (octet) => twoWays(`Transfer-Encoding: chunked${octet}`)],
  ['N06', 'between two lines', (octet) => twoWays(`X: y${octet}Transfer-Encoding: chunked`)],
  ['N07', 'before a length', (octet) => sized(`Content-Length: ${octet}${SIZE}`)],
  ['N08', 'after a length', (octet) => sized(`Content-Length: ${SIZE}${octet}`)],
  ['N09', 'after Content-Length', (octet) => message('POST / HTTP/1.1', [HOST, `Content-Length${octet}: 5`])],
  ['N10', 'before a chunk size', (octet) => chunked(`${octet}5\r\nhello\r\n0\r\n\r\n`)],
  ['N11', 'after a chunk size', (octet) => chunked(`5${octet}\r\nhello\r\n0\r\n\r\n`)],
  ['N12', 'in a chunk extension', (octet) => chunked(`5;a${octet}=1\r\nhello\r\n0\r\n\r\n`)],
  ['N13', 'for the CR after a chunk', (octet) => chunked(`5\r\nhello${octet}\n0\r\n\r\n`)],
  ['N14', 'after the last chunk size', (octet) => chunked(`5\r\nhello\r\n0${octet}\r\n\r\n`)],
  ['N15', 'in the name of a trailer', (octet) => chunked(`0\r\nX${octet}Y: 1\r\n\r\n`)],
  ['N16', 'in the value of a trailer', (octet) => chunked(`0\r\nX: y${octet}GET /smuggled HTTP/1.1\r\n\r\n`)],
  ['N17', 'in a value', (octet) => message('GET / HTTP/1.1', [HOST, `X: y${octet}GET /smuggled HTTP/1.1`])],
  ['N18', 'in a method', (octet) => message(`GE${octet}T / HTTP/1.1`)],
  ['N19', 'in a target', (octet) => message(`GET /a${octet}b HTTP/1.1`)],
  ['N20', 'after the version', (octet) => message(`GET / HTTP/1.1${octet}`)],
  ['N21', 'in a host', (octet) => message('GET / HTTP/1.1', [`Host: a.test${octet}b`])],
  [
    'N22',
    'between options of Connection',
    (octet) =>
      message(
        'POST / HTTP/1.1',
        [HOST, `Connection: close,${octet}content-length`, `Content-Length: ${SIZE}`],
        SMUGGLED,
      ),
  ],
  [
    'N23',
    'in the first of two lengths',
    (octet) =>
      message('POST / HTTP/1.1', [HOST, `Content-Length: 0${octet}`, `Content-Length: ${SIZE}`], SMUGGLED),
  ],
  [
    'N24',
    'in the first of two codings',
    (octet) =>
      message(
        'POST / HTTP/1.1',
        [HOST, `Transfer-Encoding: identity${octet}`, 'Transfer-Encoding: chunked'],
        chunk(SMUGGLED),
      ),
  ],
];

/** Sends a message and takes its answers; the connection is left open by a target that waits for more. */
async function send(lab: Lab, port: number, bytes: string): Promise<Client> {
  const client = await lab.client(port);
  client.write(bytes);
  await client.answered(1, 2_000);
  return client;
}

/** Puts each odd octet in a place, each in a message on a connection of its own. */
async function sweep(lab: Lab, write: (octet: string) => string): Promise<string> {
  const { upstream, port } = await lab.pair();
  const left = [...ODD_OCTETS];
  const statuses = new Map<number | string, number>();
  const work = async () => {
    for (let octet = left.shift(); octet !== undefined; octet = left.shift()) {
      const client = await send(lab, port, write(octet));
      const shown = `octet ${octet.charCodeAt(0).toString(16)}: ${summaryOf(client, upstream)}`;
      check(client.answers.length > 0 || client.ended !== undefined, () => `no answer, ${shown}`);
      const status = client.answers[0]?.status ?? 'closed';
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const { answers } = client;
      clean({ client, upstream, port, answers, summary: shown });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  unambiguous(upstream);
  return [...statuses].map(([status, count]) => `${status} x ${count}`).join(', ');
}

/** What suites of smuggled requests try octet by octet: RFC 9112 sections 2.2, 3, 5, 6 and 7. */
export const everyOctet: readonly Case[] = PLACES.map(([id, place, write]) => ({
  id,
  title: `any odd octet ${place}`,
  run: (lab) => sweep(lab, write),
}));
