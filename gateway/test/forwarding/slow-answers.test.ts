// Responses that take long because there is nothing to say yet: long polls and event streams.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import type { resolved } from '../resolved.ts';
import { fakeGateway } from './fake-gateway.ts';

startAtTheFirst();

const URLS = ['http://10.0.0.1', 'http://10.0.0.2'];
const LONGEST_MS = 2 ** 31 - 1;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A gateway without sockets, whose backends are asked by turns. */
function setUp(config: Omit<Parameters<typeof resolved>[0], 'pools'> = {}) {
  const retries = { minDelayMs: 0, maxDelayMs: 0 };
  const pool = { backends: URLS, strategy: 'round-robin' as const, health: false as const, retries };
  return fakeGateway({ pools: { pool }, ...config });
}

const settled = (ms = 5) => vi.advanceTimersByTimeAsync(ms);

describe('a long poll', () => {
  it('has a minute by default, and goes to one backend', async () => {
    const { engine, begin, sent } = setUp();
    const { pool } = engine.context.routes.routes[0]!;
    expect(pool.config.timeouts).toMatchObject({ headersMs: 60_000, totalMs: 90_000 });
    const { client } = begin();
    sent[0]!.connect();
    await settled(55_000);
    expect(sent).toHaveLength(1);
    sent[0]!.answer(200, 'news');
    expect(client.calls).toContain('head 200');
  });

  it('that takes longer is not sent again if its backend has answered others meanwhile', async () => {
    const { begin, sent, balancer } = setUp();
    const poll = begin();
    sent[0]!.connect();
    begin();
    begin();
    const [first, , same] = sent;
    expect(same!.to).toBe(first!.to);
    same!.answer(200, 'here');
    first!.fail('UND_ERR_HEADERS_TIMEOUT');
    await settled();
    expect(sent).toHaveLength(3);
    expect(poll.client.calls[0]).toBe('head 504');
    expect(balancer.stateOf(first!.to)).toBe('up');
  });

  it('is nothing that a short limit allows: another backend is asked', async () => {
    const { begin, sent } = setUp({ routes: [{ path: '/', pool: 'pool', timeouts: { headersMs: 500 } }] });
    begin();
    sent[0]!.connect();
    begin();
    begin();
    sent[2]!.answer(200, 'here');
    sent[0]!.fail('UND_ERR_HEADERS_TIMEOUT');
    await settled();
    expect(sent).toHaveLength(4);
  });

  it('that takes longer goes on if its backend has answered nothing since, or was said to be down', async () => {
    const { begin, sent, balancer } = setUp();
    begin();
    const [first] = sent;
    first!.connect().fail('UND_ERR_HEADERS_TIMEOUT');
    await settled();
    expect(sent.map(({ to }) => to)).toEqual([first!.to, URLS.find((url) => url !== first!.to)]);
    sent[1]!.answer(200, 'here');
    begin();
    begin();
    begin();
    const [one, , same] = sent.slice(2);
    one!.connect();
    expect(same!.to).toBe(one!.to);
    same!.answer(200, 'here');
    balancer.markDown(one!.to);
    const before = sent.length;
    one!.fail('UND_ERR_HEADERS_TIMEOUT');
    await settled();
    expect(sent).toHaveLength(before + 1);
    expect(sent.at(-1)!.to).not.toBe(one!.to);
  });

  it('whose connection breaks goes on, whatever its backend does for others', async () => {
    const { begin, sent } = setUp();
    begin();
    sent[0]!.connect();
    begin();
    begin();
    sent[2]!.answer(200, 'here');
    sent[0]!.fail('UND_ERR_SOCKET');
    await settled();
    expect(sent).toHaveLength(4);
  });
});

describe('a request whose backend falls ill before it answers', () => {
  it('moves on, once, and its first backend is not listened to any more', async () => {
    const { begin, sent, balancer } = setUp();
    const { client, exchange } = begin();
    sent[0]!.connect();
    exchange.moveOn();
    await settled();
    expect(sent).toHaveLength(1);
    balancer.markDown(sent[0]!.to);
    exchange.moveOn();
    exchange.moveOn();
    await settled();
    expect(sent).toHaveLength(2);
    expect(sent[1]!.to).not.toBe(sent[0]!.to);
    expect(sent[0]!.aborts).toBe(1);
    exchange.moveOn();
    sent[1]!.answer(200, 'here');
    expect(client.calls).toContain('head 200');
    exchange.closed(true);
    expect(balancer.stats().inFlight).toBe(0);
  });

  it('stays if its head has come, if it must not be repeated, and if no backend is well', async () => {
    const { begin, sent, balancer } = setUp();
    const { exchange } = begin();
    sent[0]!.connect().head(200);
    const { exchange: post } = begin('POST');
    const last = begin();
    expect(sent).toHaveLength(3);
    for (const { id } of balancer.backends) {
      balancer.markDown(id);
      for (const one of [exchange, post]) one.moveOn();
    }
    last.exchange.moveOn();
    await settled();
    expect(sent).toHaveLength(3);
  });
});

describe('an event stream', () => {
  const open = (parts: ReturnType<typeof setUp>, ...headers: string[]) => {
    parts.begin();
    return parts.sent
      .at(-1)!
      .connect()
      .head(200, ...headers);
  };
  const EVENTS = ['Content-Type', 'text/event-stream'];

  it('may be silent for as long as a tunnel', () => {
    expect(open(setUp(), ...EVENTS).bodyTimeoutMs).toBe(3_600_000);
    expect(open(setUp({ timeouts: { tunnelMs: 5_000 } }), ...EVENTS).bodyTimeoutMs).toBe(5_000);
    const routes = [{ path: '/', pool: 'pool', timeouts: { tunnelMs: 7_000, bodyMs: 10 } }];
    expect(open(setUp({ routes }), ...EVENTS).bodyTimeoutMs).toBe(7_000);
  });

  it('may be silent for ever where tunnels may', () => {
    expect(open(setUp({ timeouts: { tunnelMs: 0 } }), ...EVENTS).bodyTimeoutMs).toBe(LONGEST_MS);
  });

  it('is what says so: another body has the limit of its pool', () => {
    expect(open(setUp(), 'Content-Type', 'text/html').bodyTimeoutMs).toBeUndefined();
    expect(open(setUp()).bodyTimeoutMs).toBeUndefined();
  });
});
