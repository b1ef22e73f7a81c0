import { afterEach, describe, expect, it } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import { handshake } from '../conformance/cases/websocket-handshake.ts';
import { header } from '../conformance/wire/messages.ts';
import { get, HOST, message, post, postChunked, SMUGGLED } from '../conformance/wire/requests.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import { anUpstreamThatWaits, bodies } from '../integration/gateway/http1-lab.ts';
import { aGateway, anUpstream, endAll, until, untilIdle } from '../integration/gateway/lab.ts';

startAtTheFirst();

afterEach(endAll);

/** A chunked body that ends in the middle of nonsense. */
const NONSENSE = 'zz\r\n';

describe('an answer that ends with its connection', () => {
  it('is broken off where the connection is reset', async () => {
    const upstream = await anUpstream({
      complete: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nhalf', () => setTimeout(() => socket.resetAndDestroy(), 20));
      },
    });
    const { client, gateway, backends, log } = await aGateway({ backends: [upstream.url], retries: false });
    const one = (await client()).write(get('/x'));
    expect(await one.closed()).toBe(true);
    expect(one.text).toContain('half');
    expect(one.answers[0]?.complete).toBe(false);
    await untilIdle(gateway);
    expect(backends()[0]).toMatchObject({ errors: 1 });
    expect(log.records).toMatchObject([{ status: 200, code: 'ERR_LB_UPSTREAM' }]);
  });
});

/** A line whose letters may be of either case. */
const anyCase = (line: string) =>
  expect.stringMatching(new RegExp(`^${line.replace(/[/.<>]/g, '\\$&')}$`, 'i'));

