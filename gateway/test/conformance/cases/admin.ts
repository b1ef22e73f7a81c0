import { type Case, check } from '../case.ts';
import type { Lab } from '../lab.ts';
import type { TargetOptions } from '../target.ts';
import type { Answer } from '../wire/messages.ts';
import { get, HOST, message } from '../wire/requests.ts';
import { echo } from '../wire/upstream.ts';
import { fields } from './h2-exchange.ts';

const TOKEN = 'a-token-of-many-characters';
const PATHS = [
  '/stats',
  '/metrics',
  '/healthz',
  '/readyz',
  '/explain?path=/',
  '/backends',
  '/favicon.ico',
  '/',
];

interface Operated {
  readonly port: number;
  readonly adminPort: number;
  readonly ask: (bytes: string) => Promise<Answer>;
}

async function operated(lab: Lab, options: Partial<TargetOptions> = {}): Promise<Operated> {
  const { running, port } = await lab.pair({}, { admin: {}, ...options });
  const adminPort = running.adminPort as number;
  return {
    port,
    adminPort,
    ask: async (bytes) => {
      const client = await lab.client(adminPort);
      const [answer] = await client.write(bytes).answered();
      check(answer !== undefined, 'no answer');
      return answer;
    },
  };
}

const local = (startLine: string, headers: readonly string[] = [], body = '') =>
  message(`${startLine} HTTP/1.1`, ['Host: 127.0.0.1', ...headers], body);

/** A change, as its sender would make it. */
const change = (...headers: string[]) => {
  const body = JSON.stringify({ pool: 'main', url: 'http://127.0.0.1:1' });
  return local(
    'POST /backends',
    ['Content-Type: application/json', `Content-Length: ${body.length}`, ...headers],
    body,
  );
};

