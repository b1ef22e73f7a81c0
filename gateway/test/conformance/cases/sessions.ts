import { type Case, check } from '../case.ts';
import { certificateFor } from '../certificates.ts';
import type { Lab } from '../lab.ts';
import type { Running } from '../target.ts';
import { type Answer, header } from '../wire/messages.ts';
import { sleep } from '../wire/poll.ts';
import { get } from '../wire/requests.ts';
import { echo, type Reply, reply, type Upstream } from '../wire/upstream.ts';
import { handshake, SWITCH } from './websocket-handshake.ts';

const cookie = { secrets: ['a secret of thirty-two bytes or more'] };

interface Shop {
  readonly upstreams: readonly Upstream[];
  readonly running: Running;
  readonly ask: (...headers: string[]) => Promise<Answer>;
}

/** Four backends whose answers tell which one they come from, and sessions by cookie. */
async function shop(lab: Lab): Promise<Shop> {
  const tells =
    (name: string): Reply =>
    (socket, request, nth) => {
      if (/^upgrade:/im.test(request.headers.map(([field]) => `${field}:`).join('\n'))) socket.write(SWITCH);
      else if (name === '') (echo as Exclude<Reply, string | Buffer>)(socket, request, nth);
      else socket.write(reply('200 OK', [`X-Backend: ${name}`], name));
    };
  const upstreams = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => lab.upstream({ complete: tells(name) })),
  );
  const running = await lab.start({
    backends: upstreams.map(({ url }) => url),
    pool: { strategy: 'round-robin', sessions: { cookie } },
  });
  return {
    upstreams,
    running,
    ask: async (...headers) => {
      const client = await lab.client(running.port);
      const [answer] = await client.write(get('/', ...headers)).answered();
      check(answer?.status === 200, () => `got ${answer?.status ?? 'no answer'}`);
      return answer;
    },
  };
}

const backendOf = (answer: Answer) => header(answer, 'x-backend');
const setCookieOf = (answer: Answer) => header(answer, 'set-cookie') ?? '';
/** `name=value` of the cookie that an answer sets. */
const pairOf = (answer: Answer) => setCookieOf(answer).split(';')[0] ?? '';

const trusted: readonly Case[] = [
  {
    id: 'J10',
    title: 'a forged cookie that names a backend is not believed',
    needs: 'configuration',
    run: async (lab) => {
      const { ask, upstreams } = await shop(lab);
      const inner = await lab.upstream();
      const pair = pairOf(await ask());
      const [name = '', value = ''] = pair.split(/=(.*)/);
      const forged = [
        inner.url,
        upstreams[0]?.url ?? '',
        '0',
        'admin',
        '../..',
        '__proto__',
        `${value.slice(0, -2)}AA`,
        '',
      ];
      for (const wrong of forged) {
        const answer = await ask(`Cookie: ${name}=${wrong}`);
        check(backendOf(answer) !== undefined, 'answered by somebody else');
        check(setCookieOf(answer) !== '', () => `${wrong} was taken`);
      }
      check(inner.connections.length === 0, 'asked the address in the cookie');
      return `${forged.length} forgeries`;
    },
  },
  {
    id: 'J11',
    title: 'a cookie for a backend that is gone: another one, and a new cookie',
    needs: 'configuration',
    run: async (lab) => {
      const { ask, upstreams, running } = await shop(lab);
      const first = await ask();
      const gone = 'abcd'.indexOf(backendOf(first) ?? '');
      const left = upstreams.filter((_, i) => i !== gone).map(({ url }) => url);
      await running.reload?.({ backends: left });
      const second = await ask(`Cookie: ${pairOf(first)}`);
      check(backendOf(second) !== backendOf(first), 'asked the backend that is gone');
      check(setCookieOf(second) !== '', 'no new cookie');
      const third = await ask(`Cookie: ${pairOf(second)}`);
      check(backendOf(third) === backendOf(second), 'the new cookie does not hold');
      return `${backendOf(first)}, then ${backendOf(second)}`;
    },
  },
  {
    id: 'J13',
    title: 'of two cookies the first valid one counts',
    needs: 'configuration',
    run: async (lab) => {
      const { ask } = await shop(lab);
      const first = await ask();
      const pair = pairOf(first);
      const name = pair.split('=')[0];
      for (const line of [
        `${name}=forged; ${pair}`,
        `${pair}; ${name}=forged`,
        `a=b; ${name}=; ${pair}; c=d`,
      ])
        check(backendOf(await ask(`Cookie: ${line}`)) === backendOf(first), () => `${line}: another backend`);
      return 'the valid one';
    },
  },
  {
    id: 'J14',
    title: 'cookies of 8 KB, 300 of them, and names with prefixes',
    needs: 'configuration',
    run: async (lab) => {
      const { ask } = await shop(lab);
      const first = await ask();
      const pair = pairOf(first);
      const many = Array.from({ length: 300 }, (_, i) => `c${i}=${i}`).join('; ');
      for (const line of [`a=${'a'.repeat(8_000)}; ${pair}`, `${many}; ${pair}`, `;;=; =x; ${pair};`])
        check(
          backendOf(await ask(`Cookie: ${line}`)) === backendOf(first),
          () => `${line.slice(0, 40)}: another backend`,
        );
      for (const prefix of ['__Host-', '__Secure-', 'x', ' ']) {
        const answer = await ask(`Cookie: a=1; ${prefix}${pair.replace('=', '.x=')}`);
        check(setCookieOf(answer) !== '', `${prefix}: taken for its own`);
      }
      return 'all of them';
    },
  },
];

