import { type Case, check } from '../case.ts';
import { clean, exchange, rejectedOrOne, status, summaryOf, unambiguous } from '../judge.ts';
import { type Lab, REFUSING } from '../lab.ts';
import { header } from '../wire/messages.ts';
import { sleep } from '../wire/poll.ts';
import { chunk, get, HOST, message, post, SMUGGLED } from '../wire/requests.ts';
import { reply, type Script } from '../wire/upstream.ts';

type Row = readonly [id: string, title: string, method: string, headers: readonly string[], body: string];

const LENGTH = `Content-Length: ${SMUGGLED.length}`;
const CHUNKED = 'Transfer-Encoding: chunked';

/** Bodies that hold a request: whoever loses their framing sends two. */
const HIDDEN: readonly Row[] = [
  ['D01', 'GET with a body', 'GET', [LENGTH], SMUGGLED],
  ['D02', 'DELETE with a chunked body', 'DELETE', [CHUNKED], chunk(SMUGGLED)],
  [
    'D03',
    'OPTIONS with a chunked body and Connection: Transfer-Encoding',
    'OPTIONS',
    [CHUNKED, 'Connection: Transfer-Encoding'],
    chunk(SMUGGLED),
  ],
  ['D04', 'Connection: Content-Length', 'POST', [LENGTH, 'Connection: Content-Length'], SMUGGLED],
  ['D05', 'HEAD with a chunked body', 'HEAD', [CHUNKED], chunk(SMUGGLED)],
  ['D06', 'Upgrade with a body', 'GET', [LENGTH, 'Connection: Upgrade', 'Upgrade: websocket'], SMUGGLED],
  [
    'D07',
    'Upgrade with a chunked body',
    'GET',
    [CHUNKED, 'Connection: Upgrade', 'Upgrade: websocket'],
    chunk(SMUGGLED),
  ],
  ['D08', 'Expect: 100-continue with the body at once', 'POST', [LENGTH, 'Expect: 100-continue'], SMUGGLED],
  ['D09', 'Expect: 100-continue, x', 'POST', [LENGTH, 'Expect: 100-continue, x'], SMUGGLED],
  ['D10', 'an obscured Expect', 'POST', [LENGTH, 'Expect: y 100-continue'], SMUGGLED],
];

const hidden = ([id, title, method, headers, body]: Row): Case => ({
  id,
  title,
  run: async (lab) => {
    const bytes = message(`${method} / HTTP/1.1`, [HOST, ...headers], body);
    const outcome = await exchange(lab, bytes, { methods: [method] });
    clean(outcome);
    check(outcome.answers.length <= 1, () => `more than one answer: ${outcome.summary}`);
    return rejectedOrOne(outcome);
  },
});

/** An answer that comes before the request's body is there: what comes of that body later is a body. */
async function lateBody(lab: Lab, bytes: string, port: number, timeoutMs = 1_500): Promise<string> {
  const client = await lab.client(port);
  // With the first byte of the body: some send a head on together with it.
  const end = bytes.length - SMUGGLED.length + 1;
  client.write(bytes.slice(0, end));
  await client.answered(1, timeoutMs);
  client.write(bytes.slice(end));
  await client.quiet(150);
  check(client.answers.length === 1, () => `answered the body: ${client.text}`);
  return `${client.answers[0]?.status}, then ${client.ended === undefined ? 'open' : 'closed'}`;
}

/** Two requests in one segment, cut into two at an offset. */
async function sliced(lab: Lab, port: number, bytes: string, offset: number): Promise<string> {
  const client = await lab.client(port);
  client.write(bytes.slice(0, offset));
  await sleep(3);
  client.write(bytes.slice(offset));
  const answers = await client.answered(2);
  client.socket.destroy();
  return answers.map(({ status, body }) => `${status} ${body}`).join();
}