export const adminCases: readonly Case[] = [
  {
    id: 'M01',
    title: 'operators have a listener of their own, on this machine alone',
    needs: 'configuration',
    run: async (lab) => {
      const { port, adminPort, ask } = await operated(lab);
      check(adminPort !== port, 'the same port');
      check((await ask(local('GET /stats'))).status === 200, 'does not answer');
      return 'of its own';
    },
  },
  {
    id: 'M02',
    title: 'clients reach nothing of it, in no form of the target',
    needs: 'configuration',
    run: async (lab) => {
      const complete = echo;
      const { running, port } = await lab.pair({ complete }, { admin: {}, listener: { h2c: true } });
      for (const path of PATHS) {
        const forms = [
          get(path),
          message(`GET ${path} HTTP/1.1`, ['Host: 127.0.0.1']),
          message(`GET ${path} HTTP/1.1`, [`Host: 127.0.0.1:${running.adminPort}`]),
          message(`GET http://127.0.0.1:${running.adminPort}${path} HTTP/1.1`, [
            `Host: 127.0.0.1:${running.adminPort}`,
          ]),
          get(`/${path}`),
        ];
        for (const bytes of forms) {
          const client = await lab.client(port);
          const [answer] = await client.write(bytes).answered();
          const isBackend = answer?.status === 200 && String(answer.body).endsWith(path);
          check(
            isBackend || (answer?.status ?? 400) >= 400,
            () => `${bytes.split('\r\n')[0]}: ${client.text}`,
          );
        }
        const client = await lab.http2(port);
        await client.request(1, fields({ ':authority': `127.0.0.1:${running.adminPort}`, ':path': path }));
        await client.done();
        check(
          String(client.body(1)) === path || client.status(1) !== 200,
          () => `HTTP/2 ${path}: ${client.summary()}`,
        );
      }
      return `${PATHS.length} paths`;
    },
  },
  {
    id: 'M03',
    title: 'a token where one is set, no changes from other origins, no other host',
    needs: 'configuration',
    run: async (lab) => {
      const guarded = await operated(lab, { admin: { token: TOKEN } });
      const statusOf = async (bytes: string) => (await guarded.ask(bytes)).status;
      for (const line of [
        'X-A: 1',
        'Authorization: Bearer wrong',
        `Authorization: Basic ${TOKEN}`,
        'Authorization: Bearer ',
      ])
        check((await statusOf(local('GET /stats', [line]))) === 401, () => `${line}: not 401`);
      check(
        (await statusOf(local('GET /stats', [`Authorization: Bearer ${TOKEN}`]))) === 200,
        'the token does not help',
      );
      check((await statusOf(change())) === 401, 'a change without the token');
      const open = await operated(lab);
      const refused = {
        'another origin': change('Origin: http://evil.test'),
        'another site': change('Sec-Fetch-Site: cross-site'),
        'no proof of intent': change(),
        'another host': message('GET /stats HTTP/1.1', ['Host: evil.test']),
      };
      for (const [what, bytes] of Object.entries(refused)) {
        const answer = await open.ask(bytes);
        check(answer.status >= 400, () => `${what}: ${answer.status}`);
        const allowed = answer.headers.find(([name]) => name.toLowerCase() === 'access-control-allow-origin');
        check(allowed === undefined, () => `${what}: ${allowed?.join(': ')}`);
      }
      check(
        (await open.ask(change('X-Evenkeel-Admin: 1'))).status === 201,
        'a change from this machine is refused',
      );
      return 'refused, and let in';
    },
  },
  {
    id: 'M04',
    title: 'labels of metrics do not grow with what clients ask for',
    needs: 'configuration',
    run: async (lab) => {
      const { port, ask } = await operated(lab);
      const scrape = async () => String((await ask(local('GET /metrics'))).body);
      const client = await lab.client(port);
      await client.write(get('/')).answered();
      const before = (await scrape()).split('\n').length;
      for (let i = 0; i < 60; i++) {
        const other = await lab.client(port);
        await other
          .write(message(`GET /secret-${i}?token=${i} HTTP/1.1`, [`Host: h${i}.test`, `User-Agent: u${i}`]))
          .answered();
      }
      const text = await scrape();
      check(!/secret|h\d+\.test|token=/.test(text), 'tells what was asked for');
      const grown = text.split('\n').length - before;
      check(grown < 60, `${grown} more lines after 60 requests`);
      return `${grown} more lines after 60 requests`;
    },
  },
  {
    id: 'M05',
    title: 'a body of more than 1 MiB: 413; malformed JSON: 400',
    needs: 'configuration',
    run: async (lab) => {
      const { ask } = await operated(lab);
      const lines = ['Content-Type: application/json', 'X-Evenkeel-Admin: 1'];
      const large = await ask(local('POST /backends', [...lines, 'Content-Length: 2000000'], '{'));
      check(large.status === 413, () => `got ${large.status}`);
      for (const body of [
        '{',
        '[]',
        'null',
        '{"pool":"main"}',
        '{"pool":"main","url":"x"}',
        '{"__proto__":{"polluted":1}}',
      ]) {
        const answer = await ask(local('POST /backends', [...lines, `Content-Length: ${body.length}`], body));
        check(answer.status === 400, () => `${body}: ${answer.status}`);
      }
      check(({} as { polluted?: unknown }).polluted === undefined, 'polluted Object.prototype');
      return '413, 400';
    },
  },
  {
    id: 'M06',
    title: 'operators who ask without end leave clients served',
    needs: 'configuration',
    alone: true,
    run: async (lab) => {
      const { port, adminPort } = await operated(lab);
      let asking = true;
      const pester = async () => {
        const client = await lab.client(adminPort);
        for (let i = 1; asking && i < 400; i++) await client.write(local('GET /stats')).answered(i, 2_000);
      };
      const pests = Promise.all(Array.from({ length: 16 }, pester));
      let slowest = 0;
      for (let i = 0; i < 40; i++) {
        const startedAt = performance.now();
        const client = await lab.client(port);
        const [answer] = await client.write(message('GET / HTTP/1.1', [HOST])).answered();
        check(answer?.status === 200, () => `got ${answer?.status ?? 'no answer'}`);
        slowest = Math.max(slowest, performance.now() - startedAt);
      }
      asking = false;
      await pests;
      return `served in at most ${slowest.toFixed(0)} ms`;
    },
  },
];
