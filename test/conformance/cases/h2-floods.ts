import { type Case, check } from '../case.ts';
import type { Lab } from '../lab.ts';
import * as frames from '../wire/frames.ts';
import type { H2Client } from '../wire/h2-client.ts';
import { encodeFields, encodeIndexed, type Field } from '../wire/hpack.ts';
import { sleep, until, untilQuiet } from '../wire/poll.ts';
import { pour } from '../wire/pour.ts';
import type { Script } from '../wire/upstream.ts';
import { fields, H2C } from './h2-exchange.ts';

const { frame, uint32 } = frames;

/** Whether others are served; the point of every flood. */
async function serves(lab: Lab, port: number): Promise<void> {
  const client = await lab.http2(port);
  await client.request(1, fields({ ':path': '/alive' }));
  await client.done(1, 5_000);
  check(client.status(1) === 200, () => `others are not served: ${client.summary()}`);
}

const isOver = (client: H2Client) => client.ended !== undefined || client.goaway !== undefined;

/** Sends many frames, some at a time so that the other side can say no; whether it did. */
async function flood(client: H2Client, count: number, make: (i: number) => Buffer): Promise<boolean> {
  const step = 500;
  for (let i = 0; i < count && !isOver(client); i += step) {
    client.write(...Array.from({ length: Math.min(step, count - i) }, (_, j) => make(i + j)));
    await sleep(1);
  }
  return until(() => isOver(client), 300);
}

async function connected(lab: Lab, script: Script = {}) {
  const { upstream, port } = await lab.pair(script, H2C);
  const client = await lab.http2(port);
  await until(() => client.settings.size > 0 || client.frames.length > 0, 2_000);
  return { upstream, port, client };
}

const headers = (stream: number, list: readonly Field[] = fields(), flags = frames.END_STREAM) =>
  frame(frames.HEADERS, flags | frames.END_HEADERS, stream, encodeFields(list));

/** Frames that cost more than they are worth: the connection is closed, or the cost is bounded and others are served. */
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

/** Heads that no gateway should take. */
const LARGE: readonly (readonly [id: string, title: string, block: Buffer])[] = [
  [
    'X37',
    'a field list of 200 KB',
    encodeFields(fields({}, ...Array.from({ length: 20 }, (_, i): Field => [`x-${i}`, 'a'.repeat(10_000)]))),
  ],
  [
    'X38',
    '3,000 fields',
    encodeFields(fields({}, ...Array.from({ length: 3_000 }, (_, i): Field => [`x-${i}`, '1']))),
  ],
  [
    'X47',
    'a field list of 32 MB out of 12 KB',
    Buffer.concat([
      encodeFields(fields()),
      encodeIndexed(['x-a', 'a'.repeat(4_000)]),
      Buffer.alloc(8_000, 0xbe),
    ]),
  ],
];

/** A header block in as many frames as it takes. */
function blockFrames(stream: number, block: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < block.length; at += 16_384) parts.push(block.subarray(at, at + 16_384));
  return parts.map((part, i) => {
    const end = i === parts.length - 1 ? frames.END_HEADERS : 0;
    return i === 0
      ? frame(frames.HEADERS, end | frames.END_STREAM, stream, part)
      : frame(frames.CONTINUATION, end, stream, part);
  });
}

/** RFC 9113 section 10.5. */
const sizes: readonly Case[] = LARGE.map(([id, title, block]) => ({
  id,
  title: `${title}: refused`,
  needs: 'http2',
  run: async (lab) => {
    const { upstream, port, client } = await connected(lab);
    client.write(...blockFrames(1, block));
    await client.done(1, 3_000);
    check(upstream.text === '', 'forwarded');
    const { reset } = client.stream(1);
    check(
      (client.status(1) ?? 0) >= 400 || reset !== undefined || isOver(client),
      () => `not refused: ${client.summary()}`,
    );
    await serves(lab, port);
    return client.summary();
  },
}));

const floods: readonly Case[] = [
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
  ...CHEAP.map(([id, title, count, make, before]) => ({
    id,
    title: `${title}: ended or bounded, and others are served`,
    needs: 'http2' as const,
    alone: true,
    run: async (lab: Lab) => {
      const { port, client } = await connected(lab);
      if (before !== undefined) client.write(before);
      const over = await flood(client, count, make);
      await serves(lab, port);
      return over ? 'ended' : 'bounded';
    },
  })),
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

export const h2Floods: readonly Case[] = [...sizes, ...floods];
