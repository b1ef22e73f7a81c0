// The requests of a run, and the clients that leave early.

import type { Loadbalancer, Request, ResponseWriter } from '../../src/index.ts';
import { exponential, type Random, zipf } from '../../src/simulator/random.ts';
import type { VirtualEnv } from '../../src/simulator/virtual-env.ts';
import { CLIENT_ABORTS, END_AT, STRAY_ABORT_RATIO, SURGE } from './faults.ts';
import type { Entry, Ledger } from './ledger.ts';
import { bodyFor } from './simulated-backend.ts';

const KEYS = 5_000;
const ZIPF_EXPONENT = 0.8;
/** A client that leaves early does so within this many milliseconds. */
const PATIENCE_MS = 300;

/** The settings of a workload. */
export interface Workload {
  readonly requests: number;
  readonly random: Random;
}

/** Plans all requests: independent arrivals at a constant mean rate, except for the surge. */
export function planRequests(
  { requests, random }: Workload,
  loadbalancer: Loadbalancer,
  env: VirtualEnv,
  ledger: Ledger,
): void {
  const key = zipf(random, KEYS, ZIPF_EXPONENT);
  // The rate before and after the surge is lower, so that the number of requests stays the same.
  const meanGapMs = (END_AT + (SURGE.until - SURGE.at) * (SURGE.factor - 1)) / requests;
  let left = requests;
  const next = () => {
    if (left-- <= 0) return;
    // Each request takes the same number of random draws, so that two runs with one seed have the same
    // requests.
    const path = `/items/${key()}`;
    const method = methodFor(random());
    const luck = random();
    const patienceMs = random() * PATIENCE_MS;
    const isSurge = isDuring(SURGE, env.now);
    const gapMs = exponential(random, isSurge ? meanGapMs / SURGE.factor : meanGapMs);
    const impatient = luck < (isDuring(CLIENT_ABORTS, env.now) ? CLIENT_ABORTS.ratio : STRAY_ABORT_RATIO);
    send(loadbalancer, env, ledger, {
      path,
      method,
      patienceMs: impatient ? patienceMs : undefined,
    });
    env.after(gapMs, next);
  };
  env.after(0, next);
}

interface Draft {
  readonly path: string;
  readonly method: string;
  /** The client leaves after this many milliseconds; `undefined` if it stays. */
  readonly patienceMs: number | undefined;
}

function send(
  loadbalancer: Loadbalancer,
  env: VirtualEnv,
  ledger: Ledger,
  { path, method, patienceMs }: Draft,
): void {
  const payload = method === 'POST' || method === 'PUT' ? `payload of ${path}` : '';
  const entry = ledger.open(method, path, (id) => bodyFor({ id, path, method, payload }));
  const request: Request = { id: entry.id, path, method, payload };
  if (isDuring({ at: SURGE.at, until: SURGE.feltUntil }, env.now)) ledger.struck(entry, 'surge');
  const leaving = patienceMs === undefined ? undefined : leaveAfter(patienceMs, entry, env, ledger);
  loadbalancer.onRequest(request, new Writer(entry, ledger), { signal: leaving }).then(
    () => ledger.close(entry, false),
    () => ledger.close(entry, true),
  );
}

/** A client that leaves, unless it got its response before. */
function leaveAfter(ms: number, entry: Entry, env: VirtualEnv, ledger: Ledger): AbortSignal {
  const controller = new AbortController();
  const leave = () => {
    if (entry.endedAt !== undefined) return;
    entry.left = true;
    ledger.inject('client abort');
    controller.abort();
  };
  // One in ten leaves before the request begins.
  if (ms < PATIENCE_MS / 10) leave();
  else env.after(ms, leave);
  return controller.signal;
}

function isDuring({ at, until }: { readonly at: number; readonly until: number }, now: number): boolean {
  return now >= at && now < until;
}

function methodFor(drawn: number): string {
  if (drawn < 0.6) return 'GET';
  if (drawn < 0.85) return 'POST';
  return drawn < 0.95 ? 'PUT' : 'DELETE';
}

/** A response writer that records in the ledger. */
class Writer implements ResponseWriter {
  readonly #entry: Entry;
  readonly #ledger: Ledger;

  constructor(entry: Entry, ledger: Ledger) {
    this.#entry = entry;
    this.#ledger = ledger;
  }

  writeResponse(response: Parameters<ResponseWriter['writeResponse']>[0]): void {
    this.#ledger.wrote(this.#entry, response);
  }

  writeHeader(): void {}

  writeError(error: Error): void {
    this.#ledger.wrote(this.#entry, error);
  }
}
