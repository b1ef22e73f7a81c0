// The scenarios of the gateway benchmark and their durations.

import type { BodyPath } from './bodies.ts';

/** A scenario for the highest throughput. */
export interface SaturationScenario {
  /** Its name, and its key in the results. */
  readonly name: string;
  readonly path: BodyPath;
  readonly close: boolean;
  readonly seconds: number;
}

/** The measurements and their durations. */
export interface Schedule {
  readonly rounds: number;
  readonly saturation: readonly SaturationScenario[];
  /**
   * Seconds of warm-up for each proxy and scenario before the first round, so that no round includes
   * compilation.
   */
  readonly warmUpSeconds: number;
  readonly fixedRate: { readonly requestsPerSecond: number; readonly seconds: number };
  readonly memory: {
    readonly loadSeconds: number;
    readonly slowClients: number;
    /** Approximate time of each client for its body. */
    readonly takeMs: number;
    /** How long clients read nothing at first. */
    readonly stallMs: number;
    /** Clients that read nothing of a body that exceeds the kernel's buffers. */
    readonly stalledClients: number;
  };
}

/** The scenarios with targets. */
export const KEEP_ALIVE_1K = '1 KB, keep-alive';
export const KEEP_ALIVE_64K = '64 KB, keep-alive';
export const KEEP_ALIVE_1M = '1 MB, keep-alive';
export const CLOSE_1K = '1 KB, Connection: close';
/** The other scenarios, which are measured differently. */
export const FIXED_RATE = '4,000 requests a second';
export const TWO_WORKERS = '1 KB, keep-alive, by workers';
export const MEMORY = 'memory';
/** The origins without a proxy: the base for the latency that a proxy adds. */
export const DIRECT = 'direct';

/** The default run: three rounds in less than eight minutes. */
export function fullSchedule(rounds: number): Schedule {
  return {
    rounds,
    saturation: [
      { name: KEEP_ALIVE_1K, path: '/1k', close: false, seconds: 3 },
      { name: CLOSE_1K, path: '/1k', close: true, seconds: 3 },
      { name: KEEP_ALIVE_64K, path: '/64k', close: false, seconds: 2 },
      { name: '64 KB, Connection: close', path: '/64k', close: true, seconds: 1 },
      { name: KEEP_ALIVE_1M, path: '/1m', close: false, seconds: 2 },
      { name: '1 MB, Connection: close', path: '/1m', close: true, seconds: 1 },
    ],
    warmUpSeconds: 3,
    fixedRate: { requestsPerSecond: 4_000, seconds: 3 },
    memory: { loadSeconds: 3, slowClients: 1_000, takeMs: 6_000, stallMs: 2_000, stalledClients: 64 },
  };
}

/** A run of one minute, to test that everything works. Its numbers mean little. */
export function quickSchedule(rounds: number): Schedule {
  return {
    rounds,
    saturation: [
      { name: KEEP_ALIVE_1K, path: '/1k', close: false, seconds: 1 },
      { name: CLOSE_1K, path: '/1k', close: true, seconds: 1 },
    ],
    warmUpSeconds: 1,
    fixedRate: { requestsPerSecond: 4_000, seconds: 1 },
    memory: { loadSeconds: 1, slowClients: 1_000, takeMs: 500, stallMs: 500, stalledClients: 64 },
  };
}
