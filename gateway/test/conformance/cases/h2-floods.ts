import { type Case, check } from '../case.ts';
import type { Lab } from '../lab.ts';
import * as frames from '../wire/frames.ts';
import type { H2Client } from '../wire/h2-client.ts';
import { encodeFields, type Field } from '../wire/hpack.ts';
import { sleep, until, untilQuiet } from '../wire/poll.ts';
import { pour } from '../wire/pour.ts';
import type { Script } from '../wire/upstream.ts';
import { connected, isOver, serves } from './h2-connection.ts';
import { fields, H2C } from './h2-exchange.ts';

const { frame, uint32 } = frames;

/** Sends many frames, some at a time so that the other side can say no; whether it did. */
async function flood(client: H2Client, count: number, make: (i: number) => Buffer): Promise<boolean> {
  const step = 500;
  for (let i = 0; i < count && !isOver(client); i += step) {
    client.write(...Array.from({ length: Math.min(step, count - i) }, (_, j) => make(i + j)));
    await sleep(1);
  }
  return until(() => isOver(client), 300);
}

const headers = (stream: number, list: readonly Field[] = fields(), flags = frames.END_STREAM) =>
  frame(frames.HEADERS, flags | frames.END_HEADERS, stream, encodeFields(list));

/**
 * Frames that cost more than they are worth: the connection is closed, or the cost is bounded and others are
 * served.
 */
const CHEAP: readonly (readonly [
  id: string,
  title: string,
  count: number,
  make: (i: number) => Buffer,
  before?: Buffer,
])[] = [
  ['X42', '20,000 PING', 20_000, () => frame(frames.PING, 0, 0, Buffer.alloc(8))],
  ['X43', '20,000 SETTINGS', 20_000, () => frames.settingsFrame([[frames.INITIAL_WINDOW_SIZE, 65_535]])],
  [
    'X44',
    '20,000 empty DATA',
    20_000,
    () => frame(frames.DATA, 0, 1),
    headers(1, fields({ ':method': 'POST' }), 0),
  ],
];

