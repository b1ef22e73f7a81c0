import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoadMetricsReader, utilization } from '../../src/health/load-metrics.ts';

const NOTHING = { oversized: 0, malformed: 0, invalid: 0 };

function readBody(body: unknown) {
  const reader = new LoadMetricsReader();
  const metrics = reader.readBody(body);
  return { metrics, ...reader.ignored };
}

function readHeader(value: unknown, name = 'endpoint-load-metrics') {
  const reader = new LoadMetricsReader();
  const metrics = reader.readHeader({ [name]: value as string });
  return { metrics, ...reader.ignored };
}

describe('a report in the body of an answer', () => {
  it('gives CPU, memory, network and event loop, and leaves other fields alone', () => {
    const body = JSON.stringify({
      status: 'ok',
      cpu: 0.5,
      memory: 0,
      network: 1,
      eventLoop: 0.25,
      pid: 4711,
    });
    expect(readBody(body)).toEqual({
      metrics: { cpu: 0.5, memory: 0, network: 1, eventLoop: 0.25 },
      ...NOTHING,
    });
  });

  it.each([['OK'], [''], ['<html>'], ['[1]'], ['"cpu"'], ['null'], [undefined], [42], [{ cpu: 1 }]])(
    'is not there in %j, which is no mistake',
    (body) => {
      expect(readBody(body)).toEqual({ metrics: {}, ...NOTHING });
    },
  );

  it.each(['{"cpu":0.5', '{cpu:0.5}', '{"cpu":NaN}', '{} trailing', '{'])(
    'is ignored and counted in %s',
    (body) => {
      expect(readBody(body)).toEqual({ metrics: {}, ...NOTHING, malformed: 1 });
    },
  );

  it.each(['-0.1', '1.01', '87', '1e999', '-1e999', '"0.5"', 'true', '[0.5]', '{}'])(
    'loses a value of %s, which is counted, and keeps the others',
    (value) => {
      expect(readBody(`{"cpu":${value},"memory":0.5}`)).toEqual({
        metrics: { memory: 0.5 },
        ...NOTHING,
        invalid: 1,
      });
    },
  );

  it('may say how many requests the backend can work on at once', () => {
    expect(readBody('{"cpu":0.5,"concurrency":8}').metrics).toEqual({ cpu: 0.5, concurrency: 8 });
    expect(readBody('{"concurrency":8,"concurrency ":9}').metrics).toEqual({ concurrency: 8 });
    for (const text of ['TEXT named_metrics.concurrency=8', 'JSON {"named_metrics":{"concurrency":8}}'])
      expect(readHeader(text)).toEqual({ metrics: { concurrency: 8 }, ...NOTHING });
    expect(readHeader('JSON {"namedMetrics":{"concurrency":8}}').metrics).toEqual({ concurrency: 8 });
    // Not by a name that ORCA does not have.
    expect(readHeader('TEXT concurrency=8').metrics).toEqual({});
  });

  it.each(['0', '-1', '1.5', '1000001', '"8"', '1e999'])('loses a concurrency of %s', (value) => {
    expect(readBody(`{"cpu":0.5,"concurrency":${value}}`)).toEqual({
      metrics: { cpu: 0.5 },
      ...NOTHING,
      invalid: 1,
    });
  });

  it('may hold null for what is not known', () => {
    expect(readBody('{"cpu":null,"memory":0.5}')).toEqual({ metrics: { memory: 0.5 }, ...NOTHING });
  });

  it('is read up to 65,536 characters; above that, it is ignored and counted', () => {
    const bodyOf = (length: number) => `{"cpu":0.5}${' '.repeat(length - 11)}`;
    expect(readBody(bodyOf(65_536))).toEqual({ metrics: { cpu: 0.5 }, ...NOTHING });
    expect(readBody(bodyOf(65_537))).toEqual({ metrics: {}, ...NOTHING, oversized: 1 });
  });

  it('changes no prototype', () => {
    expect(readBody('{"__proto__":{"cpu":0.5},"constructor":{"prototype":{"cpu":1}}}').metrics).toEqual({});
    expect(({} as { cpu?: number }).cpu).toBeUndefined();
  });
});

