// The main scenario: requests run while faults occur by the schedule.

import { type BalancerStats, Loadbalancer, type StrategyName } from '../../src/index.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { runInTurns } from '../../src/simulator/turns.ts';
import { type PendingTimers, VirtualEnv } from '../../src/simulator/virtual-env.ts';
import { EVERYBODY, FIRST_POOL, planChurn, setPool } from './churn.ts';
import { END_AT, RECOVERED_AT } from './faults.ts';
import { Fleet } from './fleet.ts';
import { Ledger } from './ledger.ts';
import { PROTECTIONS } from './protections.ts';
import { planRequests } from './workload.ts';

/** Time after the last request until everything must be at rest, in virtual milliseconds. */
const REST_MS = 60_000;

/** The settings of a run. */
export interface StormOptions {
  readonly seed: number;
  readonly requests: number;
  readonly strategy: StrategyName;
  /** Whether to run the same requests, clients and churn without any fault. @defaultValue false */
  readonly calm?: boolean;
}

/** The results of a run. */
export interface Storm {
  readonly options: StormOptions;
  readonly ledger: Ledger;
  readonly digest: string;
  /** Number of events, virtual time and real milliseconds of the run. */
  readonly events: number;
  readonly virtualMs: number;
  readonly tookMs: number;
  /** The state at rest, before the load balancer is closed. */
  readonly rest: BalancerStats & { readonly waiting: number; readonly queued: number };
  readonly timers: { readonly atRest: PendingTimers; readonly closed: PendingTimers };
  readonly checks: number;
  /** Events of the pool by type. */
  readonly poolEvents: ReadonlyMap<string, number>;
  /** First attempts on each backend since the recovery. */
  readonly shares: ReadonlyMap<string, number>;
  /**
   * On each backend, the keys that were requested since the recovery. A key returns to its home only with a
   * request.
   */
  readonly keys: ReadonlyMap<string, number>;
}

/** Sends requests through the load balancer while faults occur by the schedule. */
export async function runStorm(options: StormOptions): Promise<Storm> {
  const { seed, requests, strategy, calm = false } = options;
  const startedAt = performance.now();
  const env = new VirtualEnv(seed);
  const ledger = new Ledger(env);
  const fleet = new Fleet(EVERYBODY, seed, env, ledger);
  setPool(fleet, FIRST_POOL);
  const loadbalancer = new Loadbalancer(fleet.wire, fleet.pool, SILENT, {
    ...PROTECTIONS,
    health: true,
    env,
    strategy,
  });
  const poolEvents = watch(loadbalancer, ledger);
  if (!calm) fleet.planFaults();
  planChurn(fleet, env, ledger, seededRandom(seed, 'churn'));
  planRequests({ requests, random: seededRandom(seed, 'workload') }, loadbalancer, env, ledger);
  // The last requests may be a little later than planned, as their times are random.
  await runInTurns(env, END_AT);
  while (ledger.entries.length < requests) await runInTurns(env, env.now + REST_MS);
  await runInTurns(env, env.now + REST_MS);
  const stats = loadbalancer.stats();
  const keys = keysOf(loadbalancer, ledger);
  const atRest = env.pendingTimers;
  loadbalancer.close();
  await runInTurns(env, env.now + REST_MS);
  return {
    options,
    ledger,
    digest: ledger.digest(),
    events: env.events,
    virtualMs: env.now,
    tookMs: performance.now() - startedAt,
    rest: { ...stats, waiting: stats.queue?.depth ?? 0, queued: stats.queue?.served ?? 0 },
    timers: { atRest, closed: env.pendingTimers },
    checks: fleet.wire.checks,
    poolEvents,
    shares: sharesOf(ledger),
    keys,
  };
}

const SILENT = { log: () => {} };

/** Records the events of the load balancer in the ledger. */
function watch(loadbalancer: Loadbalancer, ledger: Ledger): Map<string, number> {
  const counts = new Map<string, number>();
  loadbalancer.balancer.subscribe((event) => {
    counts.set(event.type, (counts.get(event.type) ?? 0) + 1);
    if (event.type === 'panic') ledger.dead.panic(event.panic);
    const backend = 'backend' in event ? event.backend : '';
    ledger.pool(event.type, backend);
    if (
      event.type === 'trial' ||
      event.type === 'returned' ||
      event.type === 'half-open' ||
      event.type === 'up'
    )
      ledger.dead.reentered(backend);
  });
  return counts;
}

function sharesOf({ entries }: Ledger): Map<string, number> {
  const shares = new Map<string, number>();
  for (const { beganAt, attempts } of entries) {
    const [first] = attempts;
    if (beganAt >= RECOVERED_AT && first !== undefined) shares.set(first, (shares.get(first) ?? 0) + 1);
  }
  return shares;
}

function keysOf({ balancer }: Loadbalancer, { entries }: Ledger): Map<string, number> {
  const paths = new Set(entries.filter(({ beganAt }) => beganAt >= RECOVERED_AT).map(({ path }) => path));
  const keys = new Map<string, number>();
  for (const path of paths) {
    const { owner } = balancer.explain({ id: '', path, method: 'GET', payload: '' });
    if (owner !== undefined) keys.set(owner, (keys.get(owner) ?? 0) + 1);
  }
  return keys;
}
