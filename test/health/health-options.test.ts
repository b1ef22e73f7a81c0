import { describe, expect, it } from 'vitest';
import { readHealthOptions } from '../../src/health/health-options.ts';

const wellOf = (options: object) => readHealthOptions(options).isWell;

describe('the settings of health checks', () => {
  it('have the defaults of the field', () => {
    const { request, isWell: _, body, env: __, ...others } = readHealthOptions({});
    expect(request).toEqual({ path: '/health', method: 'GET', payload: '' });
    expect(body).toBeUndefined();
    expect(others).toEqual({
      intervalMs: 10_000,
      fastIntervalMs: 1_000,
      timeoutMs: 2_000,
      fall: 3,
      rise: 2,
      limits: [],
    });
  });

  it('take 200 to 399 for well by default', () => {
    const isWell = wellOf({});
    expect([199, 200, 304, 399, 400, 503].filter(isWell)).toEqual([200, 304, 399]);
  });

  it('take statuses, ranges or a function', () => {
    const some = wellOf({ expect: { statuses: [204, [300, 301]] } });
    expect([200, 204, 205, 299, 300, 301, 302].filter(some)).toEqual([204, 300, 301]);
    expect([200, 503].filter(wellOf({ expect: { statuses: (status: number) => status === 503 } }))).toEqual([
      503,
    ]);
  });

  it('keep the fast interval from being the slower one', () => {
    expect(readHealthOptions({ intervalMs: 200 }).fastIntervalMs).toBe(200);
    expect(readHealthOptions({ intervalMs: 200, fastIntervalMs: 300 }).fastIntervalMs).toBe(300);
  });

  it("do not change with the caller's headers", () => {
    const headers = { host: 'a' };
    const { request } = readHealthOptions({ request: { headers } });
    headers.host = 'b';
    expect(request.headers).toEqual({ host: 'a' });
  });

  it.each<[object, string]>([
    [
      { request: { path: 'health' } },
      'request.path must be a string that begins with "/" and has no space and no "#", got "health"',
    ],
    [{ request: { path: '/a b' } }, 'request.path must'],
    [{ request: { path: '/a#b' } }, 'request.path must'],
    [{ request: { path: 7 } }, 'request.path must'],
    [{ request: { method: 'GET /' } }, 'request.method must be an HTTP method, got "GET /"'],
    [{ request: { method: '' } }, 'request.method must'],
    [{ request: { headers: 'host: a' } }, 'request.headers must be an object of strings, got "host: a"'],
    [{ request: { headers: { 'a b': '1' } } }, 'a name in request.headers must be a token, got "a b"'],
    [{ request: { headers: { a: 'b\r\nc: d' } } }, 'request.headers.a must be a string on one line'],
    [{ request: { headers: { a: 1 } } }, 'request.headers.a must be a string on one line, got 1'],
    [{ expect: { statuses: 200 } }, 'expect.statuses must be a function or a list of statuses, got 200'],
    [{ expect: { statuses: [] } }, 'expect.statuses must'],
    [
      { expect: { statuses: [200, 99] } },
      'expect.statuses[1] must be a status from 100 to 599 or a range of them, got 99',
    ],
    [{ expect: { statuses: [600] } }, 'expect.statuses[0] must'],
    [{ expect: { statuses: [[399, 200]] } }, 'expect.statuses[0] must'],
    [{ expect: { statuses: ['200'] } }, 'expect.statuses[0] must'],
    [{ expect: { statuses: [null] } }, 'expect.statuses[0] must'],
    [{ expect: { body: 'ok' } }, 'expect.body must be a function, got "ok"'],
    [{ intervalMs: 0 }, 'intervalMs must'],
    [{ intervalMs: 2 ** 31 }, 'intervalMs must'],
    [{ fastIntervalMs: -1 }, 'fastIntervalMs must'],
    [{ request: { timeoutMs: Number.NaN } }, 'request.timeoutMs must'],
    [{ thresholds: { fall: 0 } }, 'thresholds.fall must be an integer of at least 1, got 0'],
    [{ thresholds: { rise: 1.5 } }, 'thresholds.rise must be an integer of at least 1, got 1.5'],
    [{ thresholds: { rise: '2' } }, 'thresholds.rise must'],
    [{ expect: { workload: 0.9 } }, 'expect.workload must be an object of options, got 0.9'],
    [{ expect: { workload: { cpus: 0.9 } } }, 'expect.workload.cpus is not an option; did you mean "cpu"?'],
    [{ expect: { workload: { cpu: 90 } } }, 'expect.workload.cpu must be a number from 0 to 1, got 90'],
    [{ expect: { workload: { memory: Number.NaN } } }, 'expect.workload.memory must'],
  ])('refuse %j', (options, message) => {
    expect(() => readHealthOptions(options)).toThrow(message);
  });
});
