// What clients and backends do every day, as users of other proxies have reported it.
import { afterEach, describe, expect, it } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import { header, type Message } from '../conformance/wire/messages.ts';
import { get, HOST, message } from '../conformance/wire/requests.ts';
import { reply, type Script, Upstream } from '../conformance/wire/upstream.ts';
import { aGateway, anUpstream, atTheEnd, endAll, until, untilIdle } from './gateway/lab.ts';

startAtTheFirst();

afterEach(endAll);

const CHECKS = { intervalMs: 20, fastIntervalMs: 10, thresholds: { fall: 2, rise: 2 } };

/** Backends that answer everything but what is held, and what they hold. */
function held(paths: readonly string[]) {
  const holds: { path: string; write(text: string): void }[] = [];
  const complete: Script['complete'] = (socket, { startLine }: Message) => {
    const path = startLine.split(' ')[1] as string;
    if (paths.includes(path)) holds.push({ path, write: (text) => void socket.write(text) });
    else socket.write(reply('200 OK', [], 'here'));
  };
  return { holds, script: { complete } };
}

describe('a response with nothing to say yet', () => {
  it('may be an event stream, which outlives the limit on pauses in bodies', async () => {
    const { holds, script } = held(['/events', '/page']);
    const { url } = await anUpstream(script);
    const { client, gateway } = await aGateway({ backends: [url], timeouts: { bodyMs: 50 } });
    const head = (type: string) => `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: 20\r\n\r\n`;
    const events = (await client()).write(get('/events'));
    await until(() => holds.length === 1);
    holds[0]!.write(`${head('text/event-stream')}data: 1\n\n`);
    await until(() => events.text.endsWith('data: 1\n\n'));
    // Another body that begins to pause later is broken off.
    const page = (await client()).write(get('/page'));
    await until(() => holds.length === 2);
    holds[1]!.write(`${head('text/html')}<html>`);
    expect(await page.closed()).toBe(true);
    holds[0]!.write('data: 2\n\n..');
    const [answer] = await events.answered();
    expect(answer?.body.toString()).toBe('data: 1\n\ndata: 2\n\n..');
    await untilIdle(gateway);
  });

  it('is a head before its body: it goes on at once, whatever the client still sends', async () => {
    const upstream = await anUpstream({ head: reply('401 Unauthorized', ['Connection: close'], 'no') });
    const { client } = await aGateway([upstream.url]);
    const one = (await client()).write(
      message('POST / HTTP/1.1', [HOST, 'Transfer-Encoding: chunked']),
      'POST',
    );
    const [answer] = await one.answered();
    expect([answer?.status, answer?.body.toString()]).toEqual([401, 'no']);
  });
});

describe('a connection that NTLM has signed in', () => {
  it('is that of its client, and of no other', async () => {
    const users = new Map<unknown, string>();
    const complete: Script['complete'] = (socket, request) => {
      const credentials = header(request, 'authorization');
      if (credentials?.startsWith('NTLM type3 ')) users.set(socket, credentials.slice(11));
      const user = users.get(socket);
      const challenge = ['WWW-Authenticate: NTLM'];
      socket.write(user === undefined ? reply('401 Who', challenge) : reply('200 OK', [], user));
    };
    const { client } = await aGateway([(await anUpstream({ complete })).url]);
    const ann = await client();
    ann.write(get('/', 'Authorization: NTLM type1'));
    await ann.answered(1);
    ann.write(get('/', 'Authorization: NTLM type3 ann'));
    await ann.answered(2);
    const [other] = await (await client()).write(get('/')).answered();
    expect(other?.status).toBe(401);
    const answers = await ann.write(get('/')).answered(3);
    expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual(['401 ', '200 ann', '200 ann']);
  });
});

describe('a health check', () => {
  it('has the Host that it is told to have', async () => {
    const upstream = await anUpstream({
      complete: (socket, request) =>
        socket.write(reply(header(request, 'host') === 'shop.example' ? '200 OK' : '400 Which host')),
    });
    const health = { ...CHECKS, request: { headers: { Host: 'shop.example' } } };
    const { backends } = await aGateway({ backends: [upstream.url], health });
    await until(() => upstream.requests().length > 3);
    expect(backends()[0]).toMatchObject({ state: 'up', checkFailure: undefined });
  });

  it('that passes brings an ejected backend back before another one goes', async () => {
    const [a, b] = [await anUpstream(), await anUpstream()];
    const { client, backends } = await aGateway({
      backends: [a.url, b.url],
      strategy: 'round-robin',
      health: CHECKS,
    });
    const one = await client();
    const ask = async (count: number) => {
      const before = one.answers.length;
      for (let i = 1; i <= count; i++) await one.write(get('/')).answered(before + i);
      return new Set(one.answers.slice(before).map(({ status }) => status));
    };
    const states = () => backends().map(({ state }) => state);
    const { port } = a;
    await a.stop();
    expect(await ask(20)).toEqual(new Set([200]));
    await until(() => states()[0] !== 'up');
    const again = await Upstream.start({}, port);
    atTheEnd(() => again.stop());
    await until(() => states()[0] === 'up', states);
    await b.stop();
    expect(await ask(20)).toEqual(new Set([200]));
  });
});
