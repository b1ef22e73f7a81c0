import { afterEach, describe, expect, it } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import { chunk, get, message } from '../conformance/wire/requests.ts';
import { reply } from '../conformance/wire/upstream.ts';
import { anUpstreamThatWaits, bodies } from './gateway/http1-lab.ts';
import { aGateway, anUpstream, endAll, until, untilIdle } from './gateway/lab.ts';

startAtTheFirst();

afterEach(endAll);

describe('an upload', () => {
  it('that goes on between two attempts is whole in the second', async () => {
    const failing = await anUpstream({
      // Goes on reading: its answer does not end.
      head: 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 10\r\n\r\nhalf',
    });
    const good = await anUpstream();
    const { client, gateway } = await aGateway({
      backends: [failing.url, good.url],
      strategy: 'round-robin',
      retries: { minDelayMs: 1_000, maxDelayMs: 1_000 },
    });
    const one = (await client()).write(
      message('PUT /up HTTP/1.1', ['Host: a', 'Transfer-Encoding: chunked'], '5\r\nfirst\r\n'),
    );
    await until(() => gateway.stats().pools[0]?.failover?.retries.status === 1);
    for (let i = 0; i < 40; i++) one.write(`2710\r\n${'x'.repeat(10_000)}\r\n`);
    one.write(chunk('last'));
    expect((await one.answered()).map(({ status }) => status)).toEqual([200]);
    const [request] = good.requests();
    expect(request?.body.length).toBe(400_009);
    expect(request?.body.toString().startsWith('first')).toBe(true);
    await untilIdle(gateway);
  });
});

describe('a request that cannot be read', () => {
  it.each([
    ['has a target that is too long', `/long${'x'.repeat(60)}?q`, [], `/long${'x'.repeat(59)}`, ''],
    ['has too many fields', '/many?q', ['Host: A.test:80', 'A: 1', 'B: 2', 'C: 3'], '/many', 'a.test'],
    ['has a field without a colon', '/odd', ['Host: a.test', 'A'], '/odd', 'a.test'],
  ])('is in the log with what was read of it: it %s', async (_, target, fields, path, host) => {
    const { client, log } = await aGateway(['http://127.0.0.1:1'], {
      limits: { urlBytes: 64, headers: 3 },
    });
    const one = await client();
    // In two pieces.
    const bytes = message(`GET ${target} HTTP/1.1`, fields);
    one.write(bytes.slice(0, 9)).write(bytes.slice(9));
    expect(await one.closed()).toBe(true);
    expect(log.records).toMatchObject([{ method: 'GET', path, host, attempts: 0 }]);
  });
});

describe('a client that takes nothing of its answers', () => {
  it('is ended, also where all of an answer was written', async () => {
    const upstream = await anUpstream({ complete: reply('200 OK', [], 'x'.repeat(200_000)) });
    const { client, gateway } = await aGateway([upstream.url], { timeouts: { writeMs: 100 } });
    const one = await client();
    one.socket.pause();
    // More than the kernels of both sides keep.
    for (let i = 0; i < 100; i++) one.write(get(`/${i}`));
    await until(() => gateway.stats().requests.total > 0);
    await untilIdle(gateway);
    expect(gateway.stats().connections.open).toBe(0);
  });

  it('is not one whose next answer waits for its turn', async () => {
    const { upstream, waiting } = await anUpstreamThatWaits();
    const big = await anUpstream({ complete: reply('200 OK', [], 'x'.repeat(300_000)) });
    const { client, gateway } = await aGateway(
      { backends: [upstream.url, big.url], strategy: 'round-robin' },
      { timeouts: { writeMs: 100 } },
    );
    const one = (await client()).write(get('/slow'));
    await until(() => waiting.length === 1);
    one.write(get('/big'));
    await until(() => big.requests().length === 1);
    // Longer than the stall watch needs to look twice.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    waiting[0]?.();
    const answers = await one.answered(2);
    expect(answers.map(({ body, complete }) => [body.length, complete])).toEqual([
      [5, true],
      [300_000, true],
    ]);
    await untilIdle(gateway);
  });
});

describe('large answers to requests that did not wait for each other', () => {
  it('come whole and in order, however slowly they are taken', async () => {
    const upstream = await anUpstream({
      complete: (socket, { startLine }) => {
        const path = startLine.split(' ')[1] as string;
        socket.write(reply('200 OK', [], path.padEnd(200_000)));
      },
    });
    const { client, backends } = await aGateway([upstream.url]);
    const one = await client();
    one.socket.pause();
    for (let i = 0; i < 90; i++) one.write(get(`/${i}`));
    await until(() => upstream.requests().length === 90);
    await one.quiet();
    one.socket.resume();
    const answers = await one.answered(90, 20_000);
    const paths = answers.map(({ body, complete }) => complete && body.toString().trimEnd());
    expect(paths).toEqual(Array.from({ length: 90 }, (_, i) => `/${i}`));
    expect(backends()[0]?.errors).toBe(0);
  });
});

describe('a backend that does not answer', () => {
  it('has no longer than all attempts together', async () => {
    const upstream = await anUpstream({ complete: () => {} });
    const timeouts = { headersMs: 3_600_000, totalMs: 50 };
    const { client } = await aGateway({ backends: [upstream.url], timeouts });
    const one = (await client()).write(get('/x'));
    await one.answered();
    expect(bodies(one)).toEqual([[504, 'ERR_LB_TIMEOUT']]);
  });
});
