// Backends that are not well: how long they have, and what a client hears if none of them works.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import type { resolvedPool } from '../resolved.ts';
import { fakeGateway } from './fake-gateway.ts';
import type { FakeClient } from './fakes.ts';

startAtTheFirst();

const URLS = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3'];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A gateway without sockets, some of whose backends are down. */
function setUp(down: readonly string[], pool: Partial<Parameters<typeof resolvedPool>[0]> = {}) {
  const retries = { minDelayMs: 0, maxDelayMs: 0 };
  const own = { backends: URLS, strategy: 'round-robin' as const, health: false, retries, ...pool };
  const gateway = fakeGateway({ pools: { pool: own } });
  for (const id of down) gateway.balancer.markDown(id);
  return gateway;
}

const settled = (ms = 5) => vi.advanceTimersByTimeAsync(ms);
const headerOf = ({ headers }: FakeClient, name: string) => headers[headers.indexOf(name) + 1];
/** Requests until one is a trial, which is the last of `sent`. */
function untilTrial({ begin, sent }: ReturnType<typeof setUp>, down: string) {
  for (let i = 0; i < 10; i++) {
    const one = begin();
    if (sent.at(-1)?.to === down) return one;
  }
  throw new Error('no request was a trial');
}

describe('where every backend is down', () => {
  it('a request asks them once each, then there is none', async () => {
    const { begin, sent } = setUp(URLS);
    const { client } = begin();
    for (let i = 0; i < URLS.length; i++) {
      expect(sent).toHaveLength(i + 1);
      sent[i]!.fail('ECONNREFUSED');
      await settled();
    }
    expect(sent).toHaveLength(URLS.length);
    expect(client.calls[0]).toBe('head 503');
    expect(client.calls[1]).toContain('"code":"ERR_LB_NO_BACKEND"');
    expect(headerOf(client, 'Retry-After')).toBe('1');
  });

  it('all together have one second to accept a connection', async () => {
    const { begin, sent } = setUp(URLS);
    const { client } = begin();
    await settled(600);
    sent[0]!.fail('ECONNREFUSED');
    await settled(0);
    expect(sent).toHaveLength(2);
    await settled(395);
    expect(client.calls).toEqual([]);
    await settled(10);
    expect(client.calls[0]).toBe('head 503');
    expect(sent).toHaveLength(2);
    expect(sent[1]!.aborts).toBe(1);
  });

  it('one that works answers, however long it takes', async () => {
    const { begin, sent } = setUp(URLS);
    const { client } = begin();
    sent[0]!.connect();
    await settled(10_000);
    expect(sent[0]!.message.headTimeoutMs).toBeUndefined();
    sent[0]!.answer(200, 'late');
    expect(client.calls).toContain('head 200');
  });

  it('one that hangs is not followed by another one that may, too', async () => {
    const { begin, sent } = setUp(URLS);
    const { client } = begin();
    sent[0]!.connect();
    await settled(15_000);
    sent[0]!.fail('UND_ERR_HEADERS_TIMEOUT');
    await settled();
    expect(sent).toHaveLength(1);
    expect(client.calls[0]).toBe('head 503');
  });

  it('one that hangs is followed by one that has come up meanwhile', async () => {
    const { begin, sent, balancer } = setUp(URLS);
    begin();
    sent[0]!.connect();
    await settled(15_000);
    const other = URLS.find((url) => url !== sent[0]!.to) as string;
    balancer.markUp(other);
    sent[0]!.fail('UND_ERR_HEADERS_TIMEOUT');
    await settled();
    expect(sent.map(({ to }) => to)).toEqual([sent[0]!.to, other]);
    expect(sent[1]!.message.headTimeoutMs).toBeGreaterThan(1_000);
  });

  it('a client is not told to come back with what may have been done', async () => {
    const { begin, sent } = setUp(URLS);
    const { client } = begin('POST');
    sent[0]!.connect();
    sent[0]!.fail('UND_ERR_SOCKET');
    await settled();
    expect(client.calls[0]).toBe('head 502');
    expect(client.calls[1]).toContain('"code":"ERR_LB_UPSTREAM"');
  });

  it('a backend that answers with a failure is quoted', async () => {
    const { begin, sent } = setUp(URLS, { retries: false });
    const { client } = begin();
    sent[0]!.answer(503, 'closed today');
    expect(client.calls).toEqual(['head 503', 'end closed today']);
  });
});

describe('a trial', () => {
  const [well, ...down] = URLS as [string, string, string];
  const [first] = down as [string, string];

  it('has a second for its connection, then another backend answers', async () => {
    const parts = setUp(down);
    const { client } = untilTrial(parts, first);
    const { sent } = parts;
    const count = sent.length;
    await settled(990);
    expect(sent).toHaveLength(count);
    await settled(20);
    expect(sent.slice(count - 1).map(({ to }) => to)).toEqual([first, well]);
    sent.at(-1)!.answer(200, 'here');
    expect(client.calls).toEqual(['head 200', 'end here']);
  });

  it.each([
    [60_000, 6_000],
    [120_000, 12_000],
    [4_000, 1_000],
    [500, 500],
  ])('of a pool that has %i ms for a head has %i', (headersMs, limit) => {
    const parts = setUp(down, { timeouts: { headersMs } });
    untilTrial(parts, first);
    expect(parts.sent.at(-1)!.message.headTimeoutMs).toBe(limit);
    const trusted = parts.sent.find(({ to }) => to === well);
    expect(trusted?.message.headTimeoutMs).toBeUndefined();
  });

  it('that failed before the well backend did leaves a failure, as one was available', async () => {
    const parts = setUp(down);
    const { client } = untilTrial(parts, first);
    const { sent } = parts;
    sent.at(-1)!.fail('ECONNREFUSED');
    await settled();
    expect(sent.at(-1)!.to).toBe(well);
    sent.at(-1)!.connect().fail('UND_ERR_SOCKET');
    await settled();
    // Nothing better is left for its retry.
    expect(sent.at(-1)!.to).not.toBe(well);
    sent.at(-1)!.fail('ECONNREFUSED');
    await settled();
    expect(client.calls[0]).toBe('head 502');
  });
});

describe('a backend that is well', () => {
  it('has the time that the pool says', async () => {
    const { begin, sent } = setUp([]);
    const { client } = begin();
    await settled(2_900);
    expect(sent).toHaveLength(1);
    expect(client.calls).toEqual([]);
    sent[0]!.fail('UND_ERR_CONNECT_TIMEOUT');
    await settled();
    expect(sent).toHaveLength(2);
  });
});
