// The promises of the chaos test, and whether they were kept.

import type { DeadTally } from './dead-spells.ts';
import { FAILURES_ALLOWED } from './dead-spells.ts';
import { type FaultKind, faultKinds } from './faults.ts';
import type { Entry, Ledger } from './ledger.ts';
import { MOST_ATTEMPTS, TOTAL_TIMEOUT_MS } from './protections.ts';
import { InjectedError } from './simulated-backend.ts';
import type { Storm } from './storm.ts';

/** A promise, the measured value, and whether the promise was kept; `undefined` if there are too few data. */
export interface Verdict {
  readonly promise: string;
  readonly measured: string;
  readonly kept: boolean | undefined;
}

/** The effects of one kind of fault. */
export interface FaultRow {
  readonly kind: FaultKind;
  /** How often it occurred: attempts, clients that left, changes of the pool, requests of the surge. */
  readonly injected: number;
  /** Requests for which it was the first fault. */
  readonly requests: number;
  readonly retried: number;
  /** Those of these requests that ended, for their clients, in an error or with a status of 500 or above. */
  readonly errors: number;
  readonly ok: number;
}

/** One row for each kind of fault. A request whose client left counts only as that. */
export function faultRows({ entries, injected }: Ledger): FaultRow[] {
  return faultKinds.map((kind) => {
    const struck = entries.filter((entry) => (entry.left ? 'client abort' : entry.fault) === kind);
    const ok = struck.filter(isOk).length;
    return {
      kind,
      injected: injected.get(kind) ?? 0,
      requests: struck.length,
      retried: struck.filter(({ attempts }) => attempts.length > 1).length,
      errors: struck.length - ok,
      ok,
    };
  });
}

/** Whether the client got the right response. */
function isOk({ written }: Entry): boolean {
  const [what] = written;
  return what !== undefined && !(what instanceof Error) && what.status < 500;
}

/** The promises about single requests, and about the state after all have ended. */
export function requestVerdicts(storm: Storm): Verdict[] {
  const { entries, outsiders } = storm.ledger;
  const count = (is: (entry: Entry) => boolean) => entries.filter(is).length;
  const lost = count(({ written }) => written.length === 0);
  const twice = count(({ written }) => written.length > 1);
  const unsettled = count(({ endedAt, rejected }) => endedAt === undefined || rejected);
  const crossed = count(isCrossed);
  const unreceived = count((entry) => isOk(entry) && entry.arrivals === 0);
  const posts = count(({ method, arrivals }) => method === 'POST' && arrivals > 1);
  const sameTwice = count(({ attempts }) => new Set(attempts).size < attempts.length);
  const tooMany = count(({ attempts, unsent }) => attempts.length - unsent > MOST_ATTEMPTS);
  const unexplained = count((entry) => !isOk(entry) && entry.fault === undefined && !entry.left);
  const strange = count(isStrange);
  const late = count(
    ({ beganAt, endedAt = Number.POSITIVE_INFINITY }) => endedAt - beganAt > TOTAL_TIMEOUT_MS,
  );
  return [
    verdict(
      'every request gets exactly one answer or error',
      `${lost} lost, ${twice} answered twice, ${unsettled} unsettled of ${entries.length}`,
      lost + twice + unsettled === 0,
    ),
    verdict(
      'every answer is the one that its request asked for, by a backend that received it',
      `${crossed} crossed, ${unreceived} from nowhere`,
      crossed + unreceived === 0,
    ),
    verdict(
      'no POST reaches two backends unless nothing was sent the first time',
      `${posts} of ${count(({ method }) => method === 'POST')} received twice`,
      posts === 0,
    ),
    verdict(
      `a retry goes to another backend, ${MOST_ATTEMPTS} attempts at the most, without those that sent nothing`,
      `${sameTwice} came back, ${tooMany} tried more often`,
      sameTwice + tooMany === 0,
    ),
    verdict(
      'no error without a fault, and no other than its own or one of ours',
      `${unexplained} without, ${strange} other`,
      unexplained + strange === 0,
    ),
    verdict(
      `everything ends within ${TOTAL_TIMEOUT_MS / 1_000} s, however backends hang`,
      `${late} later`,
      late === 0,
    ),
    verdict('nothing is sent to a backend that is not in the pool', `${outsiders} sent`, outsiders === 0),
    retryVerdict(storm),
    deadVerdict(storm.ledger.dead.tallies),
    leakVerdict(storm),
  ];
}

function retryVerdict({ ledger }: Storm): Verdict {
  const { retries, broken, most, aboveFloor } = ledger.retries.verdict();
  return verdict(
    'retries in flight stay within max(3, 20 % of requests in flight), at each retry',
    `${broken} of ${retries} beyond; ${most} at a time at the most, ${aboveFloor} above the floor`,
    broken === 0,
  );
}

function deadVerdict(tallies: ReadonlyMap<FaultKind, DeadTally>): Verdict {
  const sum = (field: keyof DeadTally) => [...tallies.values()].reduce((all, tally) => all + tally[field], 0);
  return verdict(
    `a dead backend gets nothing but probes once ${FAILURES_ALLOWED} failures in a row are known to be its own`,
    `${sum('excess')} more in ${sum('spells')} spells; ${sum('probes')} probes, ${sum('checks')} checks, ${sum('inPanic')} in panic`,
    sum('excess') === 0,
  );
}

function leakVerdict({ rest, timers, ledger }: Storm): Verdict {
  const held = rest.backends.filter(({ inFlight }) => inFlight !== 0).length;
  const { atRest, closed } = timers;
  const left = closed.foreground + closed.background;
  return verdict(
    'nothing leaks: no lease, no place in the queue, no timer but health checks, none after close()',
    `${rest.inFlight} leases, ${held} backends with some, ${rest.waiting} waiting, ${atRest.foreground} timers, ${left} after close()`,
    rest.inFlight + held + rest.waiting + atRest.foreground + left + ledger.inFlight === 0,
  );
}

function isCrossed({ written, body }: Entry): boolean {
  return written.some((what) => !(what instanceof Error) && what.status === 200 && what.data !== body);
}

const OWN_CODES = new Set(['ERR_LB_TIMEOUT', 'ERR_LB_NO_BACKEND', 'ERR_LB_OVERLOADED']);

/**
 * Whether a request ended in an unexpected error: not injected, not of evenkeel, and not caused by its
 * client.
 */
function isStrange({ written, left }: Entry): boolean {
  return written.some((what) => {
    if (!(what instanceof Error)) return ![200, 500, 503].includes(what.status);
    const { code, name } = what as { code?: unknown; name: string };
    const isOwn = what instanceof InjectedError || OWN_CODES.has(code as string);
    return !isOwn && !(left && (code === 'ERR_LB_CANCELLED' || name === 'AbortError'));
  });
}

/** One row of the table. */
export function verdict(promise: string, measured: string, kept: boolean | undefined): Verdict {
  return { promise, measured, kept };
}
