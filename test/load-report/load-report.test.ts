import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { LoadMetricsReader } from '../../src/health/load-metrics.ts';
import { type LoadReportOptions, type LoadSample, loadReport } from '../../src/load-report/load-report.ts';
import { coresOfQuota } from '../../src/load-report/process-load.ts';

/** A connection whose bytes the test counts. */
class FakeSocket extends EventEmitter {
  destroyed = false;
  bytesRead = 0;
  bytesWritten = 0;
}

/** An answer that notes what is done to it. */
class FakeResponse {
  headersSent = false;
  status: number | undefined;
  headers: Record<string, unknown> = {};
  body: string | undefined;
  ended = false;

  setHeader(name: string, value: string) {
    if (this.headersSent) throw new Error('ERR_HTTP_HEADERS_SENT');
    this.headers[name] = value;
  }

  writeHead(status: number, headers: Record<string, unknown>) {
    this.status = status;
    this.headersSent = true;
    Object.assign(this.headers, headers);
  }

  end(body?: string) {
    this.ended = true;
    this.body = body;
  }
}

function setUp(options: LoadReportOptions = {}) {
  const clock = { nowMs: 5_000 };
  const report = loadReport({ now: () => clock.nowMs, ...options });
  const call = (url = '/', method = 'GET', socket = new FakeSocket(), response = new FakeResponse()) => {
    let nexts = 0;
    const request = { url, method, socket } as unknown as IncomingMessage;
    const answered = report(request, response as unknown as ServerResponse, () => nexts++);
    return { answered, nexts, ...response };
  };
  return {
    clock,
    report,
    call,
    health: (url = '/health') => JSON.parse(call(url).body ?? '') as Record<string, unknown>,
    header: () => call().headers['endpoint-load-metrics'],
  };
}

describe('the health check', () => {
  const sample = () => ({ cpu: 0.1, memory: 0.2, network: 0.3, eventLoop: 0.4 });

  it('is answered with the load as JSON, which nobody may store', () => {
    const { answered, nexts, status, headers, body } = setUp({ sample }).call('/health');
    expect({ answered, nexts, status }).toEqual({ answered: true, nexts: 0, status: 200 });
    expect(JSON.parse(body ?? '')).toEqual({
      status: 'ok',
      cpu: 0.1,
      memory: 0.2,
      network: 0.3,
      eventLoop: 0.4,
    });
    expect(headers).toEqual({
      'cache-control': 'no-store',
      'content-type': 'application/json',
      'content-length': body?.length,
    });
  });

  it('says how many requests the server can work on at once, and so does the header', () => {
    const { health, call } = setUp({ sample, concurrency: 8 });
    expect(health()).toMatchObject({ cpu: 0.1, concurrency: 8 });
    const header = call().headers['endpoint-load-metrics'] as string;
    expect(header).toContain('named_metrics.concurrency=8');
    expect(new LoadMetricsReader().readHeader({ 'endpoint-load-metrics': header }).concurrency).toBe(8);
    expect(setUp({ sample }).health()).not.toHaveProperty('concurrency');
    for (const concurrency of [0, 1.5, 1_000_001, '8' as never])
      expect(() => loadReport({ concurrency })).toThrow(/^concurrency must be an integer from 1 to 1000000/);
  });

  it('is answered without a body to HEAD', () => {
    const { call } = setUp({ sample });
    const { body, headers, answered } = call('/health', 'HEAD');
    expect([answered, body]).toEqual([true, undefined]);
    expect(headers['content-length']).toBe(call('/health').body?.length);
  });

  it.each(['/health', '/health?full=1'])('is %s', (url) => {
    expect(setUp({ sample }).call(url).answered).toBe(true);
  });

  it.each([
    ['/healthy', 'GET'],
    ['/health/', 'GET'],
    ['/', 'GET'],
    ['', 'GET'],
    ['/?a=/health', 'GET'],
    ['/health', 'POST'],
    ['/health', 'DELETE'],
  ])('is not %s with %s', (url, method) => {
    const { answered, nexts, ended } = setUp({ sample }).call(url, method);
    expect({ answered, nexts, ended }).toEqual({ answered: false, nexts: 1, ended: false });
  });

  it('can have another path', () => {
    const { call } = setUp({ sample, path: '/ready' });
    expect([call('/ready').answered, call('/health').answered]).toEqual([true, false]);
  });
});

