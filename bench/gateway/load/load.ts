// The interface of load generators for the highest throughput.

import type { Processes } from '../processes.ts';

/** Number of connections that always have a request. */
export const CONNECTIONS = 64;

/** An order for the highest throughput: requests one after the other on each of 64 connections. */
interface LoadOrder {
  readonly url: string;
  readonly seconds: number;
  /** Whether each request has `Connection: close`, and so needs a connection of its own. */
  readonly close: boolean;
  /** Bytes of each body. A shorter response is a failure. */
  readonly bodyBytes: number;
}

/** The results. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /**
   * Socket errors, timeouts, responses that are not 2xx, and short bodies. If there are any, the results are
   * void.
   */
  readonly failures: number;
}

/** A load generator. */
export interface LoadGenerator {
  readonly name: string;
  run(order: LoadOrder, processes: Processes, cores: readonly number[]): Promise<LoadResult>;
}

/** Additional time limit of an order, beyond its duration. */
export const PATIENCE_MS = 15_000;
