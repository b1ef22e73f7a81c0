import { describe, expect, it } from 'vitest';
import {
  Balancer,
  type BalancerEvent,
  type Lease,
  type OutlierEjectionOptions,
  outlierEjection,
} from '../../src/index.ts';
import type { Call } from '../../src/simulator/call.ts';
import { engine } from '../../src/simulator/engine-caller.ts';
import type { Random } from '../../src/simulator/random.ts';
import { simulate, urlOf } from '../../src/simulator/simulation.ts';
import { TestEnv } from '../support.ts';
import { ids } from './steering.ts';

const [A, B] = ids(2) as [string, string];

function setUp(count = 2, options: OutlierEjectionOptions = {}) {
  const env = new TestEnv();
  const balancer = new Balancer(ids(count), { env, guards: [outlierEjection({ jitter: 0, ...options })] });
  const events: BalancerEvent[] = [];
  balancer.subscribe((event) => void (event.type !== 'crisis' && events.push(event)));
  /** A request to one backend, of a key and a client, that ends with a status. */
  const ask = (id: string, status: number, key = 'x', client = 'c', after?: Lease) => {
    const lease = balancer.acquire(key, { session: { backend: id }, client, after });
    expect(lease?.backend.id).toBe(id);
    lease?.responded(status, status >= 500);
    return lease as Lease;
  };
  const fail = (id: string, key?: string, client?: string) => ask(id, 503, key, client).release('failure');
  const serve = (id: string, key?: string, client?: string) => ask(id, 200, key, client).release();
  /** A request that fails at A with 503, and ends at B with a status. */
  const retry = (statusAtB: number, key?: string, client?: string) => {
    const first = ask(A, 503, key, client);
    const second = ask(B, 200, key, client, first);
    first.release('failure', { isRetried: true });
    if (statusAtB >= 500) second.release('failure', { cause: 'status' });
    else second.release();
  };
  const ejected = () => events.flatMap((event) => (event.type === 'ejected' ? [event.backend] : []));
  const times = (count: number, step: (i: number) => void) => {
    for (let i = 0; i < count; i++) step(i);
  };
  return { env, balancer, events, ask, fail, serve, retry, ejected, times };
}

describe('a failure by status that was tried elsewhere', () => {
  it('counts against the first backend if the other one served it', () => {
    const { retry, ejected, times } = setUp();
    times(4, () => retry(200));
    expect(ejected()).toEqual([]);
    retry(200);
    expect(ejected()).toEqual([A]);
  });

  it('counts against nobody if it failed there too', () => {
    const { retry, ejected, times } = setUp();
    times(100, (i) => retry(503, `key ${i}`, `client ${i}`));
    expect(ejected()).toEqual([]);
  });

  it('is judged by the head of the other response, not by its last byte', () => {
    const { ask, balancer, ejected } = setUp();
    const streams = Array.from({ length: 5 }, () => {
      const first = ask(A, 503);
      const second = balancer.acquire('x', { tried: [first.backend], after: first });
      first.release('failure', { isRetried: true });
      return second;
    });
    expect(ejected()).toEqual([]);
    for (const stream of streams) stream?.responded(200);
    expect(ejected()).toEqual([A]);
  });

  it('is not judged by a request that was cancelled, and by each attempt once', () => {
    const { ask, ejected, times } = setUp();
    times(20, () => {
      const first = ask(A, 503);
      const lease = ask(B, 200, 'x', 'c');
      first.release('failure', { isRetried: true });
      lease.release('cancelled');
    });
    const first = ask(A, 503);
    first.release('failure', { isRetried: true });
    times(20, () => ask(B, 200, 'x', 'c', first).release());
    expect(ejected()).toEqual([]);
  });
});

