import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HealthChecker } from '../../src/health/health-checker.ts';
import { loadMetricsFeed } from '../../src/health/load-metrics-feed.ts';
import { Balancer, FetchHTTPService, Loadbalancer } from '../../src/index.ts';
import { type LoadReport, type LoadSample, loadReport } from '../../src/load-report/load-report.ts';
import { aRequest, RecordingLogger, RecordingWriter, tally } from '../support.ts';

const cleanUps: (() => void)[] = [];

afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** Starts a backend; the line with `report` is all that workload routing asks of it. */
async function aBackend(report: LoadReport) {
  let uploads = 0;
  const server = http.createServer((request, response) => {
    if (report(request, response)) return;
    uploads++;
    request.resume().on('end', () => response.end('stored'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, uploads: () => uploads };
}

/** Waits until something holds, for ten seconds at the most. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds(); ) {
    if (performance.now() > end) throw new Error(`still not so: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const sampled = (sample: LoadSample) => loadReport({ sample: () => sample });
const anUpload = () => aRequest('/upload', { method: 'POST', payload: 'x'.repeat(1_000) });

describe('one line in a backend', () => {
  it('keeps anonymous uploads away from one whose CPU is busy, by health checks', async () => {
    const busy = await aBackend(sampled({ cpu: 0.95, memory: 0.2 }));
    const idle = await aBackend(sampled({ cpu: 0.05, memory: 0.2 }));
    const service = new FetchHTTPService();
    const loadbalancer = new Loadbalancer(service, [busy.url, idle.url], new RecordingLogger(), {
      strategy: 'least-workload',
    });
    const checker = new HealthChecker(loadbalancer.balancer, service, { intervalMs: 100 });
    cleanUps.push(() => checker.close());
    await until(() => loadbalancer.balancer.backends.every(({ workload }) => workload !== undefined));
    expect(loadbalancer.balancer.backends.map(({ workload }) => workload)).toEqual([0.95, 0.2]);

    for (let i = 0; i < 40; i++) await loadbalancer.onRequest(anUpload(), new RecordingWriter());
    // Shares of 1/0.95 and 1/0.2.
    expect(busy.uploads() + idle.uploads()).toBe(40);
    expect(Math.abs(busy.uploads() - 7)).toBeLessThanOrEqual(1);
    expect(checker.stats()).toMatchObject({
      failures: 0,
      ignored: { oversized: 0, malformed: 0, invalid: 0 },
    });
  });

  it('keeps uploads away from one whose CPU is busy, by the header of ordinary answers alone', async () => {
    const busy = await aBackend(sampled({ cpu: 0.95, memory: 0.2 }));
    const idle = await aBackend(sampled({ cpu: 0.05, memory: 0.2 }));
    const service = new FetchHTTPService();
    const balancer = new Balancer([busy.url, idle.url], { strategy: 'least-workload' });
    const feed = loadMetricsFeed(balancer, { blackoutMs: 0 });
    const counts: Record<string, number> = {};
    for (let i = 0; i < 40; i++) {
      const lease = balancer.acquire('');
      if (lease === undefined) throw new Error('nobody takes it');
      feed(lease.backend, await service.sendRequest(`${lease.backend.url}/upload`, anUpload()));
      tally(counts, lease.backend.id);
      lease.release('success');
    }
    // Shares of 1/0.95 and 1/0.2, once both have reported.
    expect(Math.abs((counts[busy.url] ?? 0) - 7)).toBeLessThanOrEqual(2);
    expect(feed.stats()).toEqual({
      reports: 40,
      blackedOut: 0,
      ignored: { oversized: 0, malformed: 0, invalid: 0 },
    });
  });

  it('takes one out that is above its limit, and brings it back when it has recovered', async () => {
    const load = { cpu: 0.99 };
    let nowMs = 0;
    const tired = await aBackend(loadReport({ sample: () => load, now: () => nowMs }));
    const idle = await aBackend(sampled({ cpu: 0.05 }));
    const service = new FetchHTTPService();
    const balancer = new Balancer([tired.url, idle.url]);
    const turns: string[] = [];
    balancer.subscribe(({ type }) => turns.push(type));
    const checker = new HealthChecker(balancer, service, {
      intervalMs: 30,
      expect: { workload: { cpu: 0.9 } },
    });
    cleanUps.push(() => checker.close());
    await until(() => turns.includes('down'));
    expect(balancer.stats().backends.map(({ state }) => state)).toEqual(['down', 'up']);
    load.cpu = 0.5;
    nowMs += 1_000;
    await until(() => turns.includes('up'));
    expect(turns).toEqual(['down', 'up']);
  });

  it('measures a process that works: its event loop and its CPU', async () => {
    const backend = await aBackend(loadReport({ bytesPerSecond: 1_000_000 }));
    const service = new FetchHTTPService();
    const health = async () =>
      JSON.parse((await service.sendRequest(`${backend.url}/health`, aRequest())).data) as Record<
        string,
        number
      >;
    expect(await health()).toMatchObject({ cpu: 0, eventLoop: 0, network: 0 });
    await service.sendRequest(
      `${backend.url}/upload`,
      aRequest('/upload', { method: 'POST', payload: 'x'.repeat(200_000) }),
    );
    for (const end = performance.now() + 1_100; performance.now() < end; );
    const { cpu, memory, eventLoop, network } = await health();
    expect(cpu).toBeGreaterThan(0.05);
    expect(eventLoop).toBeGreaterThan(0.5);
    expect(memory).toBeGreaterThan(0);
    expect(network).toBeGreaterThan(0.1);
    expect(network).toBeLessThan(0.3);
  });
});
