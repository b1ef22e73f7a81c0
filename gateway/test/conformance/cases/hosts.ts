import { type Case, check } from '../case.ts';
import { exchange, onlyRequest, rejected, status } from '../judge.ts';
import { header } from '../wire/messages.ts';
import { get, HOST, message } from '../wire/requests.ts';

type Row = readonly [id: string, title: string, ...headers: string[]];

const BAD: readonly Row[] = [
  ['H01', 'no Host', 'X-A: 1'],
  ['H02', 'two different Hosts', HOST, 'Host: b.test'],
  ['H03', 'the same Host twice', HOST, HOST],
  ['H05', 'a space in Host', 'Host: a b'],
  ['H06', '@ in Host', 'Host: a@b'],
  ['H07', 'a slash in Host', 'Host: a/b'],
  ['H08', 'a comma in Host', 'Host: a, b'],
  ['H09', 'port 99999 in Host', 'Host: a.test:99999'],
  ['H10', 'a port of letters in Host', 'Host: a.test:abc'],
  ['H13', 'markup in Host', 'Host: a"><script>'],
];

const bad = ([id, title, ...headers]: Row): Case => ({
  id,
  title,
  run: async (lab) => {
    const outcome = await exchange(lab, message('GET / HTTP/1.1', headers));
    status(outcome, 400);
    return rejected(outcome);
  },
});

/** RFC 9110 section 7.2, RFC 9112 section 3.2. */
export const hosts: readonly Case[] = [
  ...BAD.map(bad),
  {
    id: 'H04',
    title: 'an empty Host gets one answer',
    run: async (lab) => {
      const outcome = await exchange(lab, message('GET / HTTP/1.1', ['Host: ']));
      check(outcome.answers.length === 1, () => `got ${outcome.summary}`);
      return outcome.summary;
    },
  },
  {
    id: 'H11',
    title: 'HTTP/1.0 without Host',
    run: async (lab) => {
      const outcome = await exchange(lab, 'GET / HTTP/1.0\r\n\r\n');
      status(outcome, 200);
      onlyRequest(outcome.upstream);
      return outcome.summary;
    },
  },
  {
    id: 'H12',
    title: '%0d%0a in Host is not decoded',
    run: async (lab) => {
      const outcome = await exchange(lab, message('GET / HTTP/1.1', ['Host: a%0d%0aX-Evil:%201']));
      check(!/^x-evil/im.test(outcome.upstream.text), () => `forwarded ${outcome.upstream.text}`);
      check(outcome.answers.length === 1, () => `got ${outcome.summary}`);
      return outcome.summary;
    },
  },
  {
    id: 'H14',
    title: 'a host that no route knows',
    needs: 'configuration',
    run: async (lab) => {
      const options = { config: { routes: [{ host: 'a.test', pool: 'main' }] } };
      const { upstream, port } = await lab.pair({}, options);
      const ask = async (host: string) => {
        const client = await lab.client(port);
        const [answer] = await client.write(message('GET / HTTP/1.1', [`Host: ${host}`])).answered();
        return answer?.status;
      };
      check((await ask('a.test')) === 200, 'refused the host that it knows');
      for (const same of ['A.TEST', 'a.test:80', 'a.test.']) {
        const got = await ask(same);
        check(got === 200 || got === 404 || got === 421, () => `${same}: ${got}`);
      }
      const before = upstream.requests().length;
      for (const other of ['b.test', '127.0.0.1', 'a.test.evil.test', 'xa.test']) {
        const got = await ask(other);
        check(got === 404 || got === 421, () => `${other}: ${got}`);
      }
      check(upstream.requests().length === before, 'asked the backend');
      return 'refused with 404 or 421';
    },
  },
  {
    id: 'Q11',
    title: 'names of Object.prototype as host, path, header, cookie and query',
    run: async (lab) => {
      const { upstream, port } = await lab.pair();
      const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'];
      for (const name of names) {
        const bytes = [
          message('GET / HTTP/1.1', [`Host: ${name}`]),
          get(`/${name}?${name}=1&__proto__[polluted]=1`, `${name}: 1`, `Cookie: ${name}=1`),
        ];
        for (const [i, request] of bytes.entries()) {
          const client = await lab.client(port);
          const [answer] = await client.write(request).answered();
          check(answer?.status === 200 || i === 0, () => `${name}: ${answer?.status}`);
          check(answer !== undefined, `${name}: no answer`);
        }
      }
      check(({} as { polluted?: unknown }).polluted === undefined, 'polluted Object.prototype');
      const echoed = upstream.requests().filter((request) => header(request, 'cookie') !== undefined);
      check(echoed.length === names.length, `${echoed.length} of ${names.length} arrived`);
      return `${names.length} names`;
    },
  },
];
