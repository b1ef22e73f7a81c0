import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { METRICS_TYPE } from '../../src/admin/admin-routes.ts';
import { backendSeries } from '../../src/admin/backend-series.ts';
import { renderMetrics } from '../../src/admin/metrics.ts';
import type { GatewayStats } from '../../src/contracts.ts';
import { backendStats, gatewayStats, latencyOf, poolStats } from '../observation/figures.ts';
import { namingProblems, type ParsedFamily, parseExposition } from './exposition.ts';

async function families(stats: GatewayStats): Promise<Map<string, ParsedFamily>> {
  const all = parseExposition(await renderMetrics(stats));
  return new Map(all.map((family) => [family.name, family]));
}

const samplesOf = (all: Map<string, ParsedFamily>, name: string) => all.get(name)?.samples ?? [];
const numberOf = (all: Map<string, ParsedFamily>, name: string, labels: Record<string, string> = {}) =>
  samplesOf(all, name).find((sample) =>
    Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value;

describe('the exposition', () => {
  it('keeps the rules of the format and of naming', async () => {
    const all = [...(await families(gatewayStats())).values()];
    const own = all.filter(({ name }) => name.startsWith('evenkeel_'));
    expect(own.length).toBeGreaterThan(35);
    expect(own.flatMap(namingProblems)).toEqual([]);
    expect(own.filter(({ samples }) => samples.length === 0)).toEqual([]);
  });

  it('tells the figures of the gateway', async () => {
    const all = await families(gatewayStats());
    expect(
      samplesOf(all, 'evenkeel_requests_total').map(({ labels, value }) => [labels.code, value]),
    ).toEqual([
      ['2xx', 20],
      ['3xx', 5],
      ['4xx', 6],
      ['5xx', 4],
    ]);
    expect(numberOf(all, 'evenkeel_requests_in_flight')).toBe(4);
    expect(numberOf(all, 'evenkeel_requests_cancelled_total')).toBe(1);
    expect(numberOf(all, 'evenkeel_rate_limited_total')).toBe(2);
    expect(numberOf(all, 'evenkeel_errors_total', { code: 'ERR_GW_NO_ROUTE' })).toBe(2);
    expect(numberOf(all, 'evenkeel_connections')).toBe(3);
    expect(numberOf(all, 'evenkeel_tunnels')).toBe(1);
    expect(numberOf(all, 'evenkeel_received_bytes_total')).toBe(1_000);
    expect(numberOf(all, 'evenkeel_start_time_seconds')).toBe(1_700_000_000);
    expect(numberOf(all, 'evenkeel_build_info', { version: '1.2.3', node: '20.20.0' })).toBe(1);
  });

  it('tells the figures of pools and backends', async () => {
    const down = backendStats('b', { state: 'down', alive: false, share: undefined });
    const all = await families(gatewayStats({ pools: [poolStats('shop', [backendStats('a'), down])] }));
    const a = { pool: 'shop', backend: 'a' };
    expect(numberOf(all, 'evenkeel_backend_up', a)).toBe(1);
    expect(numberOf(all, 'evenkeel_backend_up', { ...a, backend: 'b' })).toBe(0);
    expect(numberOf(all, 'evenkeel_backend_state', { backend: 'b', state: 'down' })).toBe(1);
    expect(numberOf(all, 'evenkeel_backend_state', { backend: 'b', state: 'up' })).toBe(0);
    expect(numberOf(all, 'evenkeel_backend_in_flight', a)).toBe(2);
    expect(numberOf(all, 'evenkeel_backend_requests_total', { ...a, code: '2xx' })).toBe(6);
    expect(samplesOf(all, 'evenkeel_backend_key_space_ratio')).toHaveLength(1);
    expect(numberOf(all, 'evenkeel_retries_total', { pool: 'shop', reason: 'unsent' })).toBe(3);
    expect(numberOf(all, 'evenkeel_queue_depth', { pool: 'shop' })).toBe(1);
    expect(numberOf(all, 'evenkeel_queue_waits_total', { result: 'timed_out' })).toBe(3);
    expect(numberOf(all, 'evenkeel_queue_wait_seconds_total', { pool: 'shop' })).toBe(1.5);
    expect(numberOf(all, 'evenkeel_pool_backends', { state: 'down' })).toBe(1);
    expect(numberOf(all, 'evenkeel_spills_total', a)).toBe(4);
  });

  it('says nothing of what a pool does not have', async () => {
    const plain = poolStats('plain', [], { failover: undefined, queue: undefined });
    const all = await families(gatewayStats({ pools: [plain] }));
    for (const name of ['evenkeel_retries_total', 'evenkeel_queue_depth', 'evenkeel_queue_waits_total']) {
      expect(samplesOf(all, name)).toEqual([]);
    }
  });

  it('has the type that its text says', () => {
    expect(METRICS_TYPE).toBe(Registry.PROMETHEUS_CONTENT_TYPE);
  });

  it('tells of this process, however many listeners there are', async () => {
    expect((await families(gatewayStats())).get('process_cpu_seconds_total')?.type).toBe('counter');
    expect((await families(gatewayStats())).has('nodejs_heap_size_used_bytes')).toBe(true);
  });

  it('takes the figures of each time, and only those', async () => {
    await renderMetrics(gatewayStats());
    const text = await renderMetrics(gatewayStats({ pools: [poolStats('new', [])] }));
    expect(text).toContain('pool="new"');
    expect(text).not.toContain('pool="shop"');
  });
});

describe('a histogram', () => {
  it('counts in seconds, up to each bound and to infinity', async () => {
    const latency = latencyOf(0.3, 1, 1.001, 2.5, 9, 250, 30_000, 30_001, 900_000);
    const all = await families(gatewayStats({ latency }));
    const samples = samplesOf(all, 'evenkeel_request_duration_seconds');
    const buckets = samples.filter(({ name }) => name.endsWith('_bucket'));
    expect(buckets.map(({ labels, value }) => [labels.le, value])).toEqual([
      ['0.001', 2],
      ['0.0025', 4],
      ['0.005', 4],
      ['0.01', 5],
      ['0.025', 5],
      ['0.05', 5],
      ['0.1', 5],
      ['0.25', 6],
      ['0.5', 6],
      ['1', 6],
      ['2.5', 6],
      ['5', 6],
      ['10', 6],
      ['30', 7],
      ['+Inf', 9],
    ]);
    expect(samples.find(({ name }) => name.endsWith('_count'))?.value).toBe(9);
    expect(samples.find(({ name }) => name.endsWith('_sum'))?.value).toBeCloseTo(960.264801, 6);
  });

  it('is there for each backend, also for one without requests', async () => {
    const idle = backendStats('idle', { latency: latencyOf() });
    const all = await families(gatewayStats({ pools: [poolStats('shop', [idle, backendStats('busy')])] }));
    const samples = samplesOf(all, 'evenkeel_backend_request_duration_seconds');
    const counts = samples.filter(({ name }) => name.endsWith('_count'));
    expect(counts.map(({ labels, value }) => [labels.backend, value])).toEqual([
      ['idle', 0],
      ['busy', 3],
    ]);
  });
});

describe('labels', () => {
  const HOSTILE = [
    'a"b',
    'a\\b',
    'a\nb',
    'a\\nb',
    'a\rb',
    '"} 1\nevil_total 1',
    '__proto__',
    'é😀',
    ' ',
    'a,pool="x"',
  ];

  it('hold any id without harm', async () => {
    const backends = HOSTILE.map((id) => backendStats(id));
    const all = await families(gatewayStats({ pools: [poolStats('shop', backends)] }));
    expect(samplesOf(all, 'evenkeel_backend_up').map(({ labels }) => labels.backend)).toEqual(HOSTILE);
    expect(all.has('evil_total')).toBe(false);
  });

  it('tell ids apart that only together look the same', async () => {
    const pools = [poolStats('b,pool:c', [backendStats('a')]), poolStats('c', [backendStats('a,pool:b')])];
    const all = await families(gatewayStats({ pools }));
    expect(samplesOf(all, 'evenkeel_backend_up')).toHaveLength(2);
  });

  it('are bounded: beyond a thousand backends, the rest of each pool is one', () => {
    const many = (count: number, start: number) =>
      Array.from({ length: count }, (_, i) => backendStats(`http://10.0.0.1:${start + i}`));
    const pools = [poolStats('first', many(999, 1)), poolStats('second', many(101, 2_000))];
    const series = backendSeries(pools);
    expect(series).toHaveLength(1_001);
    expect(new Set(series.map(({ pool, backend }) => `${pool} ${backend}`)).size).toBe(1_001);
    expect(series.at(-1)).toMatchObject({
      pool: 'second',
      backend: 'other',
      figures: {
        ...{ requests: 1_000, alive: undefined, state: undefined, share: 50, latency: { count: 300 } },
        ...{ statuses: { '2xx': 600, '3xx': 0, '4xx': 100, '5xx': 100 } },
        ...{ lastStateChangeAt: 1_700_000_000_000, downSeconds: 7.5 },
      },
    });
  });

  it('survive a backend whose own name is the one of the rest', async () => {
    const named = backendStats('other', { alive: false });
    const alone = await families(gatewayStats({ pools: [poolStats('shop', [named, backendStats('a')])] }));
    expect(numberOf(alone, 'evenkeel_backend_up', { backend: 'other' })).toBe(0);
    const pool = poolStats('shop', [named, backendStats('a'), backendStats('b')]);
    expect(backendSeries([pool], 1).map(({ backend, figures }) => [backend, figures.requests])).toEqual([
      ['a', 10],
      ['other', 20],
    ]);
  });

  it('come from nothing but names: no URL with its secrets, no path, no host', async () => {
    const backend = backendStats('a', { url: 'http://hidden.example/secret', checkFailure: 'secret' });
    const all = await families(gatewayStats({ pools: [poolStats('shop', [backend])] }));
    const own = [...all.values()].filter(({ name }) => name.startsWith('evenkeel_'));
    const names = new Set(own.flatMap(({ samples }) => samples.flatMap(({ labels }) => Object.keys(labels))));
    expect([...names].sort()).toEqual(
      [
        'backend',
        'code',
        'fingerprint',
        'le',
        'node',
        'pool',
        'reason',
        'result',
        'source',
        'state',
        'strategy',
        'version',
      ].sort(),
    );
    expect(JSON.stringify(own)).not.toContain('secret');
  });
});

describe('the parser of these tests', () => {
  const HEAD = '# HELP a_total A.\n# TYPE a_total counter\n';

  it.each([
    ['a line that does not end', `${HEAD}a_total 1`],
    ['a missing HELP', '# TYPE a_total counter\na_total 1\n'],
    ['a series twice', `${HEAD}a_total{x="1"} 1\na_total{x="1"} 2\n`],
    ['a raw quote', `${HEAD}a_total{x="a"b"} 1\n`],
    ['an unknown escape', `${HEAD}a_total{x="a\\tb"} 1\n`],
    ['a line of another family', `${HEAD}b_total 1\n`],
    ['a word as a number', `${HEAD}a_total many\n`],
    ['a family twice', `${HEAD}${HEAD}a_total 1\n`],
  ])('refuses %s', (_, text) => {
    expect(() => parseExposition(text)).toThrow();
  });

  it.each([
    ['requests', 'counter'],
    ['open_total', 'gauge'],
    ['wait_ms', 'gauge'],
    ['wait_count', 'gauge'],
    ['requestsOpen', 'gauge'],
    ['wait_histogram_seconds', 'histogram'],
  ])('finds fault with %s as a %s', (name, type) => {
    expect(namingProblems({ name, type, help: 'A.', samples: [] })).toHaveLength(1);
  });
});
