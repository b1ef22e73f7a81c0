import { type Case, check } from '../case.ts';
import type { Lab } from '../lab.ts';
import { type GatewayProcess, startProcess } from '../targets/gateway-process.ts';
import { until, untilQuiet } from '../wire/poll.ts';
import { pour } from '../wire/pour.ts';
import { get, HOST, message, post } from '../wire/requests.ts';
import { reply, type Script } from '../wire/upstream.ts';
import { handshake, SWITCH } from './websocket-handshake.ts';

const MIB = 1_048_576;
const GIB = 1_024 * MIB;
/** Of one stream, on loopback: most of it is what the kernel holds. */
const MAX_HELD = 16 * MIB;

const inMib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;

/** @throws Finding where more is held than may be, or nothing moves at all */
function bounded(bytes: number): string {
  check(bytes > 0, 'nothing moves');
  check(bytes <= MAX_HELD, `took ${inMib(bytes)}`);
  return inMib(bytes);
}

/** A gateway in a process of its own in front of a backend. */
async function separate(lab: Lab, script: Script): Promise<GatewayProcess> {
  const upstream = await lab.upstream(script);
  const gateway = await startProcess({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    pools: { main: { backends: [upstream.url], health: false } },
    log: { level: 'silent', access: false },
    limits: { bodyBytes: 4 * GIB },
  });
  lab.after(() => gateway.stop());
  return gateway;
}

/** A backend that sends a body, as fast as it is taken. */
const sends = (length: number, taken?: (measure: () => number) => void): Script => ({
  complete: (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
    const measure = pour(socket, length);
    taken?.(measure);
  },
});

/** A backend that takes all that comes, counts it, and answers at its end. */
const takes = (length: number): Script => ({
  connect: (socket) => {
    let left = length;
    socket.on('data', (part: Buffer) => {
      left -= part.length;
      if (left > 0) return;
      left = length;
      socket.write(reply('200 OK', [], 'ok'));
    });
  },
});

/** Takes an answer of so many bytes, and keeps nothing of it. */
async function download(lab: Lab, port: number, length: number): Promise<void> {
  const { socket } = await lab.client(port);
  socket.removeAllListeners('data');
  let received = 0;
  socket.on('data', (part: Buffer) => {
    received += part.length;
  });
  socket.write(get());
  check(await until(() => received >= length, 30_000), () => `received ${inMib(received)}`);
  socket.destroy();
}

/** Sends so many bytes. */
async function upload(lab: Lab, port: number, length: number): Promise<void> {
  const client = await lab.client(port);
  client.write(message('POST / HTTP/1.1', [HOST, `Content-Length: ${length}`]));
  pour(client.socket, length);
  const [answer] = await client.answered(1, 30_000);
  check(answer?.status === 200, () => `the upload got ${answer?.status ?? 'no answer'}`);
  client.socket.destroy();
}

/** Without backpressure one side's memory is the other side's patience. */
const held: readonly Case[] = [
  {
    id: 'B01',
    title: 'of 1 GB for a client that does not read at most 16 MiB are taken from the backend',
    alone: true,
    run: async (lab) => {
      let taken = () => 0;
      const { port } = await lab.pair(sends(GIB, (measure) => (taken = measure)));
      const client = await lab.client(port);
      client.socket.pause();
      client.write(get());
      return bounded(await untilQuiet(() => taken(), 400));
    },
  },
  {
    id: 'B02',
    title: 'of 400 MB for a backend that does not read at most 16 MiB are taken from the client',
    alone: true,
    run: async (lab) => {
      const { port } = await lab.pair({ connect: (socket) => socket.pause() });
      const client = await lab.client(port);
      client.write(message('POST / HTTP/1.1', [HOST, `Content-Length: ${400 * MIB}`]));
      const taken = pour(client.socket, 400 * MIB);
      return bounded(await untilQuiet(taken, 400));
    },
  },
  {
    id: 'B05',
    title: 'of 1 GB in a tunnel to a client that does not read at most 16 MiB are taken from the backend',
    needs: 'configuration',
    alone: true,
    run: async (lab) => {
      let taken = () => 0;
      const { port } = await lab.pair({
        complete: (socket) => {
          socket.write(SWITCH);
          taken = pour(socket, GIB);
        },
      });
      const client = await lab.client(port);
      client.socket.pause();
      client.write(handshake());
      return bounded(await untilQuiet(() => taken(), 400));
    },
  },
];

const memory: readonly Case[] = [
  {
    id: 'B03',
    title: '300 clients that do not read 1 MB each cost at most 64 MiB',
    needs: 'configuration',
    alone: true,
    run: async (lab) => {
      const gateway = await separate(lab, sends(MIB));
      for (let i = 0; i < 60; i++) await download(lab, gateway.port, MIB);
      const before = gateway.memory() ?? 0;
      for (let i = 0; i < 300; i++) {
        const client = await lab.client(gateway.port);
        client.socket.pause();
        client.write(get());
      }
      await untilQuiet(() => Math.round((gateway.memory() ?? 0) / MIB), 500, 5_000);
      const grown = (gateway.memory() ?? 0) - before;
      check(gateway.running(), 'the process has ended');
      check(grown <= 64 * MIB, `costs ${inMib(grown)}`);
      return inMib(Math.max(grown, 0));
    },
  },
  {
    id: 'B06',
    title: '256 MiB up and 256 MiB down leave the memory where it was',
    needs: 'configuration',
    alone: true,
    run: async (lab) => {
      const length = 256 * MIB;
      const down = await separate(lab, sends(length));
      const up = await separate(lab, takes(length));
      const both = () => Promise.all([download(lab, down.port, length), upload(lab, up.port, length)]);
      // The first time the heap finds its size.
      await both();
      const before = [down, up].map((gateway) => gateway.memory() ?? 0);
      await both();
      const grown = [down, up].map((gateway, i) => (gateway.memory() ?? 0) - (before[i] ?? 0));
      check(Math.max(...grown) <= 32 * MIB, `grew by ${grown.map(inMib).join(' and ')}`);
      return `grew by ${grown.map(inMib).join(' and ')}`;
    },
  },
  {
    id: 'B07',
    title: 'bodies beyond what is kept for a retry are not sent again',
    needs: 'configuration',
    run: async (lab) => {
      const copies = async (length: number) => {
        const [one, two] = [
          await lab.upstream({ complete: (socket) => socket.resetAndDestroy() }),
          await lab.upstream({ complete: (socket) => socket.resetAndDestroy() }),
        ];
        const { port } = await lab.start({ backends: [one.url, two.url], pool: { retries: { retries: 1 } } });
        const client = await lab.client(port);
        const [answer] = await client
          .write(post('a'.repeat(length)).replace('POST', 'PUT'))
          .answered(1, 5_000);
        check(answer?.status === 502, () => `got ${answer?.status ?? 'no answer'}`);
        return [...one.requests(), ...two.requests()].filter(({ complete }) => complete).length;
      };
      const [small, large] = [await copies(1_000), await copies(500_000)];
      check(small === 2, `a small one is sent ${small} times`);
      check(large === 1, `a large one is sent ${large} times`);
      return '1 KB twice, 500 KB once';
    },
  },
];

export const backpressure: readonly Case[] = [...held, ...memory];
