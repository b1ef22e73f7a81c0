import { describe, expect, it } from 'vitest';
import { arrivals } from '../../bench/gateway/load/arrivals.ts';
import { readOptions } from '../../bench/gateway/options.ts';
import { Samples } from '../../bench/gateway/samples.ts';
import { fullSchedule, only, quickSchedule, ROW_NAMES } from '../../bench/gateway/schedule.ts';
import { rateTable } from '../../bench/gateway/tables.ts';
import { targetRows } from '../../bench/gateway/targets.ts';

const TLS = '1 KB over TLS 1.3, keep-alive';
const RATE = '2,000 requests a second';
const AT_2000 = 'added mean latency at 2,000/s over http-proxy-3';
const OVER_TLS = 'TLS 1.3, 1 KB keep-alive, requests/s over nginx';

const rowOf = (samples: Samples, what: string) => targetRows(samples).find((row) => row.what === what);

/** Samples of one round of one scenario, by contender. */
function round(scenario: string, sampleOf: Record<string, Record<string, number>>): Samples {
  const samples = new Samples();
  for (const [name, sample] of Object.entries(sampleOf)) {
    samples.add(scenario, name, { failures: 0, ...sample });
  }
  return samples;
}

describe('the rows of `npm run bench:gateway`', () => {
  it('are all measured by default, and otherwise those that are named', () => {
    expect(readOptions([]).rows).toEqual(ROW_NAMES);
    expect(readOptions(['--row', 'tls', '--row', 'rate']).rows).toEqual(['tls', 'rate']);
    expect(() => readOptions(['--row', 'tsl'])).toThrow(
      'must be one of keep-alive, close, tls, rate, workers, memory, got "tsl"',
    );
  });

  it.each([fullSchedule, quickSchedule])(
    'each choose a part of the schedule, and all of them the whole',
    (make) => {
      const schedule = make(2);
      expect(only(ROW_NAMES, schedule)).toEqual(schedule);
      const nothing = { ...schedule, saturation: [], rates: [], workers: undefined, memory: undefined };
      expect(only([], schedule)).toEqual(nothing);
      expect(only(['rate'], schedule)).toEqual({ ...nothing, rates: schedule.rates });
      expect(only(['workers', 'memory'], schedule)).toEqual({ ...schedule, saturation: [], rates: [] });
      const kinds = (['keep-alive', 'close', 'tls'] as const).map((row) => only([row], schedule).saturation);
      for (const scenarios of kinds) expect(scenarios.length).toBeGreaterThan(0);
      expect(new Set(kinds.flat())).toEqual(new Set(schedule.saturation));
    },
  );

  it('measure every scenario that has a target', () => {
    const samples = new Samples();
    const { saturation, rates } = fullSchedule(1);
    const numbers = { requestsPerSecond: 1, cpuUs: 1, p99Ms: 1, addedMs: 1, busyBytes: 1, afterBytes: 1 };
    const measured = [...saturation, ...rates].map(({ name }) => name);
    for (const scenario of [...measured, 'memory', '1 KB, keep-alive, by workers']) {
      for (const name of ['nginx', 'http-proxy-3', 'reply-from', 'evenkeel', '1 worker', '2 workers']) {
        samples.add(scenario, name, { ...numbers, failures: 0 });
      }
    }
    expect(targetRows(samples).filter(({ value }) => value === undefined)).toEqual([]);
  });
});

describe('the target of TLS', () => {
  it('is a part of the requests that nginx serves', () => {
    const of = (requestsPerSecond: number) =>
      rowOf(round(TLS, { nginx: { requestsPerSecond: 100 }, evenkeel: { requestsPerSecond } }), OVER_TLS);
    expect(of(45)).toMatchObject({ text: '0.45 x', target: '>= 0.45 x', ok: true });
    expect(of(44)).toMatchObject({ ok: false });
  });
});

describe('the target of added latency', () => {
  const at = (evenkeel: Record<string, number>, direct = { meanMs: 1, failures: 0 }) =>
    round(RATE, { direct, 'http-proxy-3': { meanMs: 2, addedMs: 1, cpuUs: 9 }, evenkeel });

  it('is a part of what http-proxy-3 adds', () => {
    expect(rowOf(at({ addedMs: 0.2 }), AT_2000)).toMatchObject({ target: '<= 0.20 x', ok: true });
    expect(rowOf(at({ addedMs: 0.25 }), AT_2000)).toMatchObject({ text: '0.25 x', ok: false });
  });

  it('is not judged without it', () => {
    expect(rowOf(new Samples(), AT_2000)).toMatchObject({ text: 'not measured', ok: undefined });
    const noisy = at({ meanMs: 1 });
    expect(rowOf(noisy, AT_2000)).toMatchObject({ text: 'not measured: the machine was too busy' });
    const broken = at({ meanMs: 1 }, { meanMs: 1, failures: 2 });
    expect(rowOf(broken, AT_2000)).toMatchObject({ text: 'void: direct made errors', ok: undefined });
  });

  it('leaves open in the table what a line does not have', () => {
    const samples = at({ meanMs: 1.5, p50Ms: 1, p99Ms: 3, addedMs: 0.5, cpuUs: 20 });
    expect(rateTable(samples, RATE)).toMatchObject({
      columns: ['mean ms', 'p50 ms', 'p99 ms', 'added ms', 'CPU us', 'errors'],
      lines: [
        { name: 'direct', cells: ['1.00', '', '', '', '', '0'] },
        { name: 'http-proxy-3', cells: ['2.00', '', '', '1.000', '9.0', '0'] },
        { name: 'evenkeel', cells: ['1.50', '1.00', '3.00', '0.500', '20.0', '0'] },
      ],
    });
  });
});

describe('the times of requests at a fixed rate', () => {
  it('are the same for every target of a turn, others in each turn, and as many as asked for', () => {
    const first = [...arrivals(2_000, 0.2, 0)];
    expect(first).toHaveLength(400);
    expect([...arrivals(2_000, 0.2, 0)]).toEqual(first);
    expect([...arrivals(2_000, 0.2, 1)]).not.toEqual(first);
    expect([...first].sort((a, b) => a - b)).toEqual(first);
    const ends = Array.from({ length: 200 }, (_, turn) => arrivals(2_000, 0.2, turn - 2).at(-1) as number);
    const meanMs = ends.reduce((sum, end) => sum + end, 0) / ends.length;
    expect(meanMs).toBeGreaterThan(195);
    expect(meanMs).toBeLessThan(205);
  });
});