const sent: readonly Case[] = [
  {
    id: 'J12',
    title: 'HttpOnly, SameSite, Path, Secure over TLS, and no address in the clear',
    needs: 'configuration',
    run: async (lab) => {
      const { ask, upstreams } = await shop(lab);
      const line = setCookieOf(await ask());
      for (const attribute of ['httponly', 'samesite=lax', 'path=/'])
        check(line.toLowerCase().includes(attribute), () => `no ${attribute}: ${line}`);
      check(!/;\s*secure/i.test(line), () => `Secure in the clear: ${line}`);
      const decoded = Buffer.from(line.split(/[=;]/)[1] ?? '', 'base64url').toString('latin1');
      for (const { port } of upstreams)
        check(
          !`${line} ${decoded}`.includes(String(port)) && !`${line} ${decoded}`.includes('127.0.0.1'),
          () => `tells the address: ${line}`,
        );
      const running = await lab.start({
        backends: upstreams.map(({ url }) => url),
        pool: { sessions: { cookie } },
        listener: { tls: { certificates: [await certificateFor('a.test')] } },
      });
      const client = await lab.client(running.port, { servername: 'a.test' });
      const [answer] = await client.write(get()).answered();
      check(
        /;\s*secure/i.test(answer === undefined ? '' : setCookieOf(answer)),
        () => `not Secure over TLS: ${client.text}`,
      );
      return line.replace(/=[^;]*/, '=...');
    },
  },
  {
    id: 'J17',
    title: "the gateway's cookie is not sent to backends",
    needs: 'configuration',
    run: async (lab) => {
      const { ask, upstreams } = await shop(lab);
      const pair = pairOf(await ask());
      await ask(`Cookie: a=1; ${pair}; b=2`);
      const cookies = upstreams
        .flatMap((upstream) => upstream.requests())
        .map((request) => header(request, 'cookie'));
      check(cookies.includes('a=1; b=2'), () => `backends got ${cookies.join(' | ')}`);
      return 'a=1; b=2';
    },
  },
  {
    id: 'W15',
    title: 'a tunnel with a cookie goes to its backend',
    needs: 'configuration',
    run: async (lab) => {
      const { ask, upstreams, running } = await shop(lab);
      const first = await ask();
      const own = upstreams['abcd'.indexOf(backendOf(first) ?? '')];
      for (let i = 0; i < 3; i++) {
        const client = await lab.client(running.port);
        client.write(handshake(`Cookie: ${pairOf(first)}`));
        const [answer] = await client.answered();
        check(answer?.status === 101, () => `got ${client.text}`);
        client.socket.destroy();
        await sleep(20);
      }
      const tunnels = own?.requests().filter(({ startLine }) => startLine.includes('/socket')).length;
      check(tunnels === 3, `${tunnels} of 3`);
      return '3 of 3';
    },
  },
];

/** RFC 6265 section 4. */
export const sessions: readonly Case[] = [...trusted, ...sent];
