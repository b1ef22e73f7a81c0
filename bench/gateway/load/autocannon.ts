// Load by autocannon.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CONNECTIONS, type LoadGenerator, PATIENCE_MS } from './load.ts';

const require = createRequire(import.meta.url);
const script = require.resolve('autocannon/autocannon.js');

/** The fields of autocannon's report that are used. */
interface AutocannonReport {
  readonly duration: number;
  readonly requests: { readonly total: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly throughput: { readonly total: number };
  readonly errors: number;
  readonly timeouts: number;
  readonly non2xx: number;
}

/**
 * Load by autocannon, if wrk is not installed. It needs several times as much processor time, so that it
 * limits fast proxies.
 */
export function autocannon(): LoadGenerator {
  const { version } = JSON.parse(readFileSync(require.resolve('autocannon/package.json'), 'utf8'));
  return {
    name: `autocannon ${version}`,
    run: async ({ url, seconds, close, bodyBytes }, processes, cores) => {
      const args = [script, '-c', `${CONNECTIONS}`, '-d', `${Math.ceil(seconds)}`, '--json', '--no-progress'];
      if (close) args.push('-H', 'Connection=close');
      const command = { name: 'autocannon', file: process.execPath, args: [...args, url], cores };
      const output = await processes.run(command, seconds * 1_000 + PATIENCE_MS);
      const report: AutocannonReport = JSON.parse(output);
      const requests = report.requests.total;
      const missing = Math.max(0, requests - Math.floor(report.throughput.total / bodyBytes));
      return {
        requests,
        seconds: report.duration,
        p50Ms: report.latency.p50,
        p99Ms: report.latency.p99,
        failures: report.errors + report.timeouts + report.non2xx + missing,
      };
    },
  };
}