/** RFC 9113 section 10.5. */
export const h2Floods: readonly Case[] = [
  {
    id: 'X39',
    title: '20,000 CONTINUATION of 1 KB end the connection',
    needs: 'http2',
    alone: true,
    run: async (lab) => {
      const { port, client } = await connected(lab);
      client.write(frame(frames.HEADERS, frames.END_STREAM, 1, encodeFields(fields())));
      const block = encodeFields([['x-a', 'a'.repeat(1_000)]]);
      const startedAt = performance.now();
      const over = await flood(client, 20_000, () => frame(frames.CONTINUATION, 0, 1, block));
      const ms = performance.now() - startedAt;
      check(over, 'took all of them');
      check(ms < 5_000, `took ${ms.toFixed(0)} ms to say no`);
      await serves(lab, port);
      return `closed after ${ms.toFixed(0)} ms`;
    },
  },
  {
    id: 'X40',
    title: '5,000 streams, reset at once: ended or bounded, and the backend is not asked for all of them',
    needs: 'http2',
    alone: true,
    run: async (lab) => {
      const { upstream, port, client } = await connected(lab, { head: () => {} });
      const over = await flood(client, 5_000, (i) =>
        Buffer.concat([headers(i * 2 + 1), frame(frames.RST_STREAM, 0, i * 2 + 1, uint32(frames.CANCEL))]),
      );
      const asked = upstream.requests().length;
      check(over || asked < 2_500, `took all of them, and asked the backend ${asked} times`);
      upstream.script = {};
      await serves(lab, port);
      return `${over ? 'ended' : 'bounded'}, ${asked} requests upstream`;
    },
  },
  {
    id: 'X41',
    title: '2,000 streams that the gateway must reset itself: ended or bounded',
    needs: 'http2',
    alone: true,
    run: async (lab) => {
      const { upstream, port, client } = await connected(lab, { head: () => {} });
      // An increment of 0 is an error of the stream: the answer is RST_STREAM (RFC 9113 section 6.9).
      const over = await flood(client, 2_000, (i) =>
        Buffer.concat([headers(i * 2 + 1), frame(frames.WINDOW_UPDATE, 0, i * 2 + 1, uint32(0))]),
      );
      const open = () =>
        upstream.connections.filter(
          ({ closed, ended, received }) => received > 0 && !closed && ended === undefined,
        ).length;
      await until(() => open() <= 100, 2_000);
      check(open() <= 100, `${open()} requests are still under way at the backend`);
      upstream.script = {};
      await serves(lab, port);
      return `${over ? 'ended' : 'bounded'}, ${upstream.requests().length} requests upstream`;
    },
  },
  ...CHEAP.map(
    ([id, title, count, make, before]): Case => ({
      id,
      title: `${title}: ended or bounded, and others are served`,
      needs: 'http2',
      alone: true,
      run: async (lab: Lab) => {
        const { port, client } = await connected(lab);
        if (before !== undefined) client.write(before);
        const over = await flood(client, count, make);
        await serves(lab, port);
        return over ? 'ended' : 'bounded';
      },
    }),
  ),
  {
    id: 'X45',
    title: 'a WINDOW_UPDATE beyond 2 to the 31st ends the connection',
    needs: 'http2',
    run: async (lab) => {
      const { port, client } = await connected(lab);
      client.write(frame(frames.WINDOW_UPDATE, 0, 0, uint32(0x7fff_ffff)));
      check(await until(() => isOver(client), 2_000), 'took it');
      check(await until(() => client.ended !== undefined, 3_000), 'the connection stays open after GOAWAY');
      await serves(lab, port);
      return client.summary();
    },
  },
  {
    id: 'X46',
    title: 'of 1,500 streams at once at most 128 are taken',
    needs: 'http2',
    alone: true,
    run: async (lab) => {
      const { upstream, port, client } = await connected(lab, { head: () => {} });
      const limit = client.settings.get(frames.MAX_CONCURRENT_STREAMS) ?? Number.POSITIVE_INFINITY;
      await flood(client, 1_500, (i) => headers(i * 2 + 1));
      const asked = await untilQuiet(() => upstream.requests().length, 200);
      check(limit <= 128, `announced ${limit} streams`);
      check(asked <= limit, `took ${asked}, having announced ${limit}`);
      const refused = Array.from({ length: 1_500 }, (_, i) => client.stream(i * 2 + 1).reset);
      const byRefusal = refused.filter((code) => code === frames.REFUSED_STREAM).length;
      upstream.recover();
      await serves(lab, port);
      return `${asked} taken of ${limit}, ${byRefusal} refused, ${client.goaway === undefined ? 'open' : 'GOAWAY'}`;
    },
  },
  {
    id: 'X48',
    title: 'of 1 GB for a client with a window of 0 at most 16 MB are taken from the backend',
    needs: 'http2',
    alone: true,
    run: async (lab) => {
      let taken = () => 0;
      const script: Script = {
        complete: (socket) => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n');
          taken = pour(socket, 1_073_741_824);
        },
      };
      const { port } = await lab.pair(script, H2C);
      const client = await lab.http2(port, { settings: [[frames.INITIAL_WINDOW_SIZE, 0]], reading: false });
      await client.request(1, fields());
      const bytes = await untilQuiet(() => taken(), 400);
      check(bytes > 0 && bytes <= 16 * 1_048_576, `took ${(bytes / 1_048_576).toFixed(1)} MiB`);
      return `${(bytes / 1_048_576).toFixed(1)} MiB`;
    },
  },
  {
    id: 'X49',
    title: 'after rapid resets others are served',
    needs: 'http2',
    alone: true,
    run: async (lab) => {
      const { upstream, port, client } = await connected(lab, { head: () => {} });
      await flood(client, 2_000, (i) =>
        Buffer.concat([headers(i * 2 + 1), frame(frames.RST_STREAM, 0, i * 2 + 1, uint32(frames.CANCEL))]),
      );
      upstream.script = {};
      await Promise.all(Array.from({ length: 20 }, () => serves(lab, port)));
      return '20 of 20';
    },
  },
];