/** RFC 9112 sections 9.3 and 11.2. */
export const desync: readonly Case[] = [
  ...HIDDEN.map(hidden),
  {
    id: 'D11',
    title: 'two pipelined requests are answered in order',
    run: async (lab) => {
      const script: Script = {
        complete: async (socket, request) => {
          if (request.startLine.includes('/first')) await sleep(80);
          socket.write(reply('200 OK', [], request.startLine.split(' ')[1]));
        },
      };
      const outcome = await exchange(lab, get('/first') + get('/second'), { answers: 2, script });
      check(
        outcome.answers.map(({ body }) => String(body)).join() === '/first,/second',
        () => `got ${outcome.client.text}`,
      );
      return outcome.summary;
    },
  },
  {
    id: 'D12',
    title: 'a request after Connection: close is ignored',
    run: async (lab) => {
      const outcome = await exchange(lab, get('/first', 'Connection: close') + SMUGGLED);
      clean(outcome);
      await outcome.client.closed();
      check(
        outcome.client.answers.length === 1 && outcome.client.ended === 'end',
        () => `got ${outcome.summary}`,
      );
      status(outcome, 200);
      return outcome.summary;
    },
  },
  {
    id: 'D13',
    title: 'garbage after a good request leaves its answer alone',
    run: async (lab) => {
      const script: Script = {
        complete: async (socket) => {
          await sleep(80);
          socket.write(reply('200 OK', [], 'good'));
        },
      };
      const outcome = await exchange(lab, `${get('/good')}GARBAGE\0\r\n\r\n`, { answers: 2, script });
      check(await outcome.client.closed(), 'the connection stays open');
      const [first, ...rest] = outcome.client.answers;
      check(
        String(first?.body) === 'good',
        () => `the good answer is lost: ${JSON.stringify(outcome.client.text)}`,
      );
      check(
        rest.every(({ status }) => status === 400),
        () => `got ${outcome.summary}`,
      );
      return summaryOf(outcome.client, outcome.upstream);
    },
  },
  {
    id: 'D14',
    title: 'Upgrade: h2c and HTTP2-Settings are not forwarded',
    run: async (lab) => {
      const headers = [
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
      ];
      const outcome = await exchange(lab, get('/', ...headers));
      for (const request of outcome.upstream.requests())
        for (const name of ['upgrade', 'http2-settings'])
          check(header(request, name) === undefined, `forwarded ${name}`);
      check(outcome.answers[0]?.status !== 101, 'upgraded');
      return outcome.summary;
    },
  },
  {
    id: 'D15',
    title: 'the HTTP/2 preface on a port for HTTP/1.1',
    run: async (lab) => {
      const outcome = await exchange(lab, `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\0'.repeat(9)}`);
      check(outcome.upstream.text === '', () => `forwarded ${outcome.upstream.text}`);
      check(await outcome.client.closed(), 'the connection stays open');
      return outcome.summary;
    },
  },
  {
    id: 'D16',
    title: 'an answer before the body: the body stays a body',
    run: async (lab) => {
      const { upstream, port } = await lab.pair({ head: reply('200 OK', [], 'early') });
      const note = await lateBody(lab, post(SMUGGLED, '/early'), port);
      const lines = (['transfer-encoding', 'content-length'] as const)
        .flatMap((precedence) => upstream.requests(precedence))
        .map(({ startLine }) => startLine);
      check(!lines.some((line) => line.includes('smuggled')), () => `smuggled ${upstream.text}`);
      upstream.script = {};
      const next = await lab.client(port);
      const [answer] = await next.write(get('/next')).answered();
      check(String(answer?.body) === '/next', () => `the next client got ${JSON.stringify(next.text)}`);
      return note;
    },
  },
  {
    id: 'D17',
    title: 'an answer of its own before the body: the body stays a body',
    run: async (lab) => {
      const { port } = await lab.start({ backends: [REFUSING] });
      return lateBody(lab, post(SMUGGLED), port, 5_000);
    },
  },
  {
    id: 'D18',
    title: 'HTTP/1.0 with keep-alive and a length, twice',
    run: async (lab) => {
      const headers = [HOST, 'Connection: keep-alive', 'Content-Length: 5'];
      const bytes =
        message('POST /first HTTP/1.0', headers, 'hello') +
        message('POST /second HTTP/1.0', headers, 'hello');
      const outcome = await exchange(lab, bytes, { answers: 2 });
      unambiguous(outcome.upstream);
      const bodies = outcome.answers.map(({ body }) => String(body)).join();
      check(
        bodies === '/first,/second' || (bodies === '/first' && outcome.client.ended === 'end'),
        () => `got ${outcome.client.text}`,
      );
      return outcome.summary;
    },
  },
  {
    id: 'D19',
    title: 'two requests, cut at every byte, give the same answers',
    run: async (lab) => {
      const { upstream, port } = await lab.pair();
      const bytes = post('hello', '/first', 'X-A: 1') + get('/second');
      const offsets = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
      for (let at = 0; at < offsets.length; at += 24) {
        const some = offsets.slice(at, at + 24);
        const outcomes = await Promise.all(some.map((offset) => sliced(lab, port, bytes, offset)));
        const wrong = outcomes.findIndex((outcome) => outcome !== '200 /first,200 /second');
        check(wrong < 0, () => `cut at ${some[wrong]}: ${outcomes[wrong]}`);
      }
      unambiguous(upstream, offsets.length * 2);
      return `the same at ${offsets.length} offsets`;
    },
  },
];
