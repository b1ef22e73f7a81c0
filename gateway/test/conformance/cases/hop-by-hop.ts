import { type Case, check } from '../case.ts';
import { type Exchange, exchange, onlyRequest, rejected, status } from '../judge.ts';
import { header } from '../wire/messages.ts';
import { get, HOST, message } from '../wire/requests.ts';
import { reply } from '../wire/upstream.ts';

const arrived = (outcome: Exchange, name: string) => header(onlyRequest(outcome.upstream), name);

/** @throws Finding where one of the headers reached the backend */
function without(outcome: Exchange, ...names: string[]): string {
  status(outcome, 200);
  for (const name of names) {
    const value = arrived(outcome, name);
    check(value === undefined, () => `forwarded ${name}: ${value}`);
  }
  return outcome.summary;
}

/** RFC 9110 section 7.6.1: requests. */
const ofRequests: readonly Case[] = [
  {
    id: 'P01',
    title: 'headers that Connection lists are not forwarded',
    run: async (lab) =>
      without(
        await exchange(lab, get('/', 'Connection: X-Foo, x-bar', 'X-Foo: 1', 'X-Bar: 1')),
        'x-foo',
        'x-bar',
      ),
  },
  {
    id: 'P02',
    title: 'hop-by-hop headers are not forwarded',
    run: async (lab) => {
      const hopByHop = [
        'Keep-Alive: timeout=5',
        'Proxy-Connection: keep-alive',
        'TE: gzip',
        'Proxy-Authorization: Basic YTpi',
        'Upgrade: foo/2',
        'Trailer: X-A',
      ];
      const names = hopByHop.map((each) => each.split(':')[0] as string);
      return without(await exchange(lab, get('/', ...hopByHop)), ...names);
    },
  },
  {
    id: 'P03',
    title: "Connection cannot strip the gateway's own headers",
    run: async (lab) => {
      const outcome = await exchange(
        lab,
        get('/', 'Connection: X-Forwarded-For, X-Real-IP', 'X-Forwarded-For: 6.6.6.6'),
      );
      status(outcome, 200);
      const got = arrived(outcome, 'x-forwarded-for');
      check(got?.endsWith('127.0.0.1') === true, () => `X-Forwarded-For: ${got}`);
      return outcome.summary;
    },
  },
  {
    id: 'P04',
    title: 'Connection: Host does not strip Host',
    run: async (lab) => {
      const outcome = await exchange(lab, get('/', 'Connection: Host'));
      if (outcome.upstream.text === '') return rejected(outcome);
      check(arrived(outcome, 'host') === 'a.test', 'stripped Host');
      return outcome.summary;
    },
  },
  {
    id: 'P05',
    title: 'Connection: Cookie, Authorization does not strip them',
    run: async (lab) => {
      const lines = ['Connection: Cookie, Authorization', 'Cookie: a=b', 'Authorization: Basic YTpi'];
      const outcome = await exchange(lab, get('/', ...lines));
      if (outcome.upstream.text === '') return rejected(outcome);
      check(arrived(outcome, 'cookie') === 'a=b', 'stripped Cookie');
      check(arrived(outcome, 'authorization') !== undefined, 'stripped Authorization');
      return outcome.summary;
    },
  },
  {
    id: 'P08',
    title: 'X_Forwarded_For with underscores is dropped or refused',
    run: async (lab) => {
      const outcome = await exchange(lab, get('/', 'X_Forwarded_For: 6.6.6.6'));
      if (outcome.upstream.text === '') return rejected(outcome);
      return without(outcome, 'x_forwarded_for');
    },
  },
  {
    id: 'P12',
    title: 'of TE only trailers is forwarded',
    run: async (lab) => {
      const outcome = await exchange(lab, get('/', 'Connection: TE', 'TE: trailers, gzip;q=0.5'));
      status(outcome, 200);
      const te = arrived(outcome, 'te');
      check(te === undefined || te === 'trailers', () => `TE: ${te}`);
      return outcome.summary;
    },
  },
];

