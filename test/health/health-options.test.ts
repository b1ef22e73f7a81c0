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
    const some = wellOf({ statuses: [204, [300, 301]] });
    expect([200, 204, 205, 299, 300, 301, 302].filter(some)).toEqual([204, 300, 301]);
    expect([200, 503].filter(wellOf({ statuses: (status: number) => status === 503 }))).toEqual([503]);
  });

  it('keep the fast interval from being the slower one', () => {
    expect(readHealthOptions({ intervalMs: 200 }).fastIntervalMs).toBe(200);
    expect(readHealthOptions({ intervalMs: 200, fastIntervalMs: 300 }).fastIntervalMs).toBe(300);
  });

  it("do not change with the caller's headers", () => {
    const headers = { host: 'a' };
    const { request } = readHealthOptions({ headers });
    headers.host = 'b';
    expect(request.headers).toEqual({ host: 'a' });
  });

  it.each<[object, string]>([
    [{ path: 'health' }, 'path must begin with "/" and have no space and no "#", got "health"'],
    [{ path: '/a b' }, 'path must'],
    [{ path: '/a#b' }, 'path must'],
    [{ path: 7 }, 'path must'],
    [{ method: 'GET /' }, 'method must be an HTTP method, got "GET /"'],
    [{ method: '' }, 'method must'],
    [{ headers: 'host: a' }, 'headers must be an object, got "host: a"'],
    [{ headers: { 'a b': '1' } }, 'a name in headers must be a token, got "a b"'],
    [{ headers: { a: 'b\r\nc: d' } }, 'headers.a must be a string on one line'],
    [{ headers: { a: 1 } }, 'headers.a must be a string on one line, got 1'],
    [{ statuses: 200 }, 'statuses must be a function or a list of statuses, got 200'],
    [{ statuses: [] }, 'statuses must'],
    [{ statuses: [200, 99] }, 'statuses[1] must be a status from 100 to 599 or a range of them, got 99'],
    [{ statuses: [600] }, 'statuses[0] must'],
    [{ statuses: [[399, 200]] }, 'statuses[0] must'],
    [{ statuses: ['200'] }, 'statuses[0] must'],
    [{ statuses: [null] }, 'statuses[0] must'],
    [{ body: 'ok' }, 'body must be a function, got "ok"'],
    [{ intervalMs: 0 }, 'intervalMs must'],
    [{ intervalMs: 2 ** 31 }, 'intervalMs must'],
    [{ fastIntervalMs: -1 }, 'fastIntervalMs must'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs must'],
    [{ fall: 0 }, 'fall must be an integer of at least 1, got 0'],
    [{ rise: 1.5 }, 'rise must be an integer of at least 1, got 1.5'],
    [{ rise: '2' }, 'rise must'],
    [{ workload: 0.9 }, 'workload must be an object of limits, got 0.9'],
    [{ workload: { cpus: 0.9 } }, 'workload.cpus is none of cpu, memory, network, eventLoop, application'],
    [{ workload: { cpu: 90 } }, 'workload.cpu must be a number from 0 to 1, got 90'],
    [{ workload: { memory: Number.NaN } }, 'workload.memory must'],
  ])('refuse %j', (options, message) => {
    expect(() => readHealthOptions(options)).toThrow(message);
    const placed = message.startsWith('a name in ')
      ? message.replace('headers', 'health.headers')
      : `health.${message}`;
    expect(() => readHealthOptions(options, 'health.')).toThrow(placed);
  });
});
