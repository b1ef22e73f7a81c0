import { type Case, check } from '../case.ts';
import { type Exchange, exchange, onlyRequest, refusal, refusalOrOne, rejected, status } from '../judge.ts';
import { header } from '../wire/messages.ts';
import { get, HOST, message } from '../wire/requests.ts';

const line = (startLine: string, host = HOST) => message(startLine, [host]);

type Row = readonly [id: string, title: string, bytes: string];

const REFUSED: readonly Row[] = [
  ['T04', 'authority-form with GET', line('GET a.test:80 HTTP/1.1')],
  ['T06', 'CONNECT with a path', line('CONNECT /path HTTP/1.1')],
  ['T09', 'GET *', line('GET * HTTP/1.1')],
  ['T10', 'a path without its slash', line('GET path HTTP/1.1')],
  ['T14', 'space in the target', line('GET /a b HTTP/1.1')],
  ['T21', 'HTTP/0.9', 'GET /\r\n\r\n'],
  ['T22', 'http/1.1 in small letters', line('GET / http/1.1')],
  ['T24', 'a method that is no token', line('G@T / HTTP/1.1')],
  ['T26', 'NUL in the target', line('GET /a\0b HTTP/1.1')],
  ['T27', 'HTTP/1.10', line('GET / HTTP/1.10')],
];

const REFUSED_OR_ONE: readonly Row[] = [
  ['T17', 'a method in small letters', line('get / HTTP/1.1')],
  ['T18', 'TAB instead of space', line('GET\t/\tHTTP/1.1')],
  ['T19', 'HTTP/1.2', line('GET / HTTP/1.2')],
];

/** Targets that somebody between routing and backend might read in another way. */
const AS_SENT: readonly (readonly [id: string, title: string, target: string])[] = [
  ['T11', 'two slashes at the start stay a path', '//evil.test/x'],
  ['T12', 'a backslash', '/a\\b'],
  ['T13', '%0d%0a stays encoded', '/%0d%0aX-Evil:%201'],
  ['T15', 'a fragment', '/a#b'],
  ['T16', 'bytes above 7F', '/\xc3\xa9'],
  ['T25', 'dot segments', '/a/../b/./c'],
];

const targetOf = ({ upstream }: Exchange) => onlyRequest(upstream).startLine.split(' ')[1];

const asSent = ([id, title, target]: (typeof AS_SENT)[number]): Case => ({
  id,
  title: `${title}: forwarded as it is, or refused`,
  run: async (lab) => {
    const outcome = await exchange(lab, get(target));
    if (outcome.upstream.text === '') return rejected(outcome);
    check(targetOf(outcome) === target, () => `forwarded ${JSON.stringify(targetOf(outcome))}`);
    return outcome.summary;
  },
});

/**
 * Absolute-form, the Host beside it, and the Host that a backend may get; `undefined` where it must be
 * refused.
 */
const AUTHORITIES: readonly (readonly [
  target: string,
  host: string,
  expected: readonly (string | undefined)[],
])[] = [
  ['http://a.test/x', 'a.test', ['a.test']],
  ['http://a.test:80/x', 'a.test', ['a.test', 'a.test:80']],
  ['http://a.test/x', 'a.test:80', ['a.test', 'a.test:80']],
  ['http://A.TEST/x', 'a.test', ['a.test', 'A.TEST']],
  ['http://a.test:81/x', 'a.test:82', [undefined, 'a.test:81']],
  ['http://a.test:/x', 'a.test', [undefined, 'a.test', 'a.test:']],
  ['http://user:secret@a.test/x', 'a.test', [undefined, 'a.test']],
  ['http://a.test', 'a.test', [undefined, 'a.test']],
  ['http://a.test?x=1', 'a.test', [undefined, 'a.test']],
  ['http:///x', 'a.test', [undefined]],
  ['http://[::1]/x', '[::1]', [undefined, '[::1]']],
];