/** Headers that belong to client and backend. */
const endToEnd: readonly Case[] = [
  {
    id: 'P09',
    title: 'two Set-Cookie stay two',
    run: async (lab) => {
      const script = { complete: reply('200 OK', ['Set-Cookie: a=1, b', 'Set-Cookie: c=2'], 'ok') };
      const answer = status(await exchange(lab, get(), { script }), 200);
      const cookies = answer.headers.filter(([name]) => name.toLowerCase() === 'set-cookie');
      check(
        cookies.map(([, value]) => value).join('|') === 'a=1, b|c=2',
        () => `got ${JSON.stringify(cookies)}`,
      );
      return 'two';
    },
  },
  {
    id: 'P10',
    title: 'headers named __proto__ and constructor',
    run: async (lab) => {
      const script = { complete: reply('200 OK', ['__proto__: x', 'constructor: y'], 'ok') };
      const outcome = await exchange(lab, get('/', '__proto__: x', 'constructor: y'), { script });
      status(outcome, 200);
      onlyRequest(outcome.upstream);
      check(({} as { x?: unknown }).x === undefined, 'polluted Object.prototype');
      return outcome.summary;
    },
  },
  {
    id: 'P11',
    title: 'headers keep their order',
    run: async (lab) => {
      const outcome = await exchange(lab, get('/', 'X-B: 1', 'x-a: 2', 'X-C: 3', 'X-b: 4'));
      const names = onlyRequest(outcome.upstream).headers.map(([name]) => name.toLowerCase());
      const ours = names.filter((name) => /^x-[abc]$/.test(name)).join();
      check(ours === 'x-b,x-a,x-c,x-b' || ours === 'x-b,x-a,x-c', () => `came as ${ours}`);
      return ours;
    },
  },
  {
    id: 'P13',
    title: 'a header that comes twice arrives twice',
    run: async (lab) => {
      const outcome = await exchange(lab, get('/', 'X-A: 1', 'X-A: 2'));
      check(arrived(outcome, 'x-a') === '1, 2', () => `X-A: ${arrived(outcome, 'x-a')}`);
      return outcome.summary;
    },
  },
  {
    id: 'P14',
    title: 'Max-Forwards: 0 is answered here',
    run: async (lab) => {
      const outcome = await exchange(lab, message('OPTIONS / HTTP/1.1', [HOST, 'Max-Forwards: 0']));
      check(outcome.upstream.text === '', 'forwarded');
      status(outcome, 200, 204, 405, 501);
      return outcome.summary;
    },
  },
];

/** RFC 9110 section 7.6.1: answers. */
const ofAnswers: readonly Case[] = [
  {
    id: 'P06',
    title: 'hop-by-hop headers of an answer, and those that its Connection lists, are not forwarded',
    run: async (lab) => {
      const lines = [
        'Connection: X-Foo, keep-alive',
        'X-Foo: 1',
        'Keep-Alive: timeout=5',
        'Proxy-Connection: keep-alive',
        'Trailer: X-A',
        'Upgrade: foo/2',
      ];
      const script = { complete: reply('200 OK', lines, 'ok') };
      const outcome = await exchange(lab, get(), { script });
      const answer = status(outcome, 200);
      check(String(answer.body) === 'ok', () => `got ${outcome.client.text}`);
      for (const name of ['x-foo', 'proxy-connection', 'trailer', 'upgrade'])
        check(header(answer, name) === undefined, () => `forwarded ${name}`);
      const listed = header(answer, 'connection') ?? '';
      check(!/x-foo/i.test(listed), () => `forwarded Connection: ${listed}`);
      return outcome.summary;
    },
  },
];

export const hopByHop: readonly Case[] = [...ofRequests, ...endToEnd, ...ofAnswers];
