import { type Case, check } from '../case.ts';
import { exchange, status } from '../judge.ts';
import { header } from '../wire/messages.ts';
import { until } from '../wire/poll.ts';
import { get, HOST, message } from '../wire/requests.ts';
import { reply, type Script } from '../wire/upstream.ts';

const INTERIM = 'HTTP/1.1 100 Continue\r\n\r\n';

/** RFC 9112 section 6.3, RFC 9110 section 15. */
const framing: readonly Case[] = [
  {
    id: 'R23',
    title: 'a body that lasts until the end of the connection is whole',
    run: async (lab) => {
      const script: Script = { complete: (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello') };
      const outcome = await exchange(lab, get(), { script });
      const answer = status(outcome, 200);
      check(
        answer.complete && String(answer.body) === 'hello',
        () => `got ${JSON.stringify(outcome.client.text)}`,
      );
      return outcome.summary;
    },
  },
  {
    id: 'R24',
    title: 'an answer in HTTP/1.0 is framed anew',
    run: async (lab) => {
      const script: Script = { complete: (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nhello') };
      const outcome = await exchange(lab, get(), { script });
      const answer = status(outcome, 200);
      check(answer.startLine.startsWith('HTTP/1.1 '), () => `got ${answer.startLine}`);
      check(
        answer.complete && String(answer.body) === 'hello',
        () => `got ${JSON.stringify(outcome.client.text)}`,
      );
      return outcome.summary;
    },
  },
  {
    id: 'R25',
    title: '204 with a body: dropped, and the next answer is whole',
    run: async (lab) => {
      const complete = `HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello`;
      const { upstream, port } = await lab.pair({ complete });
      const client = await lab.client(port);
      const [first] = await client.write(get()).answered();
      await client.quiet(80);
      check(first?.status === 204 || first?.status === 502, () => `got ${client.text}`);
      check(client.answers.length === 1, () => `got more: ${client.text}`);
      upstream.script = {};
      const next = await lab.client(port);
      const [second] = await next.write(get('/next')).answered();
      check(String(second?.body) === '/next', () => `the next client got ${JSON.stringify(next.text)}`);
      return `${first.status}, then ${second?.status}`;
    },
  },
  ...(
    [
      ['R26', '204', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['R27', '304', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5\r\n\r\n'],
      ['R28', '205', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n'],
    ] as const
  ).map(
    ([id, code, complete]): Case => ({
      id,
      title: `${code} without a body, and the connection goes on`,
      run: async (lab) => {
        const outcome = await exchange(lab, get('/1') + get('/2'), { answers: 2, script: { complete } });
        const statuses = outcome.answers.map(({ status, body }) => `${status}${body}`).join();
        check(statuses === `${code},${code}`, () => `got ${JSON.stringify(outcome.client.text)}`);
        const [answer] = outcome.answers;
        check(header(answer!, 'transfer-encoding') === undefined, 'announced a body');
        if (code === '204') check(header(answer!, 'content-length') === undefined, 'Content-Length in a 204');
        return outcome.summary;
      },
    }),
  ),
  {
    id: 'R29',
    title: 'HEAD keeps Content-Length, has no body, and the connection goes on',
    run: async (lab) => {
      const script: Script = {
        complete: (socket, request) =>
          socket.write(
            `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${request.startLine.startsWith('HEAD') ? '' : 'hello'}`,
          ),
      };
      const bytes = message('HEAD /1 HTTP/1.1', [HOST]) + get('/2');
      const outcome = await exchange(lab, bytes, { answers: 2, methods: ['HEAD', 'GET'], script });
      const [first, second] = outcome.answers;
      check(
        first !== undefined && header(first, 'content-length') === '5',
        () => `got ${outcome.client.text}`,
      );
      check(String(second?.body) === 'hello', () => `then ${outcome.client.text}`);
      return outcome.summary;
    },
  },
  {
    id: 'R30',
    title: 'a body in the answer to HEAD is not delivered',
    run: async (lab) => {
      const script = { complete: reply('200 OK', [], 'hello') };
      const outcome = await exchange(lab, message('HEAD / HTTP/1.1', [HOST]), { methods: ['HEAD'], script });
      await outcome.client.quiet(80);
      check(!outcome.client.text.includes('hello'), () => `got ${outcome.client.text}`);
      status(outcome, 200, 502);
      return outcome.summary;
    },
  },
];

/** RFC 9110 sections 10.1.1 and 15.2. */
const interim: readonly Case[] = [
  ...(
    [
      ['R31', '103', 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'],
      ['R32', '102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ] as const
  ).map(
    ([id, code, early]): Case => ({
      id,
      title: `${code} is forwarded, and the answer after it`,
      run: async (lab) => {
        const outcome = await exchange(lab, get(), {
          script: { complete: early + reply('200 OK', [], 'ok') },
        });
        const answer = status(outcome, 200);
        check(answer.interim[0]?.startLine.includes(code) === true, () => `got ${outcome.client.text}`);
        check(answer.interim[0].headers.length >= (code === '103' ? 1 : 0), 'lost the headers of 103');
        return outcome.summary;
      },
    }),
  ),
  {
    id: 'R33',
    title: 'fifty 100s before the answer',
    run: async (lab) => {
      const outcome = await exchange(lab, get(), {
        script: { complete: INTERIM.repeat(50) + reply('200 OK', [], 'ok') },
      });
      status(outcome, 200);
      return `${outcome.answers[0]?.interim.length} forwarded, then 200`;
    },
  },
  {
    id: 'R34',
    title: 'Expect: the client waits, gets 100, then the answer; 417 passes',
    run: async (lab) => {
      const { upstream, port } = await lab.pair();
      const ask = message('POST / HTTP/1.1', [HOST, 'Expect: 100-continue', 'Content-Length: 5']);
      const client = await lab.client(port);
      client.write(ask);
      check(await until(() => client.text.includes('100 Continue'), 2_000), () => `no 100: ${client.text}`);
      const [answer] = await client.write('hello').answered();
      check(
        answer?.status === 200 && String(upstream.requests()[0]?.body) === 'hello',
        () => `got ${client.text}`,
      );
      upstream.script = { complete: reply('417 Expectation Failed') };
      const other = await lab.client(port);
      other.write(ask);
      await until(() => other.bytes.length > 0, 2_000);
      const [refusal] = await other.write('hello').answered();
      check(refusal?.status === 417, () => `got ${other.text}`);
      return '100, 200; 417';
    },
  },
  {
    id: 'R35',
    title: 'an early 413 reaches a client that still sends',
    run: async (lab) => {
      const script: Script = {
        head: (socket) => socket.write(reply('413 Content Too Large', ['Connection: close'], 'no')),
      };
      const { port } = await lab.pair(script);
      const client = await lab.client(port);
      client.write(message('POST / HTTP/1.1', [HOST, 'Content-Length: 10000000'], 'a'.repeat(1_000)));
      const [answer] = await client.answered();
      check(answer?.status === 413, () => `got ${client.text || 'no answer'}`);
      return `413, ${client.ended === undefined ? 'open' : 'closed'}`;
    },
  },
];

const trailers: readonly Case[] = [
  {
    id: 'R36',
    title: 'trailers of an answer reach a client that asked for them, or are dropped',
    run: async (lab) => {
      const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n';
      const script = { complete: `${chunked}5\r\nhello\r\n0\r\nX-Sum: abc\r\n\r\n` };
      const outcome = await exchange(lab, get('/', 'Connection: TE', 'TE: trailers'), { script });
      const answer = status(outcome, 200);
      check(answer.complete && String(answer.body) === 'hello', () => `got ${outcome.client.text}`);
      return answer.trailers.length > 0 ? 'forwarded' : 'dropped';
    },
  },
  {
    id: 'R37',
    title: 'trailers of a request reach the backend, or are dropped',
    run: async (lab) => {
      const headers = [HOST, 'Transfer-Encoding: chunked', 'Trailer: X-Sum'];
      const outcome = await exchange(
        lab,
        message('POST / HTTP/1.1', headers, '5\r\nhello\r\n0\r\nX-Sum: abc\r\n\r\n'),
      );
      status(outcome, 200);
      const [request] = outcome.upstream.requests();
      check(String(request?.body) === 'hello', () => `got ${outcome.upstream.text}`);
      return request?.trailers.length ? 'forwarded' : 'dropped';
    },
  },
];

export const answers: readonly Case[] = [...framing, ...interim, ...trailers];