const absoluteForm: readonly Case[] = [
  {
    id: 'T01',
    title: 'absolute-form for the same host',
    run: async (lab) => {
      const outcome = await exchange(lab, line('GET http://a.test/x HTTP/1.1'));
      status(outcome, 200);
      check(
        ['/x', 'http://a.test/x'].includes(targetOf(outcome) ?? ''),
        () => `forwarded ${targetOf(outcome)}`,
      );
      check(header(onlyRequest(outcome.upstream), 'host') === 'a.test', 'lost the host');
      return outcome.summary;
    },
  },
  {
    id: 'T02',
    title: 'absolute-form for another host than Host: refused, or its host wins',
    run: async (lab) => {
      const outcome = await exchange(lab, line('GET http://b.test/x HTTP/1.1'));
      if (outcome.upstream.text === '') return rejected(outcome);
      check(
        header(onlyRequest(outcome.upstream), 'host') === 'b.test',
        () => `forwarded ${outcome.upstream.text}`,
      );
      return outcome.summary;
    },
  },
  {
    id: 'T03',
    title: 'absolute-form never makes the gateway fetch from elsewhere',
    run: async (lab) => {
      const inner = await lab.upstream();
      const outcome = await exchange(
        lab,
        message(`GET ${inner.url}/stats HTTP/1.1`, [`Host: 127.0.0.1:${inner.port}`]),
      );
      check(inner.connections.length === 0, 'fetched from the address in the target');
      return outcome.summary;
    },
  },
  {
    id: 'T29',
    title: 'absolute-form and Host: default ports, userinfo, other ports',
    run: async (lab) => {
      const { upstream, port } = await lab.pair();
      for (const [target, host, expected] of AUTHORITIES) {
        const before = upstream.requests().length;
        const client = await lab.client(port);
        const [answer] = await client.write(line(`GET ${target} HTTP/1.1`, `Host: ${host}`)).answered();
        const request = upstream.requests()[before];
        const got = request === undefined ? undefined : header(request, 'host');
        check(expected.includes(got), () => `${target} beside Host ${host}: the backend got ${got}`);
        check((answer?.status ?? 400) >= 400 === (got === undefined), () => `${target}: ${answer?.status}`);
      }
      return `${AUTHORITIES.length} pairs`;
    },
  },
];

const methods: readonly Case[] = [
  {
    id: 'T05',
    title: 'CONNECT opens no tunnel',
    run: async (lab) => {
      const outcome = await exchange(lab, line('CONNECT a.test:443 HTTP/1.1'), { methods: ['CONNECT'] });
      status(outcome, 400, 405, 501);
      check(outcome.upstream.connections.length === 0, 'asked the backend');
      return outcome.summary;
    },
  },
  {
    id: 'T07',
    title: 'TRACE is refused',
    run: async (lab) => {
      const outcome = await exchange(lab, line('TRACE / HTTP/1.1'), { methods: ['TRACE'] });
      status(outcome, 405, 501);
      return rejected(outcome);
    },
  },
  {
    id: 'T08',
    title: 'OPTIONS * is answered or forwarded',
    run: async (lab) => {
      const outcome = await exchange(lab, line('OPTIONS * HTTP/1.1'), { methods: ['OPTIONS'] });
      if (outcome.upstream.text !== '')
        check(targetOf(outcome) === '*', () => `forwarded ${targetOf(outcome)}`);
      status(outcome, 200, 204, 400, 405, 501);
      return outcome.summary;
    },
  },
  {
    id: 'T20',
    title: 'HTTP/2.0 in a request line',
    run: async (lab) => {
      const outcome = await exchange(lab, line('GET / HTTP/2.0'));
      if (outcome.answers.length > 0) status(outcome, 400, 505);
      return rejected(outcome);
    },
  },
  {
    id: 'T23',
    title: 'an unknown method is forwarded, or gets 501',
    run: async (lab) => {
      const outcome = await exchange(lab, line('BREW / HTTP/1.1'), { methods: ['BREW'] });
      if (outcome.upstream.text === '') status(outcome, 501);
      else check(onlyRequest(outcome.upstream).startLine.startsWith('BREW '), 'changed the method');
      return outcome.summary;
    },
  },
  {
    id: 'T28',
    title: 'an empty line before a request',
    run: async (lab) => {
      const outcome = await exchange(lab, `\r\n${get()}`);
      status(outcome, 200);
      onlyRequest(outcome.upstream);
      return outcome.summary;
    },
  },
];

/** RFC 9112 section 3, RFC 9110 section 9.3. */
export const targetCases: readonly Case[] = [
  ...REFUSED.map((row) => refusal(...row)),
  ...REFUSED_OR_ONE.map((row) => refusalOrOne(...row)),
  ...AS_SENT.map(asSent),
  ...absoluteForm,
  ...methods,
];