describe('other answers', () => {
  it('get the ORCA header in its TEXT form', () => {
    const { header } = setUp({ sample: () => ({ cpu: 0.123456, memory: 0.5, eventLoop: 0.75 }) });
    expect(header()).toBe(
      'TEXT cpu_utilization=0.1235,mem_utilization=0.5,application_utilization=0.75,rps_fractional=0',
    );
  });

  it('get one that our own reader understands', () => {
    const { header } = setUp({ sample: () => ({ cpu: 1e-9, memory: 0.5, network: 0.9 }) });
    const reader = new LoadMetricsReader();
    expect(reader.readHeader({ 'endpoint-load-metrics': String(header()) })).toEqual({
      cpu: 0,
      memory: 0.5,
      application: 0.9,
    });
    expect(reader.ignored).toEqual({ oversized: 0, malformed: 0, invalid: 0 });
  });

  it('tell the requests a second since the last measurement, without health checks', () => {
    const { clock, call, header } = setUp({ sample: () => ({ cpu: 0.1 }) });
    for (let i = 0; i < 30; i++) call('/');
    for (let i = 0; i < 30; i++) call('/health');
    clock.nowMs += 2_000;
    expect(header()).toContain('rps_fractional=15');
    clock.nowMs += 1_000;
    expect(header()).toContain('rps_fractional=1');
  });

  it('are left alone where their head is already out', () => {
    const response = new FakeResponse();
    response.headersSent = true;
    expect(setUp().call('/', 'GET', new FakeSocket(), response).headers).toEqual({});
  });

  it('need nobody who comes next', () => {
    const { report } = setUp();
    const request = { url: '/', method: 'GET', socket: new FakeSocket() } as unknown as IncomingMessage;
    expect(report(request, new FakeResponse() as unknown as ServerResponse)).toBe(false);
  });
});

describe('measuring', () => {
  it('happens once a second at the most, and only when somebody asks', () => {
    let samples = 0;
    const { clock, call, health } = setUp({ sample: () => ({ cpu: ++samples / 100 }) });
    expect(samples).toBe(1);
    for (let i = 0; i < 100; i++) call(i % 2 === 0 ? '/' : '/health');
    clock.nowMs += 999;
    expect([health().cpu, samples]).toEqual([0.01, 1]);
    clock.nowMs += 1;
    expect([health().cpu, samples]).toEqual([0.02, 2]);
    clock.nowMs += 60_000;
    expect(samples).toBe(2);
    expect([health().cpu, samples]).toEqual([0.03, 3]);
  });

  it.each<[unknown, unknown]>([
    [1.5, 1],
    [-0.5, 0],
    [Number.POSITIVE_INFINITY, 1],
    [Number.NaN, undefined],
    ['0.5', undefined],
    [undefined, undefined],
  ])('turns a value of %s into %s', (cpu, expected) => {
    const { health, header } = setUp({ sample: () => ({ cpu, memory: 0.5 }) as LoadSample });
    expect(health()).toEqual({
      status: 'ok',
      memory: 0.5,
      ...(expected === undefined ? {} : { cpu: expected }),
    });
    expect(String(header()).includes('cpu_utilization')).toBe(expected !== undefined);
  });

  it.each([
    () => {
      throw new Error('boom');
    },
    () => undefined,
    () => null,
  ])('that fails does not break the server', (sample) => {
    const { health, header } = setUp({ sample: sample as never });
    expect(health()).toEqual({ status: 'ok' });
    expect(header()).toBe('TEXT rps_fractional=0');
  });

  it('is of this process by default: CPU, memory and event loop, each from 0 to 1', () => {
    const { health } = setUp();
    const { status, cpu, memory, eventLoop, ...others } = health();
    // What a server does while it starts tells nothing about it.
    expect({ status, cpu, eventLoop, others }).toEqual({ status: 'ok', cpu: 0, eventLoop: 0, others: {} });
    expect(memory).toBeGreaterThan(0);
    expect(memory).toBeLessThan(1);
  });
});

