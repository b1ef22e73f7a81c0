import { type Case, check } from '../case.ts';
import { certificateFor } from '../certificates.ts';
import type { Lab } from '../lab.ts';
import type { TargetOptions } from '../target.ts';
import type { Client } from '../wire/client.ts';
import * as frames from '../wire/frames.ts';
import type { H2Client } from '../wire/h2-client.ts';
import { encodeFields } from '../wire/hpack.ts';
import { sleep, until } from '../wire/poll.ts';
import { get, HOST, message } from '../wire/requests.ts';
import { fields, H2C } from './h2-exchange.ts';

/** Short, so that the cases end soon; what is looked for is that they are kept at all. */
const SHORT: Partial<TargetOptions> = {
  config: { timeouts: { headersMs: 500, bodyMs: 500, idleMs: 500, writeMs: 1_000 } },
};
/** Node looks for slow connections once a second, and so does the gateway. */
const CLOSED_MS = 8_000;

/** Writes a byte now and then, for as long as somebody listens. */
function drip(lab: Lab, client: Client, bytes: string, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (client.ended !== undefined) clearInterval(timer);
    else client.write(bytes.charAt(at++ % bytes.length));
  }, everyMs);
  lab.after(() => clearInterval(timer));
}

type Slow = (lab: Lab, client: Client) => unknown;

const POST = message('POST / HTTP/1.1', [HOST, 'Content-Length: 1000']);

const SLOW: readonly (readonly [id: string, title: string, slow: Slow])[] = [
  ['Z01', 'no bytes at all', () => {}],
  [
    'Z02',
    'a head that drips',
    (lab, client) => drip(lab, client.write(`GET / HTTP/1.1\r\n${HOST}\r\n`), 'X-A: a\r\n', 150),
  ],
  ['Z03', 'a head that stalls', (_lab, client) => client.write(`GET / HTTP/1.1\r\n${HOST}\r\nX-A: `)],
  ['Z05', 'a body that stalls', (_lab, client) => client.write(`${POST}hello`)],
  ['Z06', 'an idle connection', async (_lab, client) => client.write(get()).answered()],
];

const overHttp1: readonly Case[] = SLOW.map(
  ([id, title, slow]): Case => ({
    id,
    title: `${title}: the connection is ended`,
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const { port } = await lab.pair({}, SHORT);
      const client = await lab.client(port);
      await slow(lab, client);
      const startedAt = performance.now();
      check(await client.closed(CLOSED_MS), `open after ${CLOSED_MS / 1_000} s`);
      const statuses = client.answers.map(({ status }) => status).join();
      return `${statuses || 'no answer'}, ended after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
    },
  }),
);

const drips: readonly Case[] = [
  {
    id: 'Z04',
    title: 'a body that drips, a byte at a time, is ended in the end',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const { port } = await lab.pair();
      const client = await lab.client(port);
      drip(lab, client.write(POST.replace('1000', '100000')), 'a', 400);
      const startedAt = performance.now();
      check(await client.closed(40_000), 'open after 40 s');
      return `${client.answers[0]?.status ?? 'no answer'}, ended after ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;
    },
  },
  {
    id: 'Z07',
    title: 'TLS without a ClientHello: the connection is ended',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const listener = { tls: { certificates: [await certificateFor('a.test')] } };
      const { port } = await lab.pair({}, { ...SHORT, listener });
      const client = await lab.client(port);
      check(await client.closed(CLOSED_MS), `open after ${CLOSED_MS / 1_000} s`);
      return 'ended';
    },
  },
  {
    id: 'Z16',
    title: 'a client that takes nothing of its answer is ended',
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const body = Buffer.alloc(32 * 1_048_576, 'a');
      const complete = (socket: { write: (bytes: string | Buffer) => unknown }) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
        socket.write(body);
      };
      const { upstream, port } = await lab.pair({ complete }, SHORT);
      const client = await lab.client(port);
      client.socket.pause();
      client.write(get());
      await until(() => upstream.requests().length > 0);
      const ended = () =>
        upstream.connections[0]?.ended !== undefined || upstream.connections[0]?.closed === true;
      check(await until(ended, CLOSED_MS), `the backend is held after ${CLOSED_MS / 1_000} s`);
      return 'ended';
    },
  },
  {
    id: 'Z17',
    title: '400 connections whose heads drip leave others served',
    needs: 'configuration',
    slow: true,
    alone: true,
    run: async (lab) => {
      const { port } = await lab.pair({}, SHORT);
      for (let i = 0; i < 400; i++)
        drip(lab, (await lab.client(port)).write('GET / HTTP/1.1\r\n'), 'X: 1\r\n', 200);
      let slowest = 0;
      for (let i = 0; i < 20; i++) {
        const startedAt = performance.now();
        const good = await lab.client(port);
        const [answer] = await good.write(get()).answered(1, 3_000);
        check(answer?.status === 200, () => `others get ${answer?.status ?? 'no answer'}`);
        slowest = Math.max(slowest, performance.now() - startedAt);
        await sleep(50);
      }
      return `served in at most ${slowest.toFixed(0)} ms`;
    },
  },
];

type SlowH2 = (client: H2Client) => unknown;
const post = frames.frame(frames.HEADERS, frames.END_HEADERS, 1, encodeFields(fields({ ':method': 'POST' })));

const SLOW_H2: readonly (readonly [id: string, title: string, slow: SlowH2, preface?: false])[] = [
  ['Z09', 'no preface', () => {}, false],
  ['Z10', 'no stream', () => {}],
  [
    'Z11',
    'HEADERS without END_HEADERS',
    (client) => client.write(frames.frame(frames.HEADERS, frames.END_STREAM, 1, encodeFields(fields()))),
  ],
  ['Z12', 'a POST that never ends', (client) => client.write(post).data(1, 'hello')],
];

const overHttp2: readonly Case[] = SLOW_H2.map(
  ([id, title, slow, preface = true]): Case => ({
    id,
    title: `${title} over HTTP/2: the stream or the connection is ended`,
    needs: 'configuration',
    slow: true,
    run: async (lab) => {
      const { upstream, port } = await lab.pair({}, { ...SHORT, ...H2C });
      const client = await lab.http2(port, { preface });
      if (preface) await until(() => client.settings.size > 0, 2_000);
      slow(client);
      const startedAt = performance.now();
      const over = () => {
        const { reset, ended } = client.stream(1);
        return client.ended !== undefined || client.goaway !== undefined || reset !== undefined || ended;
      };
      check(await until(over, CLOSED_MS), `open after ${CLOSED_MS / 1_000} s`);
      check(!upstream.requests().some(({ complete }) => complete), 'the backend has a whole request');
      return `${client.summary()} after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
    },
  }),
);

/** RFC 9110 section 15.5.9, RFC 9113 section 10.5. */
export const slowClients: readonly Case[] = [...overHttp1, ...drips, ...overHttp2];