describe('a failure by status that was not tried elsewhere', () => {
  it('counts where nobody else asks, of one client and one key', () => {
    const { fail, ejected, times } = setUp();
    times(5, () => fail(A));
    expect(ejected()).toEqual([A]);
  });

  it('counts of a client that some backend served in the last 10 s, and not of one that none did', () => {
    const { env, fail, serve, ejected, times } = setUp(4);
    serve(B, 'other', 'good');
    times(20, (i) => fail(A, `key ${i}`, 'bad'));
    expect(ejected()).toEqual([]);
    times(4, (i) => fail(A, `key ${i}`, 'good'));
    // This one has not been served.
    times(20, (i) => fail(A, `key ${i}`, 'good too'));
    expect(ejected()).toEqual([]);
    serve(B, 'other', 'good too');
    fail(A, 'key', 'good too');
    expect(ejected()).toEqual([A]);
    env.advance(10_001);
    times(20, (i) => fail(B, `key ${i}`, i % 2 === 0 ? 'bad' : 'worse'));
    expect(ejected()).toEqual([A]);
  });

  it.each([
    [10_000, [A]],
    [10_001, []],
  ])('counts or not where its client was served %i ms ago, and others have asked since', (agoMs, out) => {
    const { env, fail, serve, ejected, times } = setUp(4);
    for (const client of ['one', 'two']) serve(B, 'other', client);
    env.advance(agoMs);
    fail(B, 'other', 'bad');
    times(5, (i) => fail(A, `key ${i}`, i % 2 === 0 ? 'one' : 'two'));
    expect(ejected()).toEqual(out);
  });

  it('needs two keys and two clients where the backend had two lately', () => {
    const { env, fail, serve, ejected, times } = setUp(4);
    for (const client of ['one', 'two']) serve(A, 'well', client);
    times(20, () => fail(A, 'page', 'one'));
    times(20, (i) => fail(A, 'page', i % 2 === 0 ? 'one' : 'two'));
    expect(ejected()).toEqual([]);
    fail(A, 'another page', 'one');
    expect(ejected()).toEqual([A]);
    // What was seen more than 10 s ago is forgotten.
    env.advance(60_000);
    serve(B, 'well', 'one');
    env.advance(10_001);
    times(5, () => fail(B, 'page', 'one'));
    expect(ejected()).toEqual([A, B]);
  });

  it('is forgiven by any success', () => {
    const { fail, serve, ejected, times } = setUp();
    times(20, () => {
      times(4, () => fail(A));
      serve(A);
    });
    expect(ejected()).toEqual([]);
  });
});

describe('failures of other kinds', () => {
  it('count as they come if a connection failed, whoever asked', () => {
    const { balancer, serve, ejected, times } = setUp();
    for (const client of ['one', 'two']) serve(A, client, client);
    times(5, () => balancer.acquire('x', { session: { backend: A } })?.release('failure'));
    expect(ejected()).toEqual([A]);
  });

  it('do not count if the head was late and the backend passes its checks', () => {
    const { balancer, ejected, times } = setUp();
    const late = () => {
      const lease = balancer.acquire('poll', { session: { backend: A } });
      lease?.release('failure', { cause: 'late' });
    };
    balancer.checked(A, { passed: true, beganAt: 0 });
    times(50, late);
    expect(ejected()).toEqual([]);
    balancer.checked(A, { passed: false, beganAt: 0 });
    times(5, late);
    expect(ejected()).toEqual([A]);
  });

  it('count if the head was late, though checks pass, and another backend was in time', () => {
    const { balancer, ask, ejected, times } = setUp();
    balancer.checked(A, { passed: true, beganAt: 0 });
    times(5, () => {
      const first = balancer.acquire('x', { session: { backend: A } }) as Lease;
      first.release('failure', { cause: 'late', isRetried: true });
      ask(B, 200, 'x', 'c', first).release();
    });
    expect(ejected()).toEqual([A]);
  });
});

