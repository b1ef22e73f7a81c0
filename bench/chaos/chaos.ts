// Runs all scenarios of `npm run chaos`.

import type { DeadTally } from './dead-spells.ts';
import type { FaultKind } from './faults.ts';
import { type Flapping, runFlapping } from './flapping.ts';
import type { Options } from './options.ts';
import { keyShareVerdict, requestShareVerdict } from './shares.ts';
import { runStorm, type Storm, type StormOptions } from './storm.ts';
import { type FaultRow, faultRows, requestVerdicts, type Verdict, verdict } from './verdicts.ts';

/**
 * Duration of the flapping scenario in virtual milliseconds, in proportion to the requests, within limits.
 */
const FLAPPING = { aRequest: 0.15, least: 5_000, most: 30_000 } as const;
const REPLAYED_SHARE = 0.1;

/** The results of one run with 20 backends. */
export interface StormReport {
  readonly strategy: string;
  readonly requests: number;
  readonly ok: number;
  readonly digest: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly tookMs: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly faults: readonly FaultRow[];
  readonly dead: Readonly<Partial<Record<FaultKind, DeadTally>>>;
  /** Events of the pool by type, and requests that had to queue. */
  readonly pool: Readonly<Record<string, number>>;
  readonly verdicts: readonly Verdict[];
}

/** The results of `npm run chaos`. */
export interface ChaosReport {
  readonly seed: number;
  readonly flapping: Flapping;
  readonly storms: readonly StormReport[];
  readonly verdicts: readonly Verdict[];
  /** Whether no promise was broken. */
  readonly kept: boolean;
}

/** Runs all scenarios one after the other, and reports the progress. */
export async function runChaos(
  { seed, requests, verify }: Options,
  progress: (text: string) => void,
): Promise<ChaosReport> {
  const complaints = collectComplaints();
  // First, while the heap is small, so that its growth can be seen.
  progress('1,000 backends flap');
  const { aRequest, least, most } = FLAPPING;
  const flappingMs = Math.min(most, Math.max(least, requests * aRequest));
  const flapping = await runFlapping(seed, flappingMs);
  const run = async <T>(what: string, options: StormOptions, look: (storm: Storm) => T): Promise<T> => {
    progress(`${what}: ${options.requests} requests`);
    // The ledger is large, so only its summary is kept.
    return look(await runStorm(options));
  };
  const keyed = { seed, requests, strategy: 'consistent-hash' } as const;
  const keysOfCalm = await run('without faults', { ...keyed, calm: true }, ({ keys }) => keys);
  const affinity = await run('keys stay at home', keyed, (storm) =>
    stormReport(storm, keyShareVerdict(storm, keysOfCalm)),
  );
  const byWeight = await run('turns by weight', { ...keyed, strategy: 'round-robin' }, (storm) =>
    stormReport(storm, requestShareVerdict(storm)),
  );
  const part = { ...keyed, requests: Math.round(requests * REPLAYED_SHARE) };
  const once = verify ? affinity.digest : await run('once', part, ({ digest }) => digest);
  const again = await run('once more', verify ? keyed : part, ({ digest }) => digest);
  const storms = [affinity, byWeight];
  const verdicts = [
    digestVerdict(once, again, verify ? requests : part.requests),
    complaintVerdict(complaints.end()),
  ];
  const all = [...storms.flatMap((storm) => storm.verdicts), ...flapping.verdicts, ...verdicts];
  return { seed, flapping, storms, verdicts, kept: all.every(({ kept }) => kept !== false) };
}

function stormReport(storm: Storm, shares: Verdict): StormReport {
  const { options, ledger, digest, events, tookMs, rest, poolEvents } = storm;
  const faults = faultRows(ledger);
  const times = ledger.entries
    .map(({ beganAt, endedAt = beganAt }) => endedAt - beganAt)
    .sort((a, b) => a - b);
  const at = (share: number) => times[Math.ceil(share * times.length) - 1] ?? 0;
  return {
    strategy: options.strategy,
    requests: options.requests,
    ok: ledger.entries.length - faults.reduce((sum, { errors }) => sum + errors, 0),
    digest,
    events,
    virtualMs: storm.virtualMs,
    tookMs,
    latencyMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
    faults,
    dead: Object.fromEntries(ledger.dead.tallies),
    pool: { ...Object.fromEntries(poolEvents), queued: rest.queued, checks: storm.checks },
    verdicts: [...requestVerdicts(storm), shares],
  };
}

function digestVerdict(once: string, again: string, requests: number): Verdict {
  return verdict(
    'the same seed gives the same digest',
    `${once} and ${again} of ${requests} requests`,
    once === again,
  );
}

function complaintVerdict(complaints: readonly string[]): Verdict {
  const [first] = complaints;
  return verdict(
    'no rejection goes unhandled, nothing is thrown out of turn, no listeners pile up',
    `${complaints.length}${first === undefined ? '' : `, the first: ${first}`}`,
    complaints.length === 0,
  );
}

/** Records unhandled rejections and warnings of the platform from now on. */
function collectComplaints(): { end(): readonly string[] } {
  const complaints: string[] = [];
  const note = (what: unknown) => complaints.push(what instanceof Error ? what.message : String(what));
  const events = ['unhandledRejection', 'uncaughtException', 'warning'] as const;
  for (const event of events) process.on(event, note);
  return {
    end() {
      for (const event of events) process.off(event, note);
      return complaints;
    },
  };
}
