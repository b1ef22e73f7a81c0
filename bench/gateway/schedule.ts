// The scenarios of the gateway benchmark and their durations.

import type { BodyPath } from './bodies.ts';

/** A request that is sent again and again. */
export interface RequestKind {
  readonly path: BodyPath;
  /** How clients reach the proxy; `https` is TLS 1.3. */
  readonly scheme: 'http' | 'https';
  /** Whether each request has a connection of its own and, with TLS, a full handshake. */
  readonly close: boolean;
}

/** A scenario for the highest throughput. */
export interface SaturationScenario extends RequestKind {
  /** Its name, and its key in the results. */
  readonly name: string;
  readonly seconds: number;
}

/** A scenario with requests at fixed times, of 1 KB over plain HTTP with keep-alive. */
export interface RateScenario {
  /** Its name, and its key in the results. */
  readonly name: string;
  readonly requestsPerSecond: number;
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
  readonly rates: readonly RateScenario[];
  /** Two workers against one; `undefined` to leave it out. */
  readonly workers: { readonly seconds: number } | undefined;
  /** `undefined` to leave it out. */
  readonly memory: MemoryScenario | undefined;
}

/** Durations and clients of the measurement of memory. */
export interface MemoryScenario {
  readonly loadSeconds: number;
  readonly slowClients: number;
  /** Approximate time of each client for its body. */
  readonly takeMs: number;
  /** How long clients read nothing at first. */
  readonly stallMs: number;
  /** Clients that read nothing of a body that exceeds the kernel's buffers. */
  readonly stalledClients: number;
}

/** The scenarios with targets. */
export const KEEP_ALIVE_1K = '1 KB, keep-alive';
export const KEEP_ALIVE_64K = '64 KB, keep-alive';
export const KEEP_ALIVE_1M = '1 MB, keep-alive';
export const CLOSE_1K = '1 KB, Connection: close';
export const TLS_1K = '1 KB over TLS 1.3, keep-alive';
export const RATE_2000 = '2,000 requests a second';
export const RATE_4000 = '4,000 requests a second';
/** The other scenarios, which are measured differently. */
export const TWO_WORKERS = '1 KB, keep-alive, by workers';
export const MEMORY = 'memory';
/** The origins without a proxy: the base for the latency that a proxy adds. */
export const DIRECT = 'direct';

/** The request of all scenarios that do not name another one. */
export const SMALL: RequestKind = { path: '/1k', scheme: 'http', close: false };

/** What `--row` can choose. */
export const ROW_NAMES = ['keep-alive', 'close', 'tls', 'rate', 'workers', 'memory'] as const;

export type RowName = (typeof ROW_NAMES)[number];

/** The default run: three rounds. */
export function fullSchedule(rounds: number): Schedule {
  return {
    rounds,
    saturation: [
      { ...SMALL, name: KEEP_ALIVE_1K, seconds: 3 },
      { ...SMALL, name: CLOSE_1K, close: true, seconds: 3 },
      { ...SMALL, name: TLS_1K, scheme: 'https', seconds: 3 },
      { ...SMALL, name: '1 KB, a TLS 1.3 handshake each', scheme: 'https', close: true, seconds: 3 },
      { ...SMALL, name: KEEP_ALIVE_64K, path: '/64k', seconds: 2 },
      { ...SMALL, name: '64 KB, Connection: close', path: '/64k', close: true, seconds: 1 },
      { ...SMALL, name: KEEP_ALIVE_1M, path: '/1m', seconds: 2 },
      { ...SMALL, name: '1 MB, Connection: close', path: '/1m', close: true, seconds: 1 },
    ],
    warmUpSeconds: 3,
    rates: [
      { name: RATE_2000, requestsPerSecond: 2_000, seconds: 3 },
      { name: RATE_4000, requestsPerSecond: 4_000, seconds: 3 },
    ],
    workers: { seconds: 3 },
    memory: { loadSeconds: 3, slowClients: 1_000, takeMs: 6_000, stallMs: 2_000, stalledClients: 64 },
  };
}

/** A short run of 1 KB alone, to test that everything works. Its numbers mean little. */
export function quickSchedule(rounds: number): Schedule {
  const full = fullSchedule(rounds);
  return {
    rounds,
    saturation: full.saturation
      .filter(({ path }) => path === '/1k')
      .map((scenario) => ({ ...scenario, seconds: 1 })),
    warmUpSeconds: 1,
    rates: full.rates.map((rate) => ({ ...rate, seconds: 1 })),
    workers: { seconds: 1 },
    memory: { loadSeconds: 1, slowClients: 1_000, takeMs: 500, stallMs: 500, stalledClients: 64 },
  };
}

/** The part of a schedule that was asked for. */
export function only(rows: readonly RowName[], schedule: Schedule): Schedule {
  const has = (row: RowName) => rows.includes(row);
  return {
    ...schedule,
    saturation: schedule.saturation.filter((kind) => has(rowOf(kind))),
    rates: has('rate') ? schedule.rates : [],
    workers: has('workers') ? schedule.workers : undefined,
    memory: has('memory') ? schedule.memory : undefined,
  };
}

function rowOf({ scheme, close }: RequestKind): RowName {
  if (scheme === 'https') return 'tls';
  return close ? 'close' : 'keep-alive';
}
