// The targets of the gateway, and whether they are met.

import { formatRatio } from '../text.ts';
import { CORES_FOR_TWO_WORKERS } from './cores.ts';
import { medianOrNothing, ratios, type Samples } from './samples.ts';
import {
  CLOSE_1K,
  DIRECT,
  KEEP_ALIVE_1K,
  KEEP_ALIVE_1M,
  KEEP_ALIVE_64K,
  MEMORY,
  RATE_2000,
  RATE_4000,
  TLS_1K,
  TWO_WORKERS,
} from './schedule.ts';

const OWN = 'evenkeel';
const MEBIBYTE = 1_048_576;

/** One line of the table of targets. */
export interface TargetRow {
  readonly what: string;
  readonly target: string;
  /** The median over the rounds; `undefined` if it was not or cannot be measured on this machine. */
  readonly value: number | undefined;
  /** The result as text: the median and, for several rounds, the least and the most; or why there is none. */
  readonly text: string;
  /** Whether the target is met; `undefined` without a result. */
  readonly ok: boolean | undefined;
}

/** All targets of the gateway with their results. */
export function targetRows(samples: Samples): TargetRow[] {
  const speed = (scenario: string, peer: string, target: number) =>
    against(samples, { scenario, peer, name: 'requestsPerSecond', target: { atLeast: target } });
  const cost = (scenario: string, name: string, target: number, peer = 'http-proxy-3') =>
    against(samples, { scenario, peer, name, target: { atMost: target } });
  return [
    titled('1 KB keep-alive, requests/s over http-proxy-3', speed(KEEP_ALIVE_1K, 'http-proxy-3', 2.2)),
    titled('1 KB keep-alive, requests/s over @fastify/reply-from', speed(KEEP_ALIVE_1K, 'reply-from', 1.4)),
    titled('1 KB keep-alive, requests/s over nginx', speed(KEEP_ALIVE_1K, 'nginx', 0.65)),
    // Out of reach where most of it is the kernel's, for two reads and two writes: nginx needs a fifth.
    titled('CPU for each request over http-proxy-3', cost(KEEP_ALIVE_1K, 'cpuUs', 0.2)),
    titled('CPU for each request over nginx', cost(KEEP_ALIVE_1K, 'cpuUs', 2, 'nginx')),
    titled('64 KB keep-alive, requests/s over http-proxy-3', speed(KEEP_ALIVE_64K, 'http-proxy-3', 1.4)),
    titled('1 MB keep-alive, requests/s over http-proxy-3', speed(KEEP_ALIVE_1M, 'http-proxy-3', 1)),
    titled('64 KB, CPU for each request over http-proxy-3', cost(KEEP_ALIVE_64K, 'cpuUs', 0.3)),
    titled('1 MB, CPU for each request over http-proxy-3', cost(KEEP_ALIVE_1M, 'cpuUs', 0.45)),
    titled('Connection: close, requests/s over http-proxy-3', speed(CLOSE_1K, 'http-proxy-3', 2.8)),
    titled('Connection: close, requests/s over nginx', speed(CLOSE_1K, 'nginx', 0.6)),
    titled('TLS 1.3, 1 KB keep-alive, requests/s over nginx', speed(TLS_1K, 'nginx', 0.45)),
    titled('TLS 1.3, CPU for each request over nginx', cost(TLS_1K, 'cpuUs', 2, 'nginx')),
    titled('added mean latency at 2,000/s over http-proxy-3', cost(RATE_2000, 'addedMs', 0.2)),
    titled('added mean latency at 4,000/s over http-proxy-3', cost(RATE_4000, 'addedMs', 0.2)),
    titled('p99 at saturation over http-proxy-3', cost(KEEP_ALIVE_1K, 'p99Ms', 0.5)),
    titled('p99 at saturation over nginx', cost(KEEP_ALIVE_1K, 'p99Ms', 2.5, 'nginx')),
    titled('memory at 64 connections over http-proxy-3', cost(MEMORY, 'busyBytes', 1)),
    titled('the same after the slow clients, over http-proxy-3', cost(MEMORY, 'afterBytes', 1)),
    titled('memory gained by the slow clients', gainedMemory(samples)),
    titled('2 workers, requests/s over one', workers(samples)),
  ];
}

type Judged = Omit<TargetRow, 'what'>;
type Bound = { readonly atLeast: number } | { readonly atMost: number };

const titled = (what: string, judged: Judged): TargetRow => ({ what, ...judged });

function against(
  samples: Samples,
  { scenario, peer, name, target }: { scenario: string; peer: string; name: string; target: Bound },
): Judged {
  const of = (contender: string) => samples.values({ scenario, contender, name });
  return judged(ratios(of(OWN), of(peer)), target, formatRatio, whyNot(samples, scenario, [OWN, peer]));
}

function gainedMemory(samples: Samples): Judged {
  const of = (name: string) => samples.values({ scenario: MEMORY, contender: OWN, name });
  const before = of('busyBytes');
  const gained = of('afterBytes').map((after, round) => (after - (before[round] as number)) / MEBIBYTE);
  const format = (mebibytes: number) => `${mebibytes.toFixed(1)} MB`;
  return judged(gained, { atMost: 64 }, format, whyNot(samples, MEMORY, [OWN]));
}

function workers(samples: Samples): Judged {
  const of = (contender: string) =>
    samples.values({ scenario: TWO_WORKERS, contender, name: 'requestsPerSecond' });
  const isMeasured = samples.contendersIn(TWO_WORKERS).length > 0;
  const reason = isMeasured
    ? whyNot(samples, TWO_WORKERS, ['1 worker', '2 workers'])
    : `not measured: takes ${CORES_FOR_TWO_WORKERS} cores`;
  return judged(ratios(of('2 workers'), of('1 worker')), { atLeast: 1.7 }, formatRatio, reason);
}

function judged(
  values: readonly number[],
  target: Bound,
  format: (value: number) => string,
  reason: string,
): Judged {
  const value = medianOrNothing(values);
  const targetText = 'atLeast' in target ? `>= ${format(target.atLeast)}` : `<= ${format(target.atMost)}`;
  if (value === undefined) return { target: targetText, value, text: reason, ok: undefined };
  const range = `${format(Math.min(...values))} to ${format(Math.max(...values))}`;
  const text = values.length === 1 ? format(value) : `${format(value)} (${range})`;
  const ok = 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
  return { target: targetText, value, text, ok };
}

/** The reasons for a missing number. */
function whyNot(samples: Samples, scenario: string, contenders: readonly string[]): string {
  const failed = [DIRECT, ...contenders].find((contender) => samples.failuresOf(scenario, contender) > 0);
  if (failed !== undefined) return `void: ${failed} made errors`;
  const measured = samples.contendersIn(scenario);
  if (measured.length === 0) return 'not measured';
  const missing = contenders.find((contender) => !measured.includes(contender));
  return missing === undefined ? 'not measured: the machine was too busy' : `not measured: ${missing}`;
}
