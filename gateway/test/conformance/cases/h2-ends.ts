import { type Case, check } from '../case.ts';
import type { Lab } from '../lab.ts';
import { ENABLE_PUSH, END_STREAM, INTERNAL_ERROR, NO_ERROR, PUSH_PROMISE } from '../wire/frames.ts';
import type { H2Client } from '../wire/h2-client.ts';
import { sleep, until } from '../wire/poll.ts';
import { type Reply, reply } from '../wire/upstream.ts';
import { fields, H2C, h2Exchange } from './h2-exchange.ts';

const LEAVE_MS = 2_000;
const head = (line: string) => `HTTP/1.1 200 OK\r\n${line}\r\n\r\n`;

/**
 * A client leaves a request that is not answered; the backend must be told, and must not take half a body for
 * a whole one.
 */
async function leaves(
  lab: Lab,
  leave: (client: H2Client) => void,
  body?: string,
  length?: string,
): Promise<string> {
  const { upstream, port } = await lab.pair({ head: () => {} }, H2C);
  const client = await lab.http2(port);
  const list = length === undefined ? [] : ([['content-length', length]] as const);
  await client.request(
    1,
    fields({ ':method': body === undefined ? 'GET' : 'POST' }, ...list),
    body === undefined ? END_STREAM : 0,
  );
  if (body !== undefined) client.data(1, body);
  await until(() => upstream.requests().length > 0, 1_000);
  await sleep(50);
  const busy = upstream.connections.filter(({ received }) => received > 0);
  const startedAt = performance.now();
  leave(client);
  const told = await until(() => busy.every(({ ended, closed }) => ended !== undefined || closed), LEAVE_MS);
  if (body !== undefined) {
    const whole = upstream.requests().find(({ complete }) => complete);
    check(whole === undefined, () => `the backend has a whole request: ${JSON.stringify(upstream.text)}`);
  }
  check(told, `the backend still works after ${LEAVE_MS} ms`);
  return busy.length === 0
    ? 'nothing was forwarded'
    : `told after ${(performance.now() - startedAt).toFixed(0)} ms`;
}

type Leave = (client: H2Client) => void;
const resetStream: Leave = (client) => void client.resetStream(1);
const end: Leave = (client) => void client.socket.destroy();
const reset: Leave = (client) => void client.socket.resetAndDestroy();

const LEAVING: readonly (readonly [id: string, title: string, ways: readonly Leave[], body?: string])[] = [
  ['X35', 'RST_STREAM ends the request at the backend', [resetStream]],
  ['X36', 'the loss of the connection ends the request at the backend', [end, reset]],
  ['X50', 'RST_STREAM in the middle of a body never looks like its end', [resetStream], 'abc'],
  ['X51', 'the loss of the connection in the middle of a body never looks like its end', [end, reset], 'abc'],
];

const CUT: readonly (readonly [id: string, title: string, complete: Reply])[] = [
  ['X33', 'fewer bytes than Content-Length', (socket) => socket.end(`${head('Content-Length: 10')}hello`)],
  [
    'X34',
    'chunks without the last one',
    (socket) => socket.end(`${head('Transfer-Encoding: chunked')}5\r\nhello\r\n`),
  ],
];

/** RFC 9113 sections 5.4, 6.8, 8.1, 8.4, 8.7. */
export const h2Ends: readonly Case[] = [
  ...CUT.map(
    ([id, title, complete]): Case => ({
      id,
      title: `${title} from a backend: RST_STREAM with an error`,
      needs: 'http2',
      run: async (lab) => {
        const { client, summary } = await h2Exchange(lab, fields(), { script: { complete } });
        const { reset, ended } = client.stream(1);
        if (client.status(1) === 502) return summary;
        check(!ended, () => `looks whole: ${summary}`);
        check(reset !== undefined && reset !== NO_ERROR, () => `no error: ${summary}`);
        return reset === INTERNAL_ERROR ? `${summary} (INTERNAL_ERROR)` : summary;
      },
    }),
  ),
  ...LEAVING.map(
    ([id, title, ways, body]): Case => ({
      id,
      title,
      needs: 'http2',
      run: async (lab) => {
        const notes: string[] = [];
        for (const leave of ways) {
          notes.push(await leaves(lab, leave, body));
          if (body !== undefined) await leaves(lab, leave, body, '100');
        }
        return notes.join(', ');
      },
    }),
  ),
  {
    id: 'X52',
    title: 'GOAWAY while draining: streams that are open finish, and no more are taken',
    needs: 'configuration',
    run: async (lab) => {
      const slow: Reply = async (socket) => {
        await sleep(400);
        socket.write(reply('200 OK', [], 'late'));
      };
      const { running, port } = await lab.pair({ complete: slow }, H2C);
      const client = await lab.http2(port);
      await client.request(1, fields());
      await sleep(100);
      const stopped = running.stop(5_000);
      lab.forget(running);
      const told = await until(() => client.goaway !== undefined, 2_000);
      await client.request(3, fields());
      await until(() => client.stream(1).ended || client.ended !== undefined, 3_000);
      await stopped;
      check(told && client.goaway === NO_ERROR, () => `no GOAWAY: ${client.summary()}`);
      check(
        client.status(1) === 200 && client.stream(1).ended,
        () => `the open stream was lost: ${client.summary()}`,
      );
      check(client.status(3) === undefined, () => `took another: ${client.status(3)}`);
      return client.summary();
    },
  },
  {
    id: 'X54',
    title: "a gRPC answer's trailers are passed on, its status kept",
    needs: 'http2',
    run: async (lab) => {
      const chunked =
        'HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n';
      const script = { complete: `${chunked}5\r\nhello\r\n0\r\ngrpc-status: 5\r\n\r\n` };
      const list = fields({ ':method': 'POST' }, ['te', 'trailers'], ['content-type', 'application/grpc']);
      const { client, summary } = await h2Exchange(lab, list, { body: 'abc', script });
      const last = client.stream(1).blocks.at(-1) ?? [];
      check(client.stream(1).ended, () => `not ended: ${summary}`);
      check(new Map(last).get('grpc-status') === '5', () => `got ${JSON.stringify(client.stream(1).blocks)}`);
      return summary;
    },
  },
  {
    id: 'X55',
    title: 'nothing is pushed, even where a client would take it',
    needs: 'http2',
    run: async (lab) => {
      const { port } = await lab.pair(
        { complete: reply('200 OK', ['Link: </a.css>; rel=preload'], 'ok') },
        H2C,
      );
      const client = await lab.http2(port, { settings: [[ENABLE_PUSH, 1]] });
      await client.request(1, fields());
      await client.done();
      check(client.status(1) === 200, () => client.summary());
      check(!client.frames.some(({ type }) => type === PUSH_PROMISE), 'pushed');
      return client.summary();
    },
  },
  {
    id: 'X56',
    title: 'the last stream of a connection, and one after it',
    needs: 'http2',
    run: async (lab) => {
      const { port } = await lab.pair({}, H2C);
      const client = await lab.http2(port);
      const last = 0x7fff_ffff;
      await client.request(last, fields());
      await client.done(last);
      check(client.status(last) === 200, () => `the last one: ${client.summary(last)}`);
      await client.request(1, fields());
      await until(
        () =>
          client.goaway !== undefined || client.ended !== undefined || client.stream(1).reset !== undefined,
        2_000,
      );
      check(client.status(1) === undefined, 'took a smaller number');
      const next = await lab.http2(port);
      await next.request(1, fields());
      await next.done();
      check(next.status(1) === 200, () => `on a new connection: ${next.summary()}`);
      return `${client.summary(last)}; a new connection serves`;
    },
  },
];
