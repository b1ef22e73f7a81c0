import { type Case, check } from '../case.ts';
import { exchange, status } from '../judge.ts';
import type { Lab } from '../lab.ts';
import type { Client } from '../wire/client.ts';
import { sleep, until } from '../wire/poll.ts';
import { get, HOST, message, post } from '../wire/requests.ts';
import { type Reply, reply, type Script } from '../wire/upstream.ts';

const reset: Reply = (socket) => socket.resetAndDestroy();
const end: Reply = (socket) => socket.end();

/** How long a backend may work on for a client that has left. */
const LEAVE_MS = 2_000;

/** A client leaves, while its backend does not answer; the time until the backend knows. */
async function leaves(lab: Lab, bytes: string, leave: (client: Client) => void): Promise<string> {
  const { upstream, port } = await lab.pair({ head: () => {} });
  const client = await lab.client(port);
  client.write(bytes);
  await until(() => upstream.requests().length > 0, 1_000);
  await sleep(50);
  const startedAt = performance.now();
  leave(client);
  // Connections that carried nothing were opened ahead, or again.
  const busy = upstream.connections.filter(({ received }) => received > 0);
  const told = () => busy.every(({ ended, closed }) => ended !== undefined || closed);
  check(await until(told, LEAVE_MS), `the backend still works after ${LEAVE_MS} ms`);
  const body = upstream.requests()[0]?.body.length ?? 0;
  check(body === 0 || !upstream.requests()[0]?.complete, 'the backend has a whole request');
  check(!/\r\n0\r\n/.test(upstream.text), () => `the backend got ${JSON.stringify(upstream.text)}`);
  if (busy.length === 0) return 'nothing was forwarded';
  return `told after ${(performance.now() - startedAt).toFixed(0)} ms`;
}

/** RFC 9110 section 9.2.2, RFC 9112 sections 8 and 9.3.1. */
export const ends: readonly Case[] = [
  {
    id: 'R38',
    title: 'a reset before the answer to GET: tried again, or 502',
    run: async (lab) => {
      const script: Script = {
        complete: (socket, _request, nth) =>
          nth === 0 ? socket.resetAndDestroy() : socket.write(reply('200 OK', [], 'ok')),
      };
      const outcome = await exchange(lab, get(), { script });
      status(outcome, 200, 502);
      return outcome.summary;
    },
  },
  ...(
    [
      ['R39', 'a reset', reset],
      ['R40', 'the end', end],
    ] as const
  ).map(
    ([id, what, complete]): Case => ({
      id,
      title: `${what} before the answer to POST: 502, and it is sent once`,
      run: async (lab) => {
        const outcome = await exchange(lab, post('hello'), { script: { complete } });
        status(outcome, 502);
        const copies = outcome.upstream.requests().length;
        check(copies === 1, `sent ${copies} times`);
        return outcome.summary;
      },
    }),
  ),
  {
    id: 'R41',
    title: 'a client that leaves while it waits ends its request at the backend',
    run: (lab) => leaves(lab, get(), (client) => client.socket.destroy()),
  },
  {
    id: 'R42',
    title: 'a client that leaves in the middle of its body ends its request at the backend',
    run: (lab) =>
      leaves(lab, message('POST / HTTP/1.1', [HOST, 'Content-Length: 100'], 'hello'), (client) =>
        client.reset(),
      ),
  },
  {
    id: 'R43',
    title: 'the end in the middle of a chunked body never looks like its end at the backend',
    run: (lab) => {
      const headers = [HOST, 'Transfer-Encoding: chunked'];
      return leaves(lab, message('POST / HTTP/1.1', headers, '5\r\nhello\r\n'), (client) => client.end());
    },
  },
];