describe('a health check', () => {
  it('confirms a run of failures at once when it fails, and nothing without one', () => {
    const { balancer, fail, serve, ejected } = setUp();
    serve(A);
    balancer.checked(A, { passed: false, beganAt: 0 });
    expect(ejected()).toEqual([]);
    fail(A);
    balancer.checked(A, { passed: true, beganAt: 0 });
    expect(ejected()).toEqual([]);
    balancer.checked(A, { passed: false, beganAt: 0 });
    expect(ejected()).toEqual([A]);
  });

  it('ends an ejection for failed connections, if it began after it and passed', () => {
    const { env, balancer, events, times } = setUp();
    env.advance(100);
    times(5, () => balancer.acquire('x', { session: { backend: A } })?.release('failure'));
    const types = () => events.map(({ type }) => type);
    balancer.checked(A, { passed: true, beganAt: 99 });
    expect(types()).toEqual(['ejected']);
    env.advance(50);
    balancer.checked(A, { passed: false, beganAt: 120 });
    expect(types()).toEqual(['ejected']);
    balancer.checked(A, { passed: true, beganAt: 120 });
    expect(types()).toEqual(['ejected', 'returned']);
    // Its time comes all the same, and changes nothing.
    env.advance(60_000);
    balancer.stats();
    expect(types()).toEqual(['ejected', 'returned']);
  });

  it('has to pass once more in a row each time that the backend fails again', () => {
    const { env, balancer, events, ask, times } = setUp();
    const isEjected = () => events.at(-1)?.type === 'ejected';
    const breakDown = () => ask(A, 200).release('failure', { cause: 'connection' });
    const check = (passed: boolean) => balancer.checked(A, { passed, beganAt: env.clock.now() });
    times(5, breakDown);
    for (const passes of [1, 2, 3]) {
      for (let i = 0; i < passes; i++) {
        expect(isEjected()).toBe(true);
        check(true);
      }
      expect(isEjected()).toBe(false);
      breakDown();
    }
    times(3, () => check(true));
    check(false);
    times(3, () => check(true));
    expect(isEjected()).toBe(true);
    check(true);
    expect(isEjected()).toBe(false);
    // 10 s without an ejection make up for one.
    env.advance(30_000);
    breakDown();
    check(true);
    expect(isEjected()).toBe(true);
    check(true);
    expect(isEjected()).toBe(false);
  });

  it('makes no later ejection longer by one that it ended', () => {
    const { env, balancer, events, ask, fail, serve, times } = setUp();
    times(5, () => ask(A, 200).release('failure', { cause: 'connection' }));
    balancer.checked(A, { passed: true, beganAt: env.clock.now() });
    serve(A);
    times(5, () => fail(A));
    const lengths = events.flatMap((event) => (event.type === 'ejected' ? [event.forMs] : []));
    expect(lengths).toEqual([30_000, 30_000]);
  });

  it('does not end an ejection for statuses: that ends by its time', () => {
    const { env, balancer, events, fail, times } = setUp();
    times(5, () => fail(A));
    balancer.checked(A, { passed: true, beganAt: 10 });
    expect(events.map(({ type }) => type)).toEqual(['ejected']);
    env.advance(30_000);
    balancer.stats();
    expect(events.map(({ type }) => type)).toEqual(['ejected', 'returned']);
  });

  it.each([1, 2, 3])('never ejects the last of %i backends', (count) => {
    const { balancer, fail, ejected, times } = setUp(count, { maxEjectedRatio: 1 });
    for (const id of ids(count)) {
      times(5, () => fail(id));
      balancer.checked(id, { passed: false, beganAt: 0 });
    }
    expect(ejected()).toHaveLength(count - 1);
  });

  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
  ])('leaves half of %i backends in, so that at most %i is ejected', (count, most) => {
    const { fail, ejected, times } = setUp(count);
    for (const id of ids(count)) times(5, () => fail(id));
    expect(ejected()).toHaveLength(most);
  });
});

describe('the least success rate', () => {
  const rate = {
    consecutiveFailures: Number.POSITIVE_INFINITY,
    successRate: { minRatio: 0.5, minRequests: 20 },
  };

  it("ejects a backend below it, in a pool of any size, whatever its clients' own mistakes", () => {
    const { env, balancer, ask, fail, ejected, times } = setUp(2, rate);
    times(15, (i) => fail(A, `key ${i}`, `client ${i % 3}`));
    // Without these, 60 of 75 would have gone well.
    times(60, () => ask(A, 404).release());
    times(5, (i) => ask(A, 200, `key ${i}`, `client ${i % 3}`).release());
    times(15, (i) => fail(A, `key ${i}`, `client ${i % 3}`));
    env.advance(10_000);
    balancer.stats();
    expect(ejected()).toEqual([A]);
  });

  it.each([
    [399, []],
    [400, [A]],
    [499, [A]],
    [500, []],
  ])('counts a response of status %i that is no failure, or not', (status, out) => {
    const { env, balancer, ask, fail, ejected, times } = setUp(2, rate);
    times(3, (i) => ask(A, 200, `key ${i}`, `client ${i}`).release());
    times(30, (i) => fail(A, `key ${i}`, `client ${i % 3}`));
    times(40, () => {
      const lease = balancer.acquire('x', { session: { backend: A }, client: 'c' });
      lease?.responded(status, false);
      lease?.release();
    });
    env.advance(10_000);
    balancer.stats();
    expect(ejected()).toEqual(out);
  });

  it('is off by default, and leaves alone who is above it or had too few requests', () => {
    for (const options of [{}, rate]) {
      const { env, balancer, fail, serve, ejected, times } = setUp(2, {
        ...options,
        consecutiveFailures: 100,
      });
      times(12, (i) => (i % 2 === 0 ? fail(A) : serve(A)));
      times(40, (i) => (i % 4 === 0 ? fail(B) : serve(B)));
      env.advance(10_000);
      balancer.stats();
      expect(ejected()).toEqual([]);
    }
  });
});

