import type { BodyPath } from './bodies.ts';

/** As many requests as go through. */
export interface SaturationScenario {
  /** How it is called, and its key among the results. */
  readonly name: string;
  readonly path: BodyPath;
  readonly close: boolean;
  readonly seconds: number;
}

/** What is measured, and for how long. */
export interface Schedule {
  readonly rounds: number;
  readonly saturation: readonly SaturationScenario[];
  /** Seconds for each proxy and scenario before the first round, so that no round pays for compiling. */
  readonly warmUpSeconds: number;
  readonly fixedRate: { readonly requestsPerSecond: number; readonly seconds: number };
  readonly memory: {
    readonly loadSeconds: number;
    readonly slowClients: number;
    /** How long each of them takes about for its body. */
    readonly takeMs: number;
    /** How long clients take nothing at all, at first. */
    readonly stallMs: number;
    /** Clients that take nothing of a body that is longer than what the kernel holds for them. */
    readonly stalledClients: number;
  };
}

/** The scenarios that targets are set for. */
export const KEEP_ALIVE_1K = '1 KB, keep-alive';
export const KEEP_ALIVE_64K = '64 KB, keep-alive';
export const KEEP_ALIVE_1M = '1 MB, keep-alive';
export const CLOSE_1K = '1 KB, Connection: close';
/** The others, which are measured in ways of their own. */
export const FIXED_RATE = '4,000 requests a second';
export const TWO_WORKERS = '1 KB, keep-alive, by workers';
export const MEMORY = 'memory';
/** The origins without a proxy, as what a proxy adds is measured against it. */
export const DIRECT = 'direct';

/** A run of less than eight minutes with three rounds. */
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
    warmUpSeconds: 1,
    fixedRate: { requestsPerSecond: 4_000, seconds: 3 },
    memory: { loadSeconds: 3, slowClients: 1_000, takeMs: 6_000, stallMs: 2_000, stalledClients: 64 },
  };
}

/** A minute that shows that everything runs, not how fast it is. */
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