describe('an interim response', () => {
  const interim = '103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Hint: two\r\n\r\n';

  it('comes before the final one, with all its headers', async () => {
    const upstream = await anUpstream({ complete: `HTTP/1.1 ${interim}${reply('200 OK', [], 'done')}` });
    const { client } = await aGateway([upstream.url]);
    const one = (await client()).write(get('/x'));
    await until(() => one.text.includes('done'));
    const [hints, final] = one.text.split('\r\n\r\n') as [string, string];
    expect(hints.split('\r\n')).toEqual(
      ['HTTP/1.1 103 ', 'link: </a.css>; rel=preload', 'x-hint: two'].map(anyCase),
    );
    expect(final).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('a reason phrase', () => {
  it.each(['OK', 'Alles gut', '\xe6\x97\xa5\xe6\x9c\xac', ''])(
    'goes through as it came: %j',
    async (phrase) => {
      const upstream = await anUpstream({ complete: reply(`200 ${phrase}`) });
      const { client } = await aGateway([upstream.url]);
      const one = (await client()).write(get('/x'));
      await one.answered();
      expect(one.text.split('\r\n', 1)).toEqual([`HTTP/1.1 200 ${phrase}`]);
    },
  );

  it('that is no text does not make a good answer a bad one', async () => {
    const upstream = await anUpstream({ complete: reply('200 \xff\xfe', [], 'fine') });
    const { client, backends } = await aGateway([upstream.url]);
    const one = (await client()).write(get('/x'));
    await one.answered();
    expect(bodies(one)).toEqual([[200, 'fine']]);
    expect(backends()[0]?.errors).toBe(0);
  });
});

describe('what comes after the last answer of a connection', () => {
  it.each([
    ['that came before the end of its request', {}, { head: reply('200 OK', [], 'early') as Reply }],
    ['that refused its request', { limits: { bodyBytes: 10 } }, {}],
  ])('%s is not passed on', async (_, settings, script) => {
    const upstream = await anUpstream(script);
    const { client, gateway } = await aGateway([upstream.url], settings);
    const one = (await client()).write(
      message('PUT /up HTTP/1.1', ['Host: a', 'Content-Length: 100'], 'half'),
    );
    await one.answered();
    one.write(`${'x'.repeat(96)}${SMUGGLED}`);
    one.end();
    expect(await one.closed()).toBe(true);
    await until(() => gateway.stats().connections.open === 0);
    expect(one.answers).toHaveLength(1);
    expect(upstream.text).not.toContain('/smuggled');
    expect(gateway.stats().requests.total).toBe(1);
  });

  it('does not break it off, however little it is a request', async () => {
    const upstream = await anUpstream();
    const { client, gateway } = await aGateway([upstream.url]);
    const one = (await client()).write('NONSENSE\r\n\r\n');
    await one.answered();
    one.write('more');
    // Read after it.
    const other = (await client()).write(get('/other'));
    await other.answered();
    expect(gateway.stats().connections.open).toBe(2);
    for (const each of [one, other]) each.end();
    await until(() => gateway.stats().connections.open === 0);
    expect(bodies(one)).toEqual([[400, 'ERR_GW_BAD_REQUEST']]);
  });
});

describe('a client that asks for ever more without waiting', () => {
  it('gets a hundred answers, and then the end of its connection', async () => {
    const { upstream, waiting } = await anUpstreamThatWaits();
    const { client, gateway } = await aGateway([upstream.url]);
    const one = (await client()).write(get('/x').repeat(150));
    await until(() => waiting.length === 100);
    expect(gateway.stats().requests.total).toBe(100);
    for (const answer of waiting) answer();
    expect(await one.closed()).toBe(true);
    one.end();
    expect(bodies(one)).toEqual(Array(100).fill([200, '/x']));
    expect(one.text.match(/^Connection: close/gm)).toHaveLength(1);
    await untilIdle(gateway);
    expect(waiting).toHaveLength(100);
  });
});

describe('a request that goes wrong behind another', () => {
  it('does not take the answer before it along when its backend dies', async () => {
    const { upstream, waiting } = await anUpstreamThatWaits();
    const dying = await anUpstream({
      complete: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => socket.end());
      },
    });
    const { client, gateway, backends } = await aGateway({
      backends: [upstream.url, dying.url],
      strategy: 'round-robin',
    });
    const one = (await client()).write(get('/first'));
    await until(() => waiting.length === 1);
    one.write(get('/second'));
    await until(() => backends()[1]?.errors === 1);
    waiting[0]?.();
    expect(await one.closed()).toBe(true);
    expect(bodies(one)).toEqual([[200, '/first']]);
    await untilIdle(gateway);
  });

  it.each([
    ['no HTTP', 'NONSENSE\r\n\r\n', 400, 'ERR_GW_BAD_REQUEST'],
    ['a CONNECT', 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n', 405, 'ERR_GW_METHOD'],
    ['an upgrade', `${handshake()}`, 400, 'ERR_GW_BAD_UPGRADE'],
  ])('and is %s is refused after all answers before it', async (_, bytes, status, code) => {
    const { upstream, waiting } = await anUpstreamThatWaits();
    const { client, gateway } = await aGateway([upstream.url]);
    const one = (await client()).write(get('/first') + get('/second'));
    await until(() => waiting.length === 2);
    one.write(bytes);
    // Read after it, and answered without a backend.
    await (await client()).write(get('/x#y')).answered();
    for (const answer of waiting) answer();
    expect(await one.closed()).toBe(true);
    expect(bodies(one)).toEqual([
      [200, '/first'],
      [200, '/second'],
      [status, code],
    ]);
    one.end();
    await untilIdle(gateway);
  });

  const pool = { maxInFlight: 1 };
  const limited = {
    routes: [
      {
        path: '/',
        pool: 'shop',
        rateLimit: { points: 9, durationMs: 60_000, by: 'client-address' as const },
      },
    ],
  };
  const elsewhere = { routes: [{ path: '/first', pool: 'shop' }] };
  it.each([
    ['while it waits for its turn at a backend', pool, {}, 1, 'ERR_GW_BAD_REQUEST', 400],
    ['before it is known whether it may come', {}, limited, 0, 'ERR_GW_BAD_REQUEST', 400],
    ['after it was refused', {}, elsewhere, 0, 'ERR_GW_NO_ROUTE', 404],
  ])('%s gets its own answer, after the first', async (_, options, settings, depth, code, status) => {
    const { upstream, waiting } = await anUpstreamThatWaits();
    const { client, gateway, log } = await aGateway({ backends: [upstream.url], ...options }, settings);
    const one = (await client()).write(get('/first'));
    await until(() => waiting.length === 1);
    if (depth === 0) one.write(postChunked(NONSENSE, '/second'));
    else {
      one.write(postChunked('', '/second'));
      await until(() => gateway.stats().pools[0]?.queue?.depth === depth);
      one.write(NONSENSE);
    }
    await until(() => gateway.stats().requests.errors[code] === 1);
    waiting[0]?.();
    expect(await one.closed()).toBe(true);
    expect(bodies(one)).toEqual([
      [200, '/first'],
      [status, code],
    ]);
    one.end();
    await untilIdle(gateway);
    expect(log.records).toMatchObject([
      { path: '/first', status: 200, attempts: 1 },
      { path: '/second', status, code, attempts: 0 },
    ]);
    expect(gateway.stats().pools[0]?.backends[0]?.requests).toBe(1);
  });
});

describe('a client that leaves in the middle of its next request', () => {
  it('has left', async () => {
    const upstream = await anUpstream({
      complete: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n',
    });
    const { client, gateway, log, backends } = await aGateway([upstream.url]);
    const one = (await client()).write(get('/events'));
    await until(() => one.text.includes('event'));
    one.write('GET /next HT').end();
    await untilIdle(gateway);
    expect(log.records).toMatchObject([{ path: '/events', status: 499 }]);
    expect(backends()[0]).toMatchObject({ errors: 0, cancelled: 1 });
  });
});

describe('a target', () => {
  it.each(['/a#b', '/#', '/a?b#c', 'http://a.test/a#b'])('with a fragment, %s, is none', async (target) => {
    const upstream = await anUpstream();
    const { client, gateway } = await aGateway([upstream.url]);
    const one = (await client()).write(get(target));
    await one.answered();
    expect(bodies(one)).toEqual([[400, 'ERR_GW_BAD_TARGET']]);
    await untilIdle(gateway);
    expect(upstream.requests()).toEqual([]);
  });

  it.each(['', '/base'])(
    'that is * is the gateway itself, also where backends have the path "%s"',
    async (base) => {
      const upstream = await anUpstream();
      const { client, gateway } = await aGateway([upstream.url + base]);
      const one = await client();
      one.write(message('OPTIONS * HTTP/1.1', [HOST]), 'OPTIONS').write(get('/next'), 'GET');
      const [answer] = await one.answered(2);
      expect(bodies(one)).toEqual([
        [200, 'ERR_GW_SERVER_OPTIONS'],
        [200, `${base}/next`],
      ]);
      expect(header(answer!, 'allow')).toContain('OPTIONS');
      await untilIdle(gateway);
      expect(upstream.requests()).toHaveLength(1);
    },
  );
});

describe('an answer that has no content by its status', () => {
  it.each([
    ['of a length', reply('205 Reset Content', [], 'never')],
    ['in chunks', 'HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nnever\r\n0\r\n\r\n'],
  ])('has none, though the backend sends one %s', async (_, answer) => {
    const upstream = await anUpstream({
      complete: (socket, _request, nth) => socket.write(nth === 0 ? answer : reply('200 OK', [], 'next')),
    });
    const { client, gateway } = await aGateway([upstream.url]);
    const one = (await client()).write(get('/x'));
    await one.answered();
    one.write(get('/y'));
    await one.answered(2);
    expect(bodies(one)).toEqual([
      [205, ''],
      [200, 'next'],
    ]);
    await untilIdle(gateway);
  });
});

describe('a connection on which nothing is said', () => {
  it('ends after the time that the latest configuration gives it', async () => {
    const upstream = await anUpstream();
    const settings = { listener: { h2c: true } };
    const { client, reload } = await aGateway([upstream.url], {
      ...settings,
      timeouts: { headersMs: 3_600_000 },
    });
    await reload({ backends: [upstream.url] }, { ...settings, timeouts: { headersMs: 50 } });
    expect(await (await client()).closed()).toBe(true);
  });
});

describe('a connection that has had its requests, or its time', () => {
  /** Answers when a millisecond has passed. */
  const slowly: Reply = (socket) => void setTimeout(() => socket.write(reply('200 OK')), 5);

  it.each([
    ['requests', { limits: { requestsPerConnection: 2 } }, 2],
    ['time', { timeouts: { ageMs: 1 } }, 1],
  ])('ends: %s', async (_, settings, most) => {
    const upstream = await anUpstream({ complete: slowly });
    const { client } = await aGateway([upstream.url], settings);
    const one = await client();
    for (let asked = 1; asked <= most; asked++) await one.write(get()).answered(asked);
    await one.closed();
    expect(one.answers.map((answer) => header(answer, 'connection'))).toEqual([
      ...Array(most - 1).fill('keep-alive'),
      'close',
    ]);
  });

  it('of a backend is used no more', async () => {
    const upstream = await anUpstream({ complete: slowly });
    for (const settings of [{ requestsPerConnection: 2 }, { timeouts: { ageMs: 1 } }]) {
      const before = upstream.connections.length;
      const { client } = await aGateway({ backends: [upstream.url], ...settings });
      const one = await client();
      for (let asked = 1; asked <= 4; asked++) await one.write(get()).answered(asked);
      expect(upstream.connections.length - before).toBe('timeouts' in settings ? 4 : 2);
    }
  });
});

describe('a gateway that closes', () => {
  it('answers all that came on a connection before it', async () => {
    const { upstream, waiting } = await anUpstreamThatWaits();
    const { client, gateway } = await aGateway([upstream.url]);
    const one = (await client()).write(get('/first') + post('body', '/second'));
    await until(() => waiting.length === 2);
    const closed = gateway.close(10_000);
    for (const answer of waiting) answer();
    expect(await one.closed()).toBe(true);
    await closed;
    expect(
      bodies(one)
        .map(([, body]) => body)
        .sort(),
    ).toEqual(['/first', '/second']);
  });
});
