// A trace as the play reads it.
import type { TraceData } from '../page-data.ts';
import { bytesOf, floatsOf, shortsOf, wordsOf } from './unpacked.ts';

/** The attempts of a trace; lists have an entry for each. */
export interface Attempts {
  /** Number of the request. */
  readonly request: Uint32Array;
  readonly backend: Uint16Array;
  readonly atMs: Float32Array;
  readonly startMs: Float32Array;
  readonly endMs: Float32Array;
  readonly outcome: Uint8Array;
}

/** The first requests of a contender, with their attempts. */
export interface UnpackedTrace {
  readonly requests: {
    readonly atMs: Float32Array;
    readonly endMs: Float32Array;
    readonly balancer: Uint16Array;
  };
  readonly attempts: Attempts;
  /** When the last request came. */
  readonly lastMs: number;
}

export function unpackTrace(trace: TraceData): UnpackedTrace {
  const requests = {
    atMs: floatsOf(trace.atMs),
    endMs: floatsOf(trace.endMs),
    balancer: shortsOf(trace.balancer),
  };
  return {
    requests,
    attempts: {
      request: wordsOf(trace.request),
      backend: shortsOf(trace.backend),
      atMs: floatsOf(trace.attemptAtMs),
      startMs: floatsOf(trace.startMs),
      endMs: floatsOf(trace.attemptEndMs),
      outcome: bytesOf(trace.outcome),
    },
    lastMs: requests.atMs.at(-1) ?? 0,
  };
}
