import { describe, expect, it } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.ts';
import { type LoadMetricsFeedOptions, loadMetricsFeed } from '../../src/health/load-metrics-feed.ts';
import { TestEnv } from '../support.ts';

function setUp(options: LoadMetricsFeedOptions = {}) {
  const env = new TestEnv();
  const balancer = new Balancer(['http://a', 'http://b'], { strategy: 'least-workload', env });
  const feed = loadMetricsFeed(balancer, { clock: env.clock, ...options });
  const backend = (id = 'http://a') => balancer.backends.find((one) => one.id === id);
  return {
    env,
    balancer,
    feed,
    /** An answer of a backend with such a header. */
    answer(metrics: string, id = 'http://a') {
      feed({ id }, { status: 200, data: '', headers: { 'Endpoint-Load-Metrics': metrics } });
    },
    workload: (id?: string) => backend(id)?.workload,
  };
}

const TEXT = (use: number) => `TEXT cpu_utilization=${use}`;

describe('the feed of load metrics', () => {
  it('believes a backend ten seconds after its first report', () => {
    const { env, answer, workload, feed } = setUp();
    answer(TEXT(0.2));
    env.advance(9_999);
    answer(TEXT(0.3));
    expect(workload()).toBeUndefined();
    env.advance(1);
    answer(TEXT(0.4));
    expect(workload()).toBe(0.4);
    expect(feed.stats()).toMatchObject({ reports: 1, blackedOut: 2 });
  });

  it('notes when the report came', () => {
    const { env, answer, balancer } = setUp({ blackoutMs: 0 });
    env.advance(500);
    answer(TEXT(0.4));
    expect(balancer.backends[0]).toMatchObject({ workload: 0.4, reportedAt: 500 });
  });

  it('can believe at once', () => {
    const { answer, workload } = setUp({ blackoutMs: 0 });
    answer(TEXT(0.2));
    expect(workload()).toBe(0.2);
  });

  it('passes a concurrency on at once, which is no load', () => {
    const { answer, balancer, feed } = setUp();
    answer(`${TEXT(0.2)},named_metrics.concurrency=8`);
    expect(balancer.backends[0]).toMatchObject({ workload: undefined, concurrency: 8 });
    expect(feed.stats()).toMatchObject({ reports: 0, blackedOut: 1 });
  });

  it('waits for each backend on its own', () => {
    const { env, answer, workload } = setUp();
    answer(TEXT(0.2), 'http://a');
    env.advance(10_000);
    answer(TEXT(0.2), 'http://a');
    answer(TEXT(0.2), 'http://b');
    expect([workload('http://a'), workload('http://b')]).toEqual([0.2, undefined]);
  });

  it('waits again after three minutes without a report', () => {
    const { env, answer, workload } = setUp();
    answer(TEXT(0.2));
    env.advance(179_999);
    answer(TEXT(0.3));
    expect(workload()).toBe(0.3);
    env.advance(180_000);
    answer(TEXT(0.4));
    expect(workload()).toBe(0.3);
    env.advance(10_000);
    answer(TEXT(0.5));
    expect(workload()).toBe(0.5);
  });

  it('does not wait again while reports keep coming', () => {
    const { env, answer, feed } = setUp();
    for (let i = 0; i < 10; i++) {
      answer(TEXT(0.2));
      env.advance(60_000);
    }
    expect(feed.stats()).toMatchObject({ reports: 9, blackedOut: 1 });
  });

  it('waits again when a backend is back up, and not when another is', () => {
    const { env, answer, workload, balancer } = setUp();
    answer(TEXT(0.2), 'http://a');
    answer(TEXT(0.2), 'http://b');
    env.advance(10_000);
    balancer.markDown('http://a');
    balancer.markUp('http://a');
    answer(TEXT(0.3), 'http://a');
    answer(TEXT(0.3), 'http://b');
    expect([workload('http://a'), workload('http://b')]).toEqual([undefined, 0.3]);
  });

  it("prefers the application's utilization to the CPU's, and makes nothing of 0", () => {
    const { answer, workload } = setUp({ blackoutMs: 0 });
    answer('TEXT cpu_utilization=0.9,application_utilization=0.3,mem_utilization=1');
    expect(workload()).toBe(0.3);
    answer('TEXT cpu_utilization=0,application_utilization=0');
    expect(workload()).toBe(0.3);
    answer('JSON {"cpu_utilization":1.5,"application_utilization":0}');
    expect(workload()).toBe(1);
  });

  it('does not begin to wait with a report that it cannot use', () => {
    const { env, answer, workload } = setUp();
    answer('TEXT cpu_utilization=0');
    answer('TEXT cpu_utilization=NaN');
    env.advance(10_000);
    answer(TEXT(0.4));
    expect(workload()).toBeUndefined();
  });

  it('ignores and counts what is hostile, and never throws', () => {
    const { feed, answer, workload } = setUp({ blackoutMs: 0 });
    for (const metrics of ['TEXT cpu_utilization=-1', 'XML', `TEXT ${'x'.repeat(9_000)}`]) answer(metrics);
    feed({ id: 'http://a' }, undefined as never);
    feed({ id: 'http://a' }, { status: 200, data: '', headers: null as never });
    feed({ id: 'http://a' }, { status: 200, data: '', headers: { 'endpoint-load-metrics': 7 as never } });
    expect(workload()).toBeUndefined();
    expect(feed.stats()).toEqual({
      reports: 0,
      blackedOut: 0,
      ignored: { invalid: 1, malformed: 1, oversized: 1 },
    });
  });

  it('forgets a backend that leaves: one of its id that comes waits anew', () => {
    const { env, answer, workload, balancer } = setUp();
    balancer.add('http://c');
    answer(TEXT(0.2), 'http://c');
    env.advance(10_000);
    balancer.remove('http://c');
    // Late answers of a backend that has left leave nothing behind.
    answer(TEXT(0.2), 'http://c');
    env.advance(10_000);
    balancer.add('http://c');
    answer(TEXT(0.3), 'http://c');
    expect(workload('http://c')).toBeUndefined();
  });

  it('takes an answer that throws when it is looked at for one without a report', () => {
    const { feed } = setUp();
    const unreadable = () => {
      throw new Error('unreadable');
    };
    const headers = Object.defineProperty({}, 'endpoint-load-metrics', { get: unreadable });
    expect(() => feed({ id: 'http://a' }, { status: 200, data: '', headers })).not.toThrow();
    expect(feed.stats()).toMatchObject({ reports: 0, blackedOut: 0 });
  });

  it.each([
    [{ blackoutMs: -1 }],
    [{ blackoutMs: Number.NaN }],
    [{ blackoutMs: '5' }],
    [{ expiryMs: 0 }],
    [{ expiryMs: null }],
  ])('refuses %j', (options) => {
    const [[name] = []] = Object.entries(options);
    expect(() => setUp(options as never)).toThrow(RangeError);
    expect(() => setUp(options as never)).toThrow(`${name} must be`);
  });
});
