import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import type { AccessRecord, GatewayLog } from '../../src/contracts.ts';
import { Engine } from '../../src/engine.ts';
import { Exchange } from '../../src/forwarding/exchange.ts';
import { REFUSALS } from '../../src/local-reply/refusal.ts';
import { resolved, type resolvedPool } from '../resolved.ts';
import { FakeCall, FakeClient, SourceStream } from './fakes.ts';

startAtTheFirst();

type PoolInput = Parameters<typeof resolvedPool>[0];
type ConfigInput = Omit<Parameters<typeof resolved>[0], 'pools'>;

const URLS = ['http://10.0.0.1', 'http://10.0.0.2'];
const engines: Engine[] = [];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  for (const engine of engines.splice(0)) engine.destroy();
});

/** A gateway without sockets: what it would send is kept. */
function setUp(pool: Partial<PoolInput> = {}, config: ConfigInput = {}) {
  const records: AccessRecord[] = [];
  const errors: object[] = [];
  const log: GatewayLog = {
    debug() {},
    info() {},
    warn() {},
    error: (fields) => void errors.push(fields),
    access: (record) => void records.push(record),
  };
  const retries = { minDelayMs: 0, maxDelayMs: 0 };
  const own = { backends: URLS, strategy: 'round-robin' as const, retries, ...pool };
  const engine = new Engine(resolved({ pools: { pool: own }, ...config }), log, () => ({
    open: 0,
    accepted: 0,
    refused: 0,
  }));
  engines.push(engine);
  const upstreams = engine.context.routes.routes[0]!.pool;
  const sent: FakeCall[] = [];
  for (const backend of upstreams.balancer.backends) {
    vi.spyOn(upstreams.upstreamOf(backend).connections, 'send').mockImplementation((message, events) => {
      const call = new FakeCall(message, events);
      sent.push(call);
      return call;
    });
  }
  const begin = (client = new FakeClient()) => {
    const exchange = new Exchange(engine.context, client);
    exchange.start();
    return { client, exchange };
  };
  /** Leases, requests, and retries that are still held. */
  const held = () => {
    const { pools, requests } = engine.stats();
    const active = pools[0]!.backends.reduce((sum, { activeConnections }) => sum + activeConnections, 0);
    const { size } = engine.context.exchanges;
    return [pools[0]!.inFlight, active, requests.inFlight, size, upstreams.failover?.budget.retries];
  };
  const backends = () =>
    engine
      .stats()
      .pools[0]!.backends.map(({ requests, errors: failed, cancelled }) => [requests, failed, cancelled]);
  return { engine, begin, sent, records, errors, held, backends };
}

const NOTHING = [0, 0, 0, 0, 0];
/** Lets some time pass, and everything happen that then is due. */
const settled = (ms = 5) => vi.advanceTimersByTimeAsync(ms);

/** A body that has come so far, or wholly. */
function aBody(text: string, isWhole = true) {
  const body = new Readable({ read() {} });
  body.push(text);
  if (isWhole) body.push(null);
  return body;
}

const aPost = (body: Readable, method = 'POST') =>
  new FakeClient({ method, body, rawHeaders: ['Host', 'a.test', 'Content-Length', '4'] });

describe('the access log', () => {
  it('has the hash of the key, as it is explained, and whether the key was known or spilled', async () => {
    const { begin, sent, records, engine } = setUp({ strategy: 'consistent-hash', bounds: { z: 0 } });
    const begun = [begin(), begin(), begin()];
    for (const call of sent) call.answer(200, 'a');
    for (const { exchange } of begun) exchange.closed(true);
    const { explanation } = await engine.control.explain({ path: '/path?query' });
    const keyHash = explanation?.hash.toString(16).padStart(8, '0');
    expect(keyHash).toMatch(/^[\da-f]{8}$/);
    expect(records).toMatchObject([
      { keyHash, spilled: false, remembered: false, path: '/path' },
      { keyHash, spilled: false, remembered: true, path: '/path' },
      { keyHash, spilled: true, remembered: true, path: '/path' },
    ]);
  });
});