describe('the header endpoint-load-metrics', () => {
  const ALL = { cpu: 0.7, memory: 0.9, application: 0.8, network: 0.5, eventLoop: 0.1 };

  it.each([
    'TEXT cpu_utilization=0.7,application_utilization=0.8,mem_utilization=0.9,rps_fractional=1000,eps=2,named_metrics.foo=123,utilization.network=0.5,utilization.event_loop=0.1',
    'TEXT cpu_utilization:0.7,application_utilization:0.8,mem_utilization:0.9,utilization.network:0.5,utilization.event_loop:0.1',
    'TEXT  cpu_utilization = 0.7 , application_utilization= .8,mem_utilization =9e-1,,utilization.network=+0.5,utilization.event_loop=0.1,',
    'JSON {"cpu_utilization":0.7,"application_utilization":0.8,"mem_utilization":0.9,"rps_fractional":1000,"eps":2,"named_metrics":{"foo":123},"request_cost":{"db":7},"utilization":{"network":0.5,"event_loop":0.1,"total":0.5}}',
    'JSON {"cpuUtilization":0.7,"applicationUtilization":0.8,"memUtilization":0.9,"utilization":{"network":0.5,"event_loop":0.1}}',
    'text cpu_utilization=0.7,application_utilization=0.8,mem_utilization=0.9,utilization.network=0.5,utilization.event_loop=0.1',
  ])('is read in the form %s', (value) => {
    expect(readHeader(value)).toEqual({ metrics: ALL, ...NOTHING });
  });

  it.each(['endpoint-load-metrics', 'Endpoint-Load-Metrics', 'ENDPOINT-LOAD-METRICS'])(
    'is found as %s',
    (name) => {
      expect(readHeader('TEXT cpu_utilization=0.5', name).metrics).toEqual({ cpu: 0.5 });
    },
  );

  it('is not there in other headers', () => {
    const reader = new LoadMetricsReader();
    for (const headers of [
      undefined,
      {},
      { 'endpoint-load-metrix': 'TEXT cpu_utilization=1', 'content-type': 'a' },
    ]) {
      expect(reader.readHeader(headers)).toEqual({});
    }
    expect(reader.ignored).toEqual(NOTHING);
  });

  it('counts once where it comes several times', () => {
    const values = ['TEXT cpu_utilization=0.5', 'TEXT cpu_utilization=0.6'];
    expect(readHeader(values)).toEqual({ metrics: { cpu: 0.5 }, ...NOTHING });
  });

  it('leaves unknown fields alone', () => {
    expect(readHeader('TEXT x=1,cpu_utilization=0.5,y=abc,named_metrics.z=-7')).toEqual({
      metrics: { cpu: 0.5 },
      ...NOTHING,
    });
  });

  it('may tell of a CPU and an application beyond their soft limit, which counts as 1', () => {
    expect(readHeader('TEXT cpu_utilization=1.7,application_utilization=250')).toEqual({
      metrics: { cpu: 1, application: 1 },
      ...NOTHING,
    });
  });

  it.each([
    'cpu_utilization=NaN',
    'cpu_utilization=-0.5',
    'cpu_utilization=Infinity',
    'cpu_utilization=1e999',
    'cpu_utilization=0x1',
    'cpu_utilization=1_0',
    'cpu_utilization="0.5"',
    'cpu_utilization=',
    'cpu_utilization=.',
    'cpu_utilization=0.5 0.6',
    'cpu_utilization',
    'mem_utilization=1.1',
    'utilization.network=1.1',
  ])('loses %s, which is counted, and keeps the others', (pair) => {
    const { metrics, invalid, malformed } = readHeader(`TEXT ${pair},application_utilization=0.5`);
    expect(metrics).toEqual({ application: 0.5 });
    expect(invalid + malformed).toBe(1);
  });

  it('takes the first of two values of one name and counts the other', () => {
    expect(readHeader('TEXT cpu_utilization=0.7,cpu_utilization=0.8')).toEqual({
      metrics: { cpu: 0.7 },
      ...NOTHING,
      invalid: 1,
    });
  });

  it.each([
    '',
    'cpu_utilization=0.5',
    'TEXTcpu_utilization=0.5',
    'XML <cpu/>',
    'BIN CQAAAAAAAOA/',
    'JSON',
    'JSON [0.5]',
    'JSON null',
    'JSON {"cpu_utilization":',
  ])('is ignored and counted as %j', (value) => {
    expect(readHeader(value)).toEqual({ metrics: {}, ...NOTHING, malformed: 1 });
  });

  it('is read up to 8,192 characters; above that, it is ignored and counted', () => {
    const headerOfLength = (length: number) => `TEXT cpu_utilization=0.5,${'x'.repeat(length - 27)}=1`;
    expect(readHeader(headerOfLength(8_192))).toEqual({ metrics: { cpu: 0.5 }, ...NOTHING });
    expect(readHeader(headerOfLength(8_193))).toEqual({ metrics: {}, ...NOTHING, oversized: 1 });
  });

  it.each([
    ['digits', `TEXT cpu_utilization=${'1'.repeat(8_000)}x`],
    ['spaces', `TEXT cpu_utilization=${' '.repeat(8_000)}a b`],
    ['commas', `TEXT ${','.repeat(8_000)}`],
    ['separators', `TEXT ${'='.repeat(8_000)}`],
    ['brackets', `JSON ${'['.repeat(8_000)}`],
  ])('costs linear time with thousands of %s', (_, value) => {
    const reader = new LoadMetricsReader();
    const startedAt = performance.now();
    for (let i = 0; i < 100; i++) reader.readHeader({ 'endpoint-load-metrics': value });
    // Quadratic time takes about a minute.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('whatever a backend sends', () => {
  it('makes the reader neither throw nor report anything but numbers from 0 to 1', () => {
    const name = fc.constantFrom('cpu_utilization', 'application_utilization', 'cpu', 'memory', 'x');
    const pair = fc
      .tuple(name, fc.oneof(fc.double(), fc.string(), fc.constant('0.5')))
      .map((parts) => parts.join('='));
    const header = fc.oneof(
      fc.string(),
      fc.array(pair).map((pairs) => `TEXT ${pairs.join(',')}`),
      fc.json().map((json) => `JSON ${json}`),
    );
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(name, fc.jsonValue()).map((object) => JSON.stringify(object)),
    );
    fc.assert(
      fc.property(header, body, (value, text) => {
        const reader = new LoadMetricsReader();
        const reports = [reader.readHeader({ 'endpoint-load-metrics': value }), reader.readBody(text)];
        for (const use of reports.flatMap((metrics) => Object.values(metrics))) {
          expect(use).toBeGreaterThanOrEqual(0);
          expect(use).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe('the utilization that balancing goes by', () => {
  it("is the application's own where it is above 0, else the CPU's", () => {
    expect(utilization({ application: 0.3, cpu: 0.9 })).toBe(0.3);
    expect(utilization({ application: 0, cpu: 0.9 })).toBe(0.9);
    expect(utilization({ cpu: 0.9, memory: 1 })).toBe(0.9);
  });

  it('is not known without either, or where both are 0', () => {
    expect(utilization({ memory: 0.9 })).toBeUndefined();
    expect(utilization({ application: 0, cpu: 0 })).toBeUndefined();
  });
});
