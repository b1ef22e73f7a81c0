import { type Case, check } from '../case.ts';
import { unambiguous } from '../judge.ts';
import type { Lab } from '../lab.ts';
import { END_STREAM } from '../wire/frames.ts';
import type { Field } from '../wire/hpack.ts';
import { SMUGGLED } from '../wire/requests.ts';
import { AT_ONCE, ODD_OCTETS } from './every-octet.ts';
import { fields, H2C, sendTrailers } from './h2-exchange.ts';

type H2Message = readonly [head: readonly Field[], rest?: { body: string; trailers?: readonly Field[] }];

const POST = { ':method': 'POST' };
const BODY = { body: 'abc' };
const HIDDEN = { body: `0\r\n\r\n${SMUGGLED}` };

type Row = readonly [id: string, place: string, write: (octet: string) => H2Message];

const withField = (...more: Field[]): H2Message => [fields({}, ...more)];
const withBody = (body: NonNullable<H2Message[1]>, ...more: Field[]): H2Message => [
  fields(POST, ...more),
  body,
];
const withPseudo = (name: string, value: string): H2Message => [fields({ [name]: value })];

/** Where an octet is put. What comes after it must not become a field, or a request, of HTTP/1.1. */
const PLACES: readonly Row[] = [
  ['N25', 'in a name', (octet) => withField([`x${octet}y`, 'smuggled'])],
  ['N26', 'in a value', (octet) => withField(['x-a', `1${octet}smuggled: 1`])],
  ['N27', 'after a CR in a value', (octet) => withField(['x-a', `1\r${octet}smuggled: 1`])],
  ['N28', 'in :path', (octet) => withPseudo(':path', `/${octet}HTTP/1.1`)],
  ['N29', 'in a query', (octet) => withPseudo(':path', `/?a${octet}b`)],
  ['N30', 'in :method', (octet) => withPseudo(':method', `GE${octet}T`)],
  ['N31', 'in :authority', (octet) => withPseudo(':authority', `a.test${octet}b`)],
  ['N32', 'in :scheme', (octet) => withPseudo(':scheme', `http${octet}`)],
  ['N33', 'in a host beside :authority', (octet) => withField(['host', `b.test${octet}smuggled`])],
  ['N34', 'in a cookie', (octet) => withField(['cookie', `a=b${octet}smuggled: 1`])],
  ['N35', 'after a length', (octet) => withBody(BODY, ['content-length', `3${octet}`])],
  ['N36', 'in transfer-encoding', (octet) => withBody(HIDDEN, [`transfer${octet}encoding`, 'chunked'])],
  ['N37', 'after transfer-encoding', (octet) => withBody(HIDDEN, [`transfer-encoding${octet}`, 'chunked'])],
  [
    'N38',
    'in trailers',
    (octet) => withBody({ ...BODY, trailers: [[`x${octet}y`, `1${octet}smuggled: 1`]] }),
  ],
];

/** Fields that HTTP/2 does not have, or has once: RFC 9113 sections 8.2.2 and 8.3. */
const NAMES = [':path', ':method', ':authority', ':scheme', ':status', ':protocol', 'host', 'te', 'upgrade'];
const MORE = ['transfer-encoding', 'content-length', 'connection', 'keep-alive', 'http2-settings', 'trailer'];
const VALUES = ['', '/smuggled', '9', 'chunked', 'trailers, smuggled'];

function* extraFields(): Generator<H2Message> {
  for (const name of [...NAMES, ...MORE])
    for (const value of VALUES) {
      const field: Field = [name, value];
      yield [[field, ...fields(POST)], BODY];
      yield [[...fields(POST), field], BODY];
      yield [[...fields(POST), field, field], BODY];
      yield [fields(POST), { ...BODY, trailers: [field] }];
    }
}

/** Sends each message on a connection of its own: each is refused, or one request that is read in one way. */
async function sweep(lab: Lab, messages: readonly H2Message[]): Promise<string> {
  const { upstream, port } = await lab.pair({}, H2C);
  const left = [...messages];
  let forwarded = 0;
  const work = async () => {
    for (let message = left.shift(); message !== undefined; message = left.shift()) {
      const [head, rest] = message;
      const client = await lab.http2(port);
      await client.request(1, head, rest === undefined ? END_STREAM : 0);
      if (rest !== undefined) client.data(1, rest.body, rest.trailers === undefined ? END_STREAM : 0);
      if (rest?.trailers !== undefined) sendTrailers(client, rest.trailers);
      const { reset } = await client.done();
      const status = client.status(1);
      const isOver = status !== undefined || reset !== undefined || client.goaway !== undefined;
      check(isOver || client.ended !== undefined, () => `no answer: ${JSON.stringify(message)}`);
      if (status === 200) forwarded++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  unambiguous(upstream);
  const requests = upstream.requests();
  const names = requests.flatMap(({ startLine, headers }) => [startLine, ...headers.map(([name]) => name)]);
  const smuggled = names.find((name) => name.includes('smuggled'));
  check(smuggled === undefined, () => `forwarded ${smuggled}`);
  const whole = requests.filter(({ complete }) => complete).length;
  check(whole === forwarded, () => `${whole} requests upstream, ${forwarded} answered`);
  return `${forwarded} of ${messages.length} forwarded, each as one request`;
}

/** What an intermediary makes HTTP/1.1 of: RFC 9113 section 10.3. */
export const h2EveryOctet: readonly Case[] = [
  ...PLACES.map(
    ([id, place, write]): Case => ({
      id,
      title: `any odd octet ${place}, over HTTP/2`,
      needs: 'http2',
      run: (lab) => sweep(lab, ODD_OCTETS.map(write)),
    }),
  ),
  {
    id: 'N39',
    title: 'a field that HTTP/2 does not have, or has once, in every place',
    needs: 'http2',
    run: (lab) => sweep(lab, [...extraFields()]),
  },
];
