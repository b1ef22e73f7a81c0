import { type Case, check } from '../case.ts';
import { clean, exchange, rejected, status } from '../judge.ts';
import type { Lab } from '../lab.ts';
import { type GatewayProcess, startProcess } from '../targets/gateway-process.ts';
import { Client } from '../wire/client.ts';
import { sleep, until } from '../wire/poll.ts';
import { chunk, get, HOST, message, post, postChunked, SMUGGLED } from '../wire/requests.ts';

const lines = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: ${i}`);

/** Too much of something: its status, and nothing at the backend. */
const TOO_MUCH: readonly (readonly [
  id: string,
  title: string,
  bytes: string,
  statuses: readonly number[],
])[] = [
  ['L01', 'a target of 20 KB', get(`/${'a'.repeat(20_000)}`), [414, 431]],
  ['L02', 'a header of 100 KB', get('/', `X-A: ${'a'.repeat(100_000)}`), [431]],
  ['L03', '1,500 headers', get('/', ...lines(1_500)), [431]],
];

/** No more than clients and backends agree on every day. */
const ENOUGH: readonly (readonly [id: string, title: string, bytes: string])[] = [
  ['L04', 'a cookie of 8 KB', get('/', `Cookie: a=${'a'.repeat(8_000)}`)],
  ['L05', 'two headers of 7 KB', get('/', `X-A: ${'a'.repeat(7_000)}`, `X-B: ${'b'.repeat(7_000)}`)],
];

const small = { config: { limits: { bodyBytes: 1_000 } } };

const heads: readonly Case[] = [
  ...TOO_MUCH.map(
    ([id, title, bytes, statuses]): Case => ({
      id,
      title: `${title}: ${statuses.join(' or ')}`,
      run: async (lab) => {
        const outcome = await exchange(lab, bytes);
        // Peers have their own statuses for it.
        status(outcome, ...statuses, ...(lab.target.own ? [] : [400]));
        return rejected(outcome);
      },
    }),
  ),
  ...ENOUGH.map(
    ([id, title, bytes]): Case => ({
      id,
      title: `${title} passes`,
      run: async (lab) => {
        const outcome = await exchange(lab, bytes);
        status(outcome, 200);
        return outcome.summary;
      },
    }),
  ),
  {
    id: 'L06',
    title: 'Transfer-Encoding after 1,200 headers smuggles nothing',
    run: async (lab) => {
      const headers = [HOST, ...lines(1_200), 'Transfer-Encoding: chunked'];
      return clean(await exchange(lab, message('POST / HTTP/1.1', headers, chunk(SMUGGLED))));
    },
  },
  {
    id: 'L07',
    title: 'a body beyond the limit: 413 before the backend is asked, or, chunked, broken off',
    needs: 'configuration',
    run: async (lab) => {
      const known = await exchange(lab, post('a'.repeat(1_001)), { options: small });
      status(known, 413);
      check(
        known.upstream.connections.every(({ received }) => received === 0),
        'asked the backend',
      );
      const chunked = await exchange(lab, postChunked(chunk('a'.repeat(1_001))), { options: small });
      status(chunked, 413);
      rejected(chunked);
      const most = await exchange(lab, post('a'.repeat(1_000)), { options: small });
      status(most, 200);
      return '413, 413; at the limit 200';
    },
  },
];

/** Opens connections that say nothing; those that are refused end by themselves. */
async function open(lab: Lab, port: number, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  for (let i = 0; i < count; i++) {
    const client = await lab.client(port).catch(() => undefined);
    if (client !== undefined) clients.push(client);
  }
  await sleep(100);
  return clients;
}

async function asks(client: Client): Promise<number | undefined> {
  const [answer] = await client.write(get()).answered(1, 3_000);
  return answer?.status;
}

const connections: readonly Case[] = [
  {
    id: 'L08',
    title: 'connections beyond the limit are ended, those within it are served',
    needs: 'configuration',
    run: async (lab) => {
      const { port } = await lab.pair({}, { config: { limits: { connections: 20 } } });
      const clients = await open(lab, port, 60);
      const kept = clients.filter(({ ended }) => ended === undefined);
      check(kept.length <= 20, `keeps ${kept.length} of 60`);
      for (const client of kept.slice(0, 5))
        check((await asks(client)) === 200, 'does not serve those within it');
      for (const client of clients) client.socket.destroy();
      await sleep(100);
      return `keeps ${kept.length} of 60`;
    },
  },
  {
    id: 'L09',
    title: 'connections of one client beyond its limit are ended, those of another client are served',
    needs: 'configuration',
    run: async (lab) => {
      const { port } = await lab.pair({}, { config: { limits: { connectionsPerClient: 5 } } });
      const clients = await open(lab, port, 20);
      const kept = clients.filter(({ ended }) => ended === undefined);
      check(kept.length === 5, `keeps ${kept.length} of 20`);
      const other = await Client.connect(port, undefined, '127.0.0.2');
      lab.after(() => other.socket.destroy());
      check((await asks(other)) === 200, 'does not serve another client');
      for (const client of clients) client.socket.destroy();
      await sleep(100);
      return `keeps ${kept.length} of 20`;
    },
  },
  {
    id: 'L10',
    title: 'out of file descriptors: those who are connected are served on, and others again later',
    needs: 'configuration',
    alone: true,
    run: async (lab) => {
      const upstream = await lab.upstream();
      const gateway: GatewayProcess = await startProcess(
        {
          listeners: [{ host: '127.0.0.1', port: 0 }],
          pools: { main: { backends: [upstream.url], health: false } },
        },
        256,
      );
      lab.after(() => gateway.stop());
      const first = await lab.client(gateway.port);
      check((await asks(first)) === 200, 'does not serve at all');
      const many = await open(lab, gateway.port, 400);
      check((await asks(first)) === 200, 'does not serve those who are connected');
      for (const client of many) client.socket.destroy();
      const recovered = async () => {
        const client = await lab.client(gateway.port);
        return (await asks(client)) === 200;
      };
      let again = false;
      await until(
        () => {
          void recovered().then((isServed) => {
            again ||= isServed;
          });
          return again;
        },
        5_000,
        250,
      );
      check(gateway.running(), 'the process has ended');
      check(again, 'does not recover');
      return 'served on, and recovered';
    },
  },
];

export const limits: readonly Case[] = [...heads, ...connections];
