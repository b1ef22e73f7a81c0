import { type Case, check } from '../case.ts';
import { sleep } from '../wire/poll.ts';
import { get, HOST, message, post } from '../wire/requests.ts';
import { type Reply, reply, type Script } from '../wire/upstream.ts';
import { fleet, reset, sum } from './fleet.ts';

const put = (body: string) => post(body).replace('POST', 'PUT');

/** RFC 9110 section 9.2.2: whether a request may be sent again. */
export const retries: readonly Case[] = [
  {
    id: 'Y01',
    title: 'GET, and a reset before the answer: another backend answers',
    needs: 'configuration',
    run: async (lab) => {
      const { ask, counts } = await fleet(lab, [reset, undefined]);
      for (let i = 0; i < 4; i++)
        check((await ask(get(`/${i}`))).status === 200, 'not answered by the other');
      return `requests ${counts().join(' and ')}`;
    },
  },
  {
    id: 'Y02',
    title: 'POST, and a reset before the answer: not sent again',
    needs: 'configuration',
    run: async (lab) => {
      const { ask, counts } = await fleet(lab, [reset, reset]);
      check((await ask(post('hello'))).status === 502, 'not 502');
      check(sum(counts()) === 1, () => `sent ${sum(counts())} times`);
      return '502, sent once';
    },
  },
  {
    id: 'Y03',
    title: 'POST on a connection that the backend has ended meanwhile: a fresh one is used',
    run: async (lab) => {
      const script: Script = {
        complete: async (socket: Parameters<Exclude<Reply, string | Buffer>>[0]) => {
          socket.write(reply('200 OK', [], 'ok'));
          await sleep(20);
          socket.end();
        },
      };
      const { upstream, port } = await lab.pair(script);
      for (let i = 0; i < 5; i++) {
        const client = await lab.client(port);
        const [answer] = await client.write(post('hello', `/${i}`)).answered();
        check(answer?.status === 200, () => `got ${answer?.status ?? 'no answer'}`);
        await sleep(60);
      }
      const lines = upstream.requests().map(({ startLine }) => startLine);
      check(lines.length === 5 && new Set(lines).size === 5, () => `sent ${lines.join(', ')}`);
      return '5 of 5, each once';
    },
  },
  {
    id: 'Y04',
    title: 'PUT and DELETE that can be replayed: another backend answers',
    needs: 'configuration',
    run: async (lab) => {
      const { ask } = await fleet(lab, [reset, undefined]);
      for (const bytes of [
        put('hello'),
        put('hello'),
        message('DELETE / HTTP/1.1', [HOST]),
        message('DELETE / HTTP/1.1', [HOST]),
      ])
        check((await ask(bytes)).status === 200, 'not answered by the other');
      return '4 of 4';
    },
  },
  {
    id: 'Y05',
    title: 'PUT whose body is more than is kept: not sent again',
    needs: 'configuration',
    run: async (lab) => {
      const { ask, counts } = await fleet(lab, [reset, reset]);
      const { status } = await ask(put('a'.repeat(300_000)));
      check(status === 502, () => `got ${status}`);
      check(sum(counts()) <= 1, () => `sent ${sum(counts())} times`);
      return '502, sent once';
    },
  },
  {
    id: 'Y06',
    title: 'a reset after the head of an answer: broken off, not sent again',
    needs: 'configuration',
    run: async (lab) => {
      const begun: Reply = async (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
        await sleep(50);
        socket.resetAndDestroy();
      };
      const { port, counts } = await fleet(lab, [begun, begun]);
      const client = await lab.client(port);
      client.write(get());
      check(await client.closed(), 'hangs');
      check(client.answers[0]?.complete !== true, () => `looks whole: ${client.text}`);
      check(sum(counts()) === 1, () => `sent ${sum(counts())} times`);
      return 'broken off, sent once';
    },
  },
];