describe('the network', () => {
  it('is measured where its capacity is known: the busier direction, over all connections', () => {
    const { clock, call, health } = setUp({ bytesPerSecond: 1_000, sample: () => ({ cpu: 0.1 }) });
    expect(health().network).toBe(0);
    const [a, b] = [new FakeSocket(), new FakeSocket()];
    a.bytesRead = 70_000;
    call('/', 'GET', a);
    call('/', 'GET', a);
    call('/', 'GET', b);
    a.bytesRead += 300;
    b.bytesRead += 500;
    b.bytesWritten += 600;
    clock.nowMs += 2_000;
    expect(health().network).toBe(0.4);
    clock.nowMs += 1_000;
    expect(health().network).toBe(0);
  });

  it('counts connections that have closed, once, and forgets them', () => {
    const { clock, call, health } = setUp({ bytesPerSecond: 1_000, sample: () => ({}) });
    const socket = new FakeSocket();
    call('/', 'POST', socket);
    socket.bytesRead = 500;
    socket.destroyed = true;
    socket.emit('close');
    call('/', 'POST', socket);
    expect(socket.listenerCount('close')).toBe(0);
    socket.bytesRead = 99_999;
    clock.nowMs += 1_000;
    expect(health().network).toBe(0.5);
  });

  it('listens once to a connection, however many requests come over it', () => {
    const { call } = setUp({ bytesPerSecond: 1_000 });
    const socket = new FakeSocket();
    for (let i = 0; i < 50; i++) call('/', 'GET', socket);
    expect(socket.listenerCount('close')).toBe(1);
  });

  it('is what the sampler says where it says something', () => {
    const { health } = setUp({ bytesPerSecond: 1_000, sample: () => ({ network: 0.7 }) });
    expect(health().network).toBe(0.7);
  });

  it('is left out otherwise, and connections are left alone', () => {
    const { call, health } = setUp();
    const socket = new FakeSocket();
    call('/', 'GET', socket);
    expect(socket.listenerCount('close')).toBe(0);
    expect(health()).not.toHaveProperty('network');
  });
});

describe('the CPU quota of a container', () => {
  it.each([
    ['50000 100000\n', 0.5],
    ['400000 100000', 4],
    ['max 100000\n', undefined],
    ['', undefined],
    ['0 0', undefined],
    ['1 0', undefined],
    ['-1 100000', undefined],
  ])('is read out of %j', (text, cores) => {
    expect(coresOfQuota(text)).toBe(cores);
  });
});

describe('an option out of range', () => {
  it.each<[object, string]>([
    [
      { path: 'health' },
      'path must be a string that begins with "/" and has no space, "?" and "#", got "health"',
    ],
    [{ path: '/health?a' }, 'path must'],
    [{ path: 7 }, 'path must'],
    [{ bytesPerSecond: 0 }, 'bytesPerSecond must be a positive number, got 0'],
    [{ bytesPerSecond: Number.NaN }, 'bytesPerSecond must'],
    [{ bytesPerSecond: '5' }, 'bytesPerSecond must'],
    [{ sample: 0.5 }, 'sample must be a function, got 0.5'],
    [{ now: 0 }, 'now must be a function, got 0'],
  ])('throws for %j', (options, message) => {
    expect(() => loadReport(options)).toThrow(message);
  });
});
