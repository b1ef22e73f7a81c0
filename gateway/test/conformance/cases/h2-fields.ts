import { type Case, check } from '../case.ts';
import { ENABLE_CONNECT_PROTOCOL } from '../wire/frames.ts';
import type { Field } from '../wire/hpack.ts';
import { header } from '../wire/messages.ts';
import { until } from '../wire/poll.ts';
import {
  fields,
  H2C,
  type H2ExchangeOptions,
  h2Exchange,
  h2Forwarded,
  h2Rejected,
  h2RejectedOrClean,
} from './h2-exchange.ts';

type Row = readonly [id: string, title: string, fields: readonly Field[], more?: H2ExchangeOptions];

const POST = { ':method': 'POST' };
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n';
const TWO = '/ HTTP/1.1\r\nHost: a.test\r\n\r\nGET /smuggled';

/** What RFC 9113 calls malformed. */
const MALFORMED: readonly Row[] = [
  ['X05', 'an upper-case name', fields({}, ['X-A', '1'])],
  ['X06', 'transfer-encoding', fields(POST, ['transfer-encoding', 'chunked']), { body: '0\r\n\r\n' }],
  ['X08', 'content-length 100 with 3 bytes', fields(POST, ['content-length', '100']), { body: 'abc' }],
  ['X10', 'connection', fields({}, ['connection', 'x-a'], ['x-a', '1'])],
  ['X17', 'no :path', fields({ ':path': undefined })],
  ['X18', 'two :path', fields({}, [':path', '/smuggled'])],
  ['X19', 'a pseudo-header after a header', [['x-a', '1'], ...fields()]],
  ['X20', 'an unknown pseudo-header', fields({ ':smuggled': '1' })],
  ['X26', 'a pseudo-header in trailers', fields(POST), { body: 'abc', trailers: [[':path', '/smuggled']] }],
  ['X28', ':path without its slash', fields({ ':path': 'smuggled' })],
  ['X29', ':path in absolute-form', fields({ ':path': 'http://evil.test/smuggled' })],
];

/** What must not reach HTTP/1.1 as it is. */
const INJECTED: readonly Row[] = [
  ['X02', 'CRLF in a name', fields({}, ['x-a: 1\r\nsmuggled', '1'])],
  ['X03', 'CRLF in a value', fields({}, ['x-a', `1\r\nsmuggled: 1\r\n\r\n${SMUGGLED}`])],
  ['X04', 'NUL in a value', fields({}, ['x-a', 'a\0b'])],
  ['X07', 'content-length 0 with a body', fields(POST, ['content-length', '0']), { body: SMUGGLED }],
  [
    'X09',
    'two content-lengths',
    fields(POST, ['content-length', '3'], ['content-length', '4']),
    { body: 'abc' },
  ],
  ['X11', 'a second request in :path', fields({ ':path': TWO })],
  ['X12', 'a space in :path', fields({ ':path': '/a b' })],
  ['X13', 'a request line in :method', fields({ ':method': 'GET /smuggled HTTP/1.1\r\nX: ' })],
  ['X14', 'CRLF in :authority', fields({ ':authority': 'a.test\r\nsmuggled: 1' })],
  ['X21', 'a colon in a name', fields({}, ['x:smuggled', '1'])],
  ['X22', 'a space in a name', fields({}, ['x smuggled', '1'])],
  ['X23', 'an empty name', fields({}, ['', 'smuggled'])],
  ['X16', 'a URL in :scheme', fields({ ':scheme': 'http://evil.test/smuggled?' })],
];

/** RFC 9113 sections 8.1.1 to 8.3, 10.3. */
const malformed: readonly Case[] = [
  ...MALFORMED.map(
    ([id, title, list, more]): Case => ({
      id,
      title: `${title}, over HTTP/2`,
      needs: 'http2',
      run: async (lab) => h2Rejected(await h2Exchange(lab, list, more)),
    }),
  ),
  ...INJECTED.map(
    ([id, title, list, more]): Case => ({
      id,
      title: `${title}, over HTTP/2`,
      needs: 'http2',
      run: async (lab) => h2RejectedOrClean(await h2Exchange(lab, list, more)),
    }),
  ),
];