describe('a request', () => {
  it('goes to a backend as it came, and its answer to the client', () => {
    const { begin, sent, records, held, engine } = setUp();
    const { client, exchange } = begin();
    expect(held()).toEqual([1, 1, 1, 1, 0]);
    const [one] = sent as [FakeCall];
    expect(one.message).toMatchObject({
      path: '/path?query',
      method: 'GET',
      body: undefined,
      headTimeoutMs: undefined,
    });
    one.answer(200, 'body');
    expect(client.calls).toEqual(['head 200', 'end body']);
    expect(client.headers.slice(0, 3)).toEqual(['Content-Length', '4', 'Date']);
    // The lease is held until the last byte is out.
    expect(held()).toEqual([1, 1, 1, 1, 0]);
    exchange.closed(true);
    exchange.closed(true);
    expect(held()).toEqual(NOTHING);
    expect(records).toMatchObject([
      {
        ...{ method: 'GET', path: '/path', host: 'a.test', protocol: 'HTTP/1.1', clientAddress: '192.0.2.1' },
        ...{ status: 200, pool: 'pool', backend: URLS[0], attempts: 1, bytesReceived: 0, bytesSent: 4 },
        code: undefined,
      },
    ]);
    expect(engine.stats()).toMatchObject({
      requests: { total: 1, statuses: { '2xx': 1 }, cancelled: 0, errors: {} },
    });
    expect(engine.stats().pools[0]?.backends[0]).toMatchObject({
      statuses: { '2xx': 1 },
      latency: { count: 1 },
    });
  });

  it('keeps the Date of its backend', () => {
    const { begin, sent } = setUp();
    const { client } = begin();
    sent[0]!.connect().head(200, 'date', 'then');
    expect(client.headers).toEqual(['date', 'then']);
  });

  it.each<[string, ConstructorParameters<typeof FakeClient>[0], string[]]>([
    ['that cannot be used', { target: 'x' }, ['head 400']],
    ['that no route is for', { target: '/other' }, ['head 404']],
    ['whose body will be too large', { rawHeaders: ['Host', 'a', 'Content-Length', '5000'] }, ['head 413']],
    ['that was here before', { rawHeaders: ['Host', 'a', 'Via', '1.1 NAME'] }, ['head 508']],
  ])('%s is refused', (_, overrides, calls) => {
    const { begin, sent, engine, records, held } = setUp(
      {},
      { routes: [{ path: '/path', pool: 'pool' }], limits: { bodyBytes: 1_000 } },
    );
    const rawHeaders = overrides?.rawHeaders?.map((text) =>
      text.replace('NAME', engine.context.identity.name),
    );
    const { client, exchange } = begin(
      new FakeClient({ ...overrides, ...(rawHeaders === undefined ? {} : { rawHeaders }) }),
    );
    expect(client.calls).toMatchObject(
      [...calls, /^end \{"code":"ERR_GW_/].map((call) => expect.stringMatching(call)),
    );
    exchange.closed(true);
    expect(sent).toEqual([]);
    expect(held()).toEqual(NOTHING);
    expect(records[0]).toMatchObject({
      code: expect.stringMatching(/^ERR_GW_/),
      backend: undefined,
      attempts: 0,
    });
    expect(Object.values(engine.stats().requests.errors)).toEqual([1]);
  });

  it.each<[string, string[], string, boolean]>([
    ['stays open where nothing follows', ['Host', 'a'], 'head 503', false],
    ['stays open where nothing is said to follow', ['Host', 'a', 'Content-Length', '0'], 'head 503', false],
    ['ends where a body may follow', ['Host', 'a', 'Content-Length', '4'], 'head 503', true],
    ['ends where chunks may follow', ['Host', 'a', 'Transfer-Encoding', 'chunked'], 'head 503', true],
    ['ends where it is not clear what follows', ['Host', 'a', 'Content-Length', '+0'], 'head 400', true],
  ])('that is refused: its connection %s', async (_, rawHeaders, head, closes) => {
    const { begin } = setUp({ backends: [], queue: false });
    const client = new FakeClient({ method: 'HEAD', rawHeaders });
    // node:http tells of a request before it has come to its end.
    client.isComplete = false;
    begin(client);
    expect(client.calls).toEqual([...(closes ? ['close afterwards'] : []), head, 'end']);
  });

  it('whose client waits to be asked for the body has it asked', () => {
    const { begin, sent } = setUp();
    const rawHeaders = ['Host', 'a', 'Expect', '100-continue', 'Content-Length', '4'];
    const client = new FakeClient({ method: 'POST', rawHeaders, body: aBody('body') });
    client.isWaiting = true;
    begin(client);
    expect([client.calls, sent[0]?.message.expectsContinue]).toEqual([[], true]);
    new SourceStream(sent[0]!.message.body).read();
    expect(client.calls).toEqual(['ask']);
  });

  it('that fails for a defect is answered with 500, and the defect logged', () => {
    const { begin, errors, engine, held } = setUp();
    vi.spyOn(engine.context.routes, 'find').mockImplementation(() => {
      throw new Error('defect');
    });
    const { client, exchange } = begin();
    expect(client.calls[0]).toBe('head 500');
    exchange.closed(true);
    expect(errors).toMatchObject([{ error: { message: 'defect' } }]);
    expect(held()).toEqual(NOTHING);
  });

  it('that cannot even be refused is broken off', () => {
    const { begin, errors, held } = setUp({ backends: [], queue: false });
    const client = new FakeClient();
    client.refusesHead = new Error('defect');
    const { exchange } = begin(client);
    expect(client.calls).toEqual(['abort']);
    exchange.closed(false);
    expect(errors).toHaveLength(1);
    expect(held()).toEqual(NOTHING);
  });
});

describe('a request whose backend fails', () => {
  it('goes to the next one', async () => {
    const { begin, sent, records, held, backends } = setUp();
    const { client, exchange } = begin();
    sent[0]!.fail('ECONNREFUSED');
    await settled();
    sent[1]!.answer(200, 'body');
    exchange.closed(true);
    expect(client.calls).toEqual(['head 200', 'end body']);
    expect(records[0]).toMatchObject({ status: 200, attempts: 2, backend: URLS[1] });
    expect(backends()).toEqual([
      [1, 1, 0],
      [1, 0, 0],
    ]);
    expect(held()).toEqual(NOTHING);
    // The same headers, each once.
    expect(sent[1]!.message.headers).toEqual(sent[0]!.message.headers);
    expect((sent[1]!.message.headers as string[]).filter((text) => text === 'Host')).toHaveLength(1);
  });

  it('goes to the next one for its 503, of which the client hears nothing', async () => {
    const { begin, sent, backends } = setUp();
    const { client, exchange } = begin();
    sent[0]!.connect().head(503, 'Content-Length', '4');
    await settled();
    sent[1]!.connect().head(200, 'Content-Length', '2');
    sent[0]!.data('busy');
    sent[0]!.complete();
    sent[1]!.data('ok');
    sent[1]!.complete();
    exchange.closed(true);
    expect(client.calls).toEqual(['head 200', 'end ok']);
    expect(backends()).toEqual([
      [1, 1, 0],
      [1, 0, 0],
    ]);
  });

  it('gets what the last one says', async () => {
    const { begin, sent, backends, records } = setUp();
    const { client, exchange } = begin();
    sent[0]!.answer(503, 'one');
    await settled();
    sent[1]!.answer(502, 'two');
    exchange.closed(true);
    expect(client.calls).toEqual(['head 502', 'end two']);
    expect(records[0]).toMatchObject({ status: 502, code: undefined, attempts: 2 });
    expect(backends()).toEqual([
      [1, 1, 0],
      [1, 1, 0],
    ]);
  });

  it.each([
    ['UND_ERR_HEADERS_TIMEOUT', 504, 'ERR_LB_TIMEOUT'],
    ['UND_ERR_SOCKET', 502, 'ERR_LB_UPSTREAM'],
  ])('with %s is told %s', (error, status, code) => {
    const { begin, sent, records, held, backends } = setUp({ retries: false });
    const { client, exchange } = begin();
    sent[0]!.connect().fail(error);
    expect(client.calls[0]).toBe(`head ${status}`);
    // Nobody works on it any more.
    expect(held().slice(0, 2)).toEqual([0, 0]);
    exchange.closed(true);
    expect(records[0]).toMatchObject({ status, code });
    expect(backends()[0]).toEqual([1, 1, 0]);
  });

  it('in the middle of its answer is broken off, and the failure counted', () => {
    const { begin, sent, records, backends, held } = setUp();
    const { client, exchange } = begin();
    sent[0]!.connect().head(200, 'Content-Length', '100');
    sent[0]!.fail('UND_ERR_SOCKET');
    expect(client.calls).toEqual(['head 200', 'abort']);
    exchange.closed(false);
    expect(records[0]).toMatchObject({ status: 200, code: 'ERR_LB_UPSTREAM' });
    expect(backends()[0]).toEqual([1, 1, 0]);
    expect(held()).toEqual(NOTHING);
  });

  it('is not blamed on it where the request itself could not be sent', () => {
    const { begin, sent, backends, client, engine } = { ...setUp(), client: new FakeClient() };
    const { exchange } = begin(client);
    sent[0]!.fail('UND_ERR_INVALID_ARG');
    expect(client.calls[0]).toBe('head 400');
    exchange.closed(true);
    expect(backends()).toEqual([
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(engine.stats().pools[0]!.backends.map(({ rejected }) => rejected)).toEqual([1, 0]);
  });
});

describe('a client that leaves', () => {
  it.each<[string, (sent: FakeCall[]) => void | Promise<void>, number[][]]>([
    [
      'before its backend was reached',
      () => {},
      [
        [1, 0, 1],
        [0, 0, 0],
      ],
    ],
    [
      'before the answer',
      ([one]) => void one!.connect(),
      [
        [1, 0, 1],
        [0, 0, 0],
      ],
    ],
    [
      'in the middle of the answer',
      ([one]) => void one!.connect().head(200),
      [
        [1, 0, 1],
        [0, 0, 0],
      ],
    ],
    [
      'between two attempts',
      ([one]) => one!.fail('ECONNREFUSED'),
      [
        [1, 1, 0],
        [1, 0, 1],
      ],
    ],
    [
      'in the second attempt',
      async (sent) => {
        sent[0]!.fail('ECONNREFUSED');
        await settled();
        sent[1]!.connect();
      },
      [
        [1, 1, 0],
        [1, 0, 1],
      ],
    ],
  ])('%s is no failure of whoever had its request', async (_, happens, counts) => {
    const { begin, sent, records, backends, held, engine } = setUp();
    const { exchange } = begin();
    await happens(sent);
    exchange.closed(false);
    await settled();
    expect(records).toMatchObject([{ status: 499, code: undefined }]);
    expect(backends()).toEqual(counts);
    expect(held()).toEqual(NOTHING);
    expect(engine.stats().requests).toMatchObject({
      cancelled: 1,
      statuses: { '2xx': 0, '4xx': 0, '5xx': 0 },
    });
    const last = sent.at(-1)!;
    expect(sent.length - 1).toBe(counts[1]![0] === 1 && last.message !== sent[0]!.message ? 1 : 0);
  });

  it('ends what its backend is doing', () => {
    const { begin, sent } = setUp();
    const { exchange } = begin();
    sent[0]!.connect();
    exchange.closed(false);
    expect(sent[0]!.aborts).toBe(1);
    // Also one that still waits for a connection.
    const other = begin();
    other.exchange.closed(false);
    expect(sent[1]!.aborts).toBe(1);
  });

  it('in the middle of its body is not the fault of its backend', async () => {
    const { begin, sent, records, backends } = setUp();
    const body = aBody('ha', false);
    const client = aPost(body);
    client.isComplete = false;
    const { exchange } = begin(client);
    const stream = new SourceStream(sent[0]!.message.body);
    stream.on('error', () => sent[0]!.fail('UND_ERR_ABORTED')).resume();
    await settled();
    body.destroy(new Error('reset'));
    await settled();
    expect(client.calls).toEqual(['abort']);
    exchange.closed(false);
    expect(records[0]).toMatchObject({ status: 499, bytesReceived: 2 });
    expect(backends()[0]).toEqual([1, 0, 1]);
  });
});

describe('a body', () => {
  it('is sent again from its beginning where it was kept', async () => {
    const { begin, sent, records } = setUp();
    const { exchange } = begin(aPost(aBody('body'), 'PUT'));
    const first = new SourceStream(sent[0]!.message.body);
    expect((await first.take(1).toArray()).join('')).toBe('body');
    sent[0]!.connect().fail('UND_ERR_SOCKET');
    await settled();
    const second = new SourceStream(sent[1]!.message.body);
    expect((await second.toArray()).join('')).toBe('body');
    sent[1]!.answer(200);
    exchange.closed(true);
    expect(records[0]).toMatchObject({ attempts: 2, bytesReceived: 4 });
  });

  it('is held from the head of a response that is retried until it is sent again', async () => {
    const { begin, sent } = setUp({}, { limits: { replayBytes: 4 } });
    const body = aBody('bo', false);
    begin(aPost(body, 'PUT'));
    new SourceStream(sent[0]!.message.body).resume();
    await settled();
    sent[0]!.connect().head(503);
    // Would be more than is kept, and then be missing.
    body.push('dy and more');
    body.push(null);
    await settled();
    const second = new SourceStream(sent[1]!.message.body);
    expect((await second.toArray()).join('')).toBe('body and more');
  });

  it('is read to its end where a response that was kept is passed on', async () => {
    const { begin, sent } = setUp({ maxInFlight: 1, queue: { timeoutMs: 100 } });
    const body = aBody('bo', false);
    const { client } = begin(aPost(body, 'PUT'));
    begin();
    new SourceStream(sent[0]!.message.body).resume();
    await settled();
    sent[0]!.connect().head(503);
    expect([client.calls, body.isPaused()]).toEqual([[], true]);
    await settled(100);
    expect([client.calls[0], body.isPaused()]).toEqual(['head 503', false]);
  });

  it('is not sent again where it was not kept', async () => {
    const { begin, sent } = setUp({}, { limits: { replayBytes: 3 } });
    const { client } = begin(aPost(aBody('body'), 'PUT'));
    new SourceStream(sent[0]!.message.body).resume();
    await settled();
    sent[0]!.connect().fail('UND_ERR_SOCKET');
    await settled();
    expect([sent.length, client.calls[0]]).toEqual([1, 'head 502']);
  });

  it('that is too large is the fault of its client', async () => {
    const { begin, sent, backends, records } = setUp({}, { limits: { bodyBytes: 3 } });
    const client = new FakeClient({
      method: 'POST',
      body: aBody('body'),
      rawHeaders: ['Host', 'a', 'Transfer-Encoding', 'chunked'],
    });
    const { exchange } = begin(client);
    new SourceStream(sent[0]!.message.body).on('error', () => sent[0]!.fail('UND_ERR_ABORTED')).resume();
    await settled();
    expect(client.calls[0]).toBe('head 413');
    exchange.closed(true);
    expect(records[0]).toMatchObject({ status: 413, code: 'ERR_GW_BODY_TOO_LARGE' });
    expect(backends()[0]).toEqual([1, 0, 1]);
  });
});

describe('a request that is refused on its way', () => {
  it('ends what its backend is doing, and gives its lease back', () => {
    const { begin, sent, held, backends, records } = setUp();
    const { client, exchange } = begin();
    sent[0]!.connect();
    exchange.refuse(REFUSALS.uploadTimeout);
    expect(client.calls[0]).toBe('head 408');
    expect(sent[0]!.aborts).toBe(1);
    expect(held().slice(0, 2)).toEqual([0, 0]);
    exchange.refuse(REFUSALS.uploadTimeout);
    expect(client.calls.at(-1)).toBe('abort');
    exchange.closed(false);
    expect(records[0]).toMatchObject({ status: 408, code: 'ERR_GW_REQUEST_TIMEOUT' });
    expect(backends()[0]).toEqual([1, 0, 1]);
  });

  it('between two attempts has no second one', async () => {
    const { begin, sent, held } = setUp({ retries: { minDelayMs: 5, maxDelayMs: 5 } });
    const { exchange } = begin();
    sent[0]!.fail('ECONNREFUSED');
    exchange.refuse(REFUSALS.uploadTimeout);
    await settled(20);
    expect(sent).toHaveLength(1);
    exchange.closed(true);
    expect(held()).toEqual(NOTHING);
  });
});

describe('a request that must be let in', () => {
  const RATE = { points: 1, durationMs: 60_000 };

  it('is told where it stands, and refused where it came too often', async () => {
    const { begin, sent, engine, records, held } = setUp({}, { routes: [{ pool: 'pool', rateLimit: RATE }] });
    const one = begin();
    await settled();
    sent[0]!.answer(200);
    expect(one.client.headers).toContain('RateLimit-Remaining');
    const other = begin();
    await settled();
    expect(other.client.calls[0]).toBe('head 429');
    expect(other.client.headers.filter((text) => text === 'Retry-After')).toHaveLength(1);
    for (const { exchange } of [one, other]) exchange.closed(true);
    expect(engine.stats().requests).toMatchObject({ rateLimited: 1, errors: { ERR_LB_RATE_LIMITED: 1 } });
    expect(records[1]).toMatchObject({ status: 429, attempts: 0 });
    expect(held()).toEqual(NOTHING);
  });

  it('but whose client has left meanwhile asks nobody', async () => {
    const { begin, sent, held, records } = setUp({}, { routes: [{ pool: 'pool', rateLimit: RATE }] });
    begin().exchange.closed(false);
    await settled();
    expect(sent).toEqual([]);
    expect(records[0]).toMatchObject({ status: 499, attempts: 0 });
    expect(held()).toEqual(NOTHING);
  });
});

describe('what a backend reports of itself', () => {
  it('is heard with its answers', () => {
    const { begin, sent, engine } = setUp({ strategy: 'least-workload' });
    begin();
    sent[0]!.connect().head(200, 'endpoint-load-metrics', 'TEXT cpu_utilization=0.5, rps_fractional=1');
    // Not yet believed: it has had no work to speak of.
    expect(engine.context.routes.routes[0]!.pool.loadMetrics?.stats()).toMatchObject({ blackedOut: 1 });
  });
});

describe('requests of one client at a time', () => {
  it('are refused beyond their limit, until one has ended', () => {
    const { begin, sent, engine, records } = setUp({}, { limits: { requestsPerClient: 2 } });
    const [one] = [begin(), begin()];
    const third = begin();
    expect(third.client.calls[0]).toBe('head 429');
    expect(third.client.headers).toContain('Retry-After');
    expect(sent).toHaveLength(2);
    third.exchange.closed(true);
    expect(begin().client.calls[0]).toBe('head 429');
    sent[0]?.answer(200);
    one.exchange.closed(true);
    expect(begin().client.calls).toEqual([]);
    expect(engine.context.clients.size).toBe(1);
    expect(records[0]).toMatchObject({ status: 429, code: 'ERR_GW_TOO_MANY_REQUESTS' });
  });
});

describe('a body that is refused', () => {
  it('is read on, although its backend had enough of it', async () => {
    const { begin, sent } = setUp({ retries: false });
    const body = new Readable({ read() {} });
    const { client } = begin(aPost(body));
    // It takes as much as it keeps, and then no more.
    new SourceStream(sent[0]!.connect().message.body).read();
    for (let i = 0; i < 3; i++) body.push(Buffer.alloc(60_000));
    await settled();
    expect(body.isPaused()).toBe(true);
    sent[0]!.fail('ECONNRESET');
    expect(client.calls.some((call) => call === 'head 502')).toBe(true);
    expect(body.isPaused()).toBe(false);
  });
});

describe('a body that will not be sent again', () => {
  it.each([
    ['POST', {}, false],
    ['PUT', {}, true],
    ['PUT', { retries: false }, false],
  ] as const)('is not kept: %s, %j', async (method, pool, isKept) => {
    const { begin, sent } = setUp(pool as Partial<PoolInput>);
    const body = new Readable({ read() {} });
    const { exchange } = begin(
      new FakeClient({ method, body, rawHeaders: ['Host', 'a.test', 'Content-Length', '4'] }),
    );
    expect(exchange.upload?.isReplayable).toBe(true);
    new SourceStream(sent[0]?.connect().message.body).read();
    expect(exchange.upload?.isReplayable).toBe(isKept);
  });
});
