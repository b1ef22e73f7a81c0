import type { Processes } from '../processes.ts';

/** Connections that are kept busy. */
export const CONNECTIONS = 64;

/** As many requests as go through, one after the other on each of 64 connections. */
interface LoadOrder {
  readonly url: string;
  readonly seconds: number;
  /** Whether each request says `Connection: close` and so needs a connection of its own. */
  readonly close: boolean;
  /** Bytes of each body: an answer with less is a failure. */
  readonly bodyBytes: number;
}

/** What came of it. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /**
   * Errors of sockets, timeouts, answers that are not 2xx, and short bodies: none, or the rest means nothing.
   */
  readonly failures: number;
}

/** A program that makes load. */
export interface LoadGenerator {
  readonly name: string;
  run(order: LoadOrder, processes: Processes, cores: readonly number[]): Promise<LoadResult>;
}

/** What an order may take beyond its seconds. */
export const PATIENCE_MS = 15_000;