const passed: readonly Case[] = [
  {
    id: 'X01',
    title: 'GET over HTTP/2',
    needs: 'http2',
    run: async (lab) => {
      const outcome = await h2Exchange(lab, fields({ ':path': '/x' }, ['x-a', '1']));
      const request = h2Forwarded(outcome);
      check(request.startLine === 'GET /x HTTP/1.1', () => `forwarded ${request.startLine}`);
      check(
        header(request, 'host') === 'a.test' && header(request, 'x-a') === '1',
        () => outcome.upstream.text,
      );
      check(String(outcome.client.body(1)) === '/x', 'the body is not the same');
      return outcome.summary;
    },
  },
  {
    id: 'X15',
    title: ':authority beside another host: it wins, or 400',
    needs: 'http2',
    run: async (lab) => {
      const outcome = await h2Exchange(lab, fields({}, ['host', 'b.test']));
      if (outcome.upstream.text === '') return h2Rejected(outcome);
      check(header(h2Forwarded(outcome), 'host') === 'a.test', () => `forwarded ${outcome.upstream.text}`);
      return outcome.summary;
    },
  },
  {
    id: 'X24',
    title: 'te: gzip is refused, or not forwarded',
    needs: 'http2',
    run: async (lab) => {
      const outcome = await h2Exchange(lab, fields({}, ['te', 'gzip']));
      if (outcome.upstream.text === '') return h2Rejected(outcome);
      check(header(h2Forwarded(outcome), 'te') === undefined, () => `forwarded ${outcome.upstream.text}`);
      return outcome.summary;
    },
  },
  {
    id: 'X25',
    title: 'spaces around a value are refused, or taken away, alone or with the field',
    needs: 'http2',
    run: async (lab) => {
      const outcome = await h2Exchange(lab, fields({}, ['x-a', ' a ']));
      if (outcome.upstream.text === '') return h2Rejected(outcome);
      h2Forwarded(outcome);
      check(
        // Some releases of node:http2 leave out such fields, as they do with names that are none.
        /^x-a: a\r$/im.test(outcome.upstream.text) || !/^x-a:/im.test(outcome.upstream.text),
        () => `forwarded ${JSON.stringify(outcome.upstream.text)}`,
      );
      return outcome.summary;
    },
  },
  {
    id: 'X27',
    title: 'content-length and transfer-encoding in trailers are refused, or not forwarded',
    needs: 'http2',
    run: async (lab) => {
      const trailers: Field[] = [
        ['content-length', '9'],
        ['transfer-encoding', 'chunked'],
      ];
      const outcome = await h2Exchange(lab, fields(POST), { body: 'abc', trailers });
      const request = outcome.upstream.requests()[0];
      if (request === undefined || !request.complete) return h2Rejected(outcome);
      check(request.trailers.length === 0, () => `forwarded ${outcome.upstream.text}`);
      return h2RejectedOrClean(outcome);
    },
  },
  {
    id: 'X32',
    title: 'crumbs of a cookie are joined',
    needs: 'http2',
    run: async (lab) => {
      const outcome = await h2Exchange(
        lab,
        fields({}, ['cookie', 'a=1'], ['cookie', 'b=2'], ['cookie', 'c=3']),
      );
      const cookies = h2Forwarded(outcome).headers.filter(([name]) => name.toLowerCase() === 'cookie');
      const values = cookies.map(([, value]) => value).join('|');
      check(values === 'a=1; b=2; c=3', () => `forwarded ${values}`);
      return values;
    },
  },
  {
    id: 'X30',
    title: 'CONNECT opens no tunnel, over HTTP/2',
    needs: 'http2',
    run: async (lab) => {
      const list = fields({
        ':method': 'CONNECT',
        ':scheme': undefined,
        ':path': undefined,
        ':authority': 'b.test:443',
      });
      const outcome = await h2Exchange(lab, list, { body: SMUGGLED });
      check(outcome.upstream.connections.length === 0, 'asked the backend');
      return h2Rejected(outcome);
    },
  },
  {
    id: 'X31',
    title: 'extended CONNECT is taken only where it was offered',
    needs: 'http2',
    run: async (lab) => {
      const { upstream, port } = await lab.pair({}, H2C);
      const client = await lab.http2(port);
      const list = fields({ ':method': 'CONNECT', ':protocol': 'websocket' });
      await client.request(1, list, 0);
      await until(() => client.settings.size > 0, 1_000);
      if (client.settings.get(ENABLE_CONNECT_PROTOCOL) === 1) return 'offered';
      await client.done();
      const { reset } = client.stream(1);
      const refused = reset !== undefined || client.goaway !== undefined || (client.status(1) ?? 0) >= 400;
      check(refused && upstream.connections.length === 0, () => `not refused: ${client.summary()}`);
      return client.summary();
    },
  },
];

export const h2Fields: readonly Case[] = [...malformed, ...passed];
