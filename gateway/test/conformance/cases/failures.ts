import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { type Case, check } from '../case.ts';
import { certificateFor } from '../certificates.ts';
import { type Lab, REFUSING } from '../lab.ts';
import type { PoolInput, TargetOptions } from '../target.ts';
import { type Answer, header } from '../wire/messages.ts';
import { sleep } from '../wire/poll.ts';
import { get, post } from '../wire/requests.ts';
import { type Reply, reply } from '../wire/upstream.ts';

/** One request on a connection of its own. */
async function ask(lab: Lab, port: number, bytes: string, timeoutMs = 5_000): Promise<Answer> {
  const client = await lab.client(port);
  const [answer] = await client.write(bytes).answered(1, timeoutMs);
  check(answer !== undefined, 'no answer');
  return answer;
}

const inOrder = { strategy: 'round-robin' } as const;

/** @throws Finding where the answer does not say when to come back */
function comesBack(answer: Answer): string {
  check(answer.status === 503, () => `got ${answer.status}`);
  const retryAfter = header(answer, 'retry-after');
  check(/^\d+$/.test(retryAfter ?? ''), () => `Retry-After: ${retryAfter}`);
  return `503, Retry-After: ${retryAfter}`;
}

const unreachable: readonly Case[] = [
  {
    id: 'E01',
    title: 'a connection that is refused: 502; with another backend it answers, a POST too',
    run: async (lab) => {
      const alone = await lab.start({ backends: [REFUSING] });
      check((await ask(lab, alone.port, get())).status >= 502, 'alone it is not 502');
      if (!lab.target.own) return '502';
      const good = await lab.upstream();
      const { port } = await lab.start({ backends: [REFUSING, good.url], pool: inOrder });
      for (const bytes of [get('/1'), get('/2'), post('hello', '/3'), post('hello', '/4')])
        check((await ask(lab, port, bytes)).status === 200, 'not answered by the other');
      check(good.requests().length === 4, `sent ${good.requests().length} times`);
      return '502; 4 of 4';
    },
  },
  {
    id: 'E03',
    title: 'no backend at all: 503 with Retry-After',
    needs: 'configuration',
    run: async (lab) => {
      const { port } = await lab.start({ backends: [] });
      return comesBack(await ask(lab, port, get()));
    },
  },
  {
    id: 'E04',
    title: 'where all backends failed, the pool panics rather than to refuse for ever',
    needs: 'configuration',
    run: async (lab) => {
      const bad: Reply = reply('500 Internal Server Error');
      const upstreams = [await lab.upstream({ complete: bad }), await lab.upstream({ complete: bad })];
      const pool: Partial<PoolInput> = {
        ejection: { consecutiveFailures: 1, baseMs: 60_000 },
        retries: false,
      };
      const { port } = await lab.start({ backends: upstreams.map(({ url }) => url), pool });
      for (let i = 0; i < 6; i++) await ask(lab, port, get(`/${i}`));
      for (const upstream of upstreams) upstream.script = {};
      const { status } = await ask(lab, port, get('/again'));
      check(status === 200, () => `once they are well again: ${status}`);
      return 'served as soon as they are well';
    },
  },
  {
    id: 'E06',
    title: 'a name that does not resolve: 502, and the gateway runs on',
    needs: 'configuration',
    run: async (lab) => {
      const { port } = await lab.start({
        backends: ['http://no-such-host.invalid:80'],
        pool: { retries: false },
      });
      const { status } = await ask(lab, port, get(), 15_000);
      check(status === 502 || status === 504, () => `got ${status}`);
      return `${status}`;
    },
  },
  {
    id: 'E07',
    title: "a backend's certificate that cannot be trusted: 502, and nothing goes out in the clear",
    needs: 'configuration',
    run: async (lab) => {
      const { cert, key } = await certificateFor('a.test');
      let seen = '';
      const server = createServer({ cert, key }, (socket) => {
        socket.on('data', (part: Buffer) => {
          seen += part.toString('latin1');
          socket.write(reply('200 OK', [], 'ok'));
        });
        socket.on('error', () => {});
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      lab.after(() => server.close());
      const backends = [`https://127.0.0.1:${(server.address() as AddressInfo).port}`];
      // The client asks for the very name that the certificate is for: what counts is where the backend is.
      const wrong = [undefined, { ca: cert }, { ca: cert, serverName: 'b.test' }];
      for (const tls of wrong) {
        const { port } = await lab.start({ backends, ...(tls && { pool: { tls } }) });
        const { status } = await ask(lab, port, get());
        check(seen === '', () => `with ${Object.keys(tls ?? {})} ${tls?.serverName ?? ''} it sent ${seen}`);
        check(status === 502, () => `got ${status}`);
      }
      const { port } = await lab.start({ backends, pool: { tls: { ca: cert, serverName: 'a.test' } } });
      const { status } = await ask(lab, port, get());
      check(status === 200, () => `with its own name ${status}`);
      return '502 for issuer and names, 200';
    },
  },
  {
    id: 'E09',
    title: 'error pages tell nothing of what lies behind',
    run: async (lab) => {
      const { port } = await lab.start({ backends: [REFUSING] });
      for (const accept of ['application/json', 'text/html', 'text/plain']) {
        const client = await lab.client(port);
        await client.write(get('/', `Accept: ${accept}`)).answered();
        const leak = ['node:internal', 'ECONNREFUSED', ' at ', 'node_modules', '127.0.0.1'].find((word) =>
          client.text.includes(word),
        );
        check(leak === undefined, () => `tells ${leak}: ${client.text}`);
        check(client.answers[0]?.status === 502 || client.answers[0]?.status === 503, () => client.text);
      }
      return 'nothing';
    },
  },
];

/** One request at a time, and few that wait. */
const narrow = (timeoutMs: number, limit: number): Partial<TargetOptions> => ({
  pool: { maxInFlight: 1, queue: { limit, timeoutMs }, retries: false },
});

const overloaded: readonly Case[] = [
  {
    id: 'E10',
    title: 'a queue that is full: 503 at once; one that is too slow: 503 at its deadline',
    needs: 'configuration',
    run: async (lab) => {
      const { port } = await lab.pair({ complete: () => {} }, narrow(400, 1));
      const first = await lab.client(port);
      first.write(get('/first'));
      await sleep(50);
      const startedAt = performance.now();
      const waits = ask(lab, port, get('/waits')).then((answer) => ({
        answer,
        ms: performance.now() - startedAt,
      }));
      await sleep(30);
      const full = await ask(lab, port, get('/full'));
      const fullMs = performance.now() - startedAt;
      const { answer, ms } = await waits;
      check(
        full.status === 503 && answer.status === 503,
        () => `full ${full.status}, waited ${answer.status}`,
      );
      check(fullMs < ms, 'the full one waited, too');
      check(ms >= 350 && ms < 3_000, `waited ${ms.toFixed(0)} ms`);
      return `503 after ${fullMs.toFixed(0)} and ${ms.toFixed(0)} ms`;
    },
  },
  {
    id: 'E11',
    title: 'a circuit that is open: 503 with Retry-After at once, and later a probe',
    needs: 'configuration',
    run: async (lab) => {
      const circuitBreaker = { minRequests: 5, openMs: 700 };
      const pool: Partial<PoolInput> = {
        circuitBreaker,
        ejection: false,
        retries: false,
        panicRatio: 0,
        queue: false,
      };
      const { upstream, port } = await lab.pair({ complete: (socket) => socket.resetAndDestroy() }, { pool });
      for (let i = 0; i < 5; i++) await ask(lab, port, get(`/${i}`));
      const before = upstream.requests().length;
      const note = comesBack(await ask(lab, port, get('/open')));
      check(upstream.requests().length === before, 'asked the backend');
      upstream.script = {
        complete: async (socket) => {
          await sleep(200);
          socket.write(reply('200 OK', [], 'ok'));
        },
      };
      await sleep(900);
      const probes = await Promise.all([1, 2, 3].map((i) => ask(lab, port, get(`/probe${i}`))));
      const passed = probes.filter(({ status }) => status === 200).length;
      check(passed === 1, () => `of three probes ${passed} passed`);
      return `${note}; then one probe of three`;
    },
  },
];

/** RFC 9110 sections 10.2.3, 15.6. */
export const failures: readonly Case[] = [...unreachable, ...overloaded];