const pick = (random: Random, count: number) => Math.floor(random() * count);
const someone = (random: Random) => `c${pick(random, 200)}`;
const wellKey = (random: Random) => `/${pick(random, 1_000)}`;
type Draw = (random: Random) => Partial<Omit<Call, 'number'>>;

/**
 * Sends 100 requests a second for 30 s to ten backends, of which one may answer 503 to all from second 5 on.
 */
function judge(draw: Draw, failover: boolean, isBroken: boolean) {
  const seeds = [1, 2, 3].map((seed) => {
    let outAfterMs = Number.POSITIVE_INFINITY;
    let innocents = 0;
    simulate({
      seed,
      servers: Array.from({ length: 10 }, () => ({ concurrency: 8 })),
      caller: engine({
        balancer: { guards: [outlierEjection()] },
        ...(failover && { failover: {} }),
        built: (balancer, { env }) =>
          balancer.subscribe((event) => {
            if (event.type !== 'ejected') return;
            if (isBroken && event.backend === urlOf(3)) outAfterMs = Math.min(outAfterMs, env.now - 5_000);
            else innocents++;
          }),
      }),
      rate: 0.1,
      untilMs: 30_000,
      draw: (random) => ({ sizeMs: 5, ...draw(random) }),
      events: isBroken
        ? [
            {
              atMs: 5_000,
              happen: ({ servers }) => Object.assign(servers.get(urlOf(3)) ?? {}, { conduct: 503 }),
            },
          ]
        : [],
    });
    return { outAfterMs, innocents };
  });
  const outs = seeds.map(({ outAfterMs }) => outAfterMs).sort((a, b) => a - b);
  return { outAfterMs: outs[1], innocents: Math.max(...seeds.map(({ innocents }) => innocents)) };
}

describe.each([false, true])('with failover %s', (failover) => {
  it.each<[string, Draw]>([
    ['many clients and keys', (random) => ({ clientAddress: someone(random), key: wellKey(random) })],
    ['one client of many keys', (random) => ({ clientAddress: 'one', key: wellKey(random) })],
  ])('a broken backend is out within a second, as seen by %s, and no other one', (_, draw) => {
    const { outAfterMs, innocents } = judge(draw, failover, true);
    expect(outAfterMs).toBeLessThan(1_000);
    expect(innocents).toBe(0);
  });

  // Without failover, two clients have to agree, and the others seldom ask.
  it('a broken backend is found where one client sends 98 % of the traffic', () => {
    const draw: Draw = (random) => {
      const clientAddress = random() < 0.98 ? 'one' : `c${pick(random, 20)}`;
      return { clientAddress, key: wellKey(random) };
    };
    expect(judge(draw, failover, true).outAfterMs).toBeLessThan(failover ? 1_000 : 20_000);
  });

  it.each<[string, number, Draw]>([
    [
      'one client with one key',
      0,
      (random) =>
        random() < 0.8
          ? { clientAddress: 'x', key: '/bad', isPoison: true }
          : { clientAddress: someone(random), key: wellKey(random) },
    ],
    [
      'one client with 50 keys',
      0,
      (random) =>
        random() < 0.8
          ? { clientAddress: 'x', key: `/bad${pick(random, 50)}`, isPoison: true }
          : { clientAddress: someone(random), key: wellKey(random) },
    ],
    [
      'two clients with 50 keys',
      2,
      (random) =>
        random() < 0.8
          ? { clientAddress: `x${pick(random, 2)}`, key: `/bad${pick(random, 50)}`, isPoison: true }
          : { clientAddress: someone(random), key: wellKey(random) },
    ],
    [
      'a broken page that everybody asks for',
      2,
      (random) => {
        const isPoison = random() < 0.5;
        return { clientAddress: someone(random), key: isPoison ? '/page' : wellKey(random), isPoison };
      },
    ],
    [
      'one client that also sends good requests',
      2,
      (random) => {
        const drawn = random();
        if (drawn < 0.6) return { clientAddress: 'x', key: `/bad${pick(random, 50)}`, isPoison: true };
        return { clientAddress: drawn < 0.7 ? 'x' : someone(random), key: wellKey(random) };
      },
    ],
    [
      'one client on an idle site',
      2,
      (random) =>
        random() < 0.98
          ? { clientAddress: 'x', key: `/bad${pick(random, 50)}`, isPoison: true }
          : { clientAddress: someone(random), key: wellKey(random) },
    ],
  ])('the poison of %s ejects at most %i well backends of ten, and none with failover', (_, most, draw) => {
    expect(judge(draw, failover, false).innocents).toBeLessThanOrEqual(failover ? 0 : most);
  });
});
