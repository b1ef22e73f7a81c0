import { type Case, check } from '../case.ts';
import { type Exchange, exchange, status } from '../judge.ts';
import { sleep } from '../wire/poll.ts';
import { get } from '../wire/requests.ts';
import { type Reply, reply } from '../wire/upstream.ts';

const head = (...lines: string[]) => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`;

/** An answer, then the end of the connection. */
const thenEnd =
  (bytes: string): Reply =>
  (socket) =>
    socket.end(bytes, 'latin1');

/** An answer, then a reset, after the bytes are out. */
const thenReset =
  (bytes: string): Reply =>
  async (socket) => {
    socket.write(bytes, 'latin1');
    await sleep(60);
    socket.resetAndDestroy();
  };

type Row = readonly [id: string, title: string, answer: Reply];

/** Answers that are not whole: no client may take them for it. */
const CUT: readonly Row[] = [
  ['R01', 'fewer bytes than Content-Length, then the end', thenEnd(`${head('Content-Length: 10')}hello`)],
  ['R02', 'fewer bytes than Content-Length, then a reset', thenReset(`${head('Content-Length: 10')}hello`)],
  [
    'R03',
    'chunks without the last one, then the end',
    thenEnd(`${head('Transfer-Encoding: chunked')}5\r\nhello\r\n`),
  ],
  [
    'R05',
    'a bad chunk in the middle',
    `${head('Transfer-Encoding: chunked')}5\r\nhello\r\nZZ\r\nhello\r\n0\r\n\r\n`,
  ],
];

/** @throws Finding where a client could take the answer for a whole one */
function cut(outcome: Exchange): string {
  const [answer] = outcome.answers;
  check(outcome.client.ended !== undefined || answer?.complete === true, () => `hangs: ${outcome.summary}`);
  check(
    answer === undefined || !answer.complete || answer.status === 502,
    () => `looks whole: ${JSON.stringify(outcome.client.text)}`,
  );
  return outcome.summary;
}

const BAD: readonly Row[] = [
  ['R04', 'a head that ends in the middle', thenEnd('HTTP/1.1 200 OK\r\nContent-Le')],
  ['R07', 'two different lengths', `${head('Content-Length: 5', 'Content-Length: 6')}hello`],
  ['R08', 'Content-Length: 5x', `${head('Content-Length: 5x')}hello`],
  [
    'R09',
    'Transfer-Encoding: chunked, gzip',
    thenEnd(`${head('Transfer-Encoding: chunked, gzip')}5\r\nhello\r\n0\r\n\r\n`),
  ],
  ['R10', 'junk', thenEnd('junk\r\n\r\n')],
  ['R19', 'status 099', 'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n'],
  [
    'R20',
    'a 101 that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n',
  ],
  ['R21', 'a header of 100 KB', reply('200 OK', [`X-A: ${'a'.repeat(100_000)}`], 'ok')],
  [
    'R22',
    '3,000 headers',
    reply(
      '200 OK',
      Array.from({ length: 3_000 }, (_, i) => `X-${i}: ${i}`),
      'ok',
    ),
  ],
];

const NORMALISED: readonly Row[] = [
  ['R11', 'lines ended by bare LF', 'HTTP/1.1 200 OK\nX-A: a\nContent-Length: 2\n\nok'],
  ['R12', 'NUL in a value', reply('200 OK', ['X-A: a\0b'], 'ok')],
  ['R13', 'bare CR in a value', reply('200 OK', ['X-A: a\rb'], 'ok')],
  ['R14', 'a folded header', reply('200 OK', ['X-A: a\r\n b'], 'ok')],
  ['R15', 'space before a colon', reply('200 OK', ['X-A : a'], 'ok')],
];

/** A client asks three times while the backend says more than it was asked for. */
const QUEUED: readonly (readonly [id: string, title: string, answer: Reply])[] = [
  [
    'R16',
    'a second answer in the same packet reaches nobody',
    (socket, request) => {
      const target = request.startLine.split(' ')[1];
      socket.write(reply('200 OK', [], target) + reply('200 OK', [], '/poison'));
    },
  ],
  [
    'R17',
    'an answer on an idle connection reaches nobody',
    async (socket, request) => {
      socket.write(reply('200 OK', [], request.startLine.split(' ')[1]));
      await sleep(60);
      if (!socket.destroyed) socket.write(reply('200 OK', [], '/poison'));
    },
  ],
];

const queued = ([id, title, complete]: (typeof QUEUED)[number]): Case => ({
  id,
  title,
  run: async (lab) => {
    const { port } = await lab.pair({ complete });
    for (const target of ['/1', '/2', '/3', '/4']) {
      const client = await lab.client(port);
      const [answer] = await client.write(get(target)).answered();
      check(
        answer?.status === 200 && String(answer.body) === target,
        () => `${target} got ${JSON.stringify(client.text)}`,
      );
      await sleep(120);
      check(client.answers.length === 1, () => `${target} got more: ${JSON.stringify(client.text)}`);
    }
    return 'every client got its own';
  },
});

/** RFC 9112 sections 6.3, 8 and 9.2. */
export const brokenAnswers: readonly Case[] = [
  ...CUT.map(
    ([id, title, complete]): Case => ({
      id,
      title: `${title}: never looks whole`,
      run: async (lab) => cut(await exchange(lab, get(), { script: { complete } })),
    }),
  ),
  ...BAD.map(
    ([id, title, complete]): Case => ({
      id,
      title: `${title}: 502`,
      run: async (lab) => {
        const outcome = await exchange(lab, get(), { script: { complete } });
        status(outcome, 502);
        return outcome.summary;
      },
    }),
  ),
  ...NORMALISED.map(
    ([id, title, complete]): Case => ({
      id,
      title: `${title}: cleaned, or 502`,
      run: async (lab) => {
        const outcome = await exchange(lab, get(), { script: { complete } });
        const { faults } = status(outcome, 200, 502);
        check(faults.length === 0, () => `relayed ${faults[0]}: ${JSON.stringify(outcome.client.text)}`);
        return outcome.summary;
      },
    }),
  ),
  {
    id: 'R06',
    title: 'Content-Length beside Transfer-Encoding: 502, or chunked alone',
    run: async (lab) => {
      const script = {
        complete: `${head('Content-Length: 3', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`,
      };
      const outcome = await exchange(lab, get(), { script });
      const answer = status(outcome, 200, 502);
      if (answer.status === 200) {
        check(
          String(answer.body) === 'hello' && answer.faults.length === 0,
          () => `relayed ${outcome.client.text}`,
        );
      }
      return outcome.summary;
    },
  },
  {
    id: 'R18',
    title: 'status 600: passed on, or 502',
    run: async (lab) => {
      const outcome = await exchange(lab, get(), { script: { complete: reply('600 Odd', [], 'odd') } });
      status(outcome, 600, 502);
      return outcome.summary;
    },
  },
  ...QUEUED.map(queued),
];
