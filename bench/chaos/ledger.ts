// The ledger: a record of each request, from which the promises are checked.

import { createHash } from 'node:crypto';
import type { Response } from '../../src/index.ts';
import type { VirtualEnv } from '../../src/simulator/virtual-env.ts';
import { type DeadAttempt, DeadSpells } from './dead-spells.ts';
import type { FaultKind } from './faults.ts';
import { RetryAudit } from './retry-audit.ts';

/** How an attempt ended from the view of the load balancer. */
export type AttemptOutcome = 'success' | 'failure' | 'connection' | 'cancelled';

/** The record of one request. */
export interface Entry {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly beganAt: number;
  /** When its promise settled; `undefined` before that. */
  endedAt: number | undefined;
  /** Whether that promise rejected. */
  rejected: boolean;
  /** The responses and errors that were written. */
  readonly written: (Response | Error)[];
  /** The backends that it was sent to, in order, and how many of them received it. */
  readonly attempts: string[];
  /** How many of its attempts failed before anything was sent. */
  unsent: number;
  arrivals: number;
  /** The first fault that affected it. */
  fault: FaultKind | undefined;
  /** Its last attempt, if that was on a dead backend and failed by a status or by time. */
  suspect: DeadAttempt | undefined;
  /** Whether its client left before the end. */
  left: boolean;
  /** The response that it must get, if any. */
  readonly body: string;
  /**
   * When its last attempt ended and how many requests were in flight then; `undefined` if that attempt sent
   * nothing, as the next one is then no retry.
   */
  lastEnd: { event: number; inFlight: number } | undefined;
}

const LINES_A_CHUNK = 512;

/** The ledger: a record for each request, and a digest over all events in order. */
export class Ledger {
  readonly entries: Entry[] = [];
  readonly dead = new DeadSpells();
  readonly retries = new RetryAudit();
  /** Attempts that a fault affected, by kind. */
  readonly injected = new Map<FaultKind, number>();
  /** Requests and checks that were sent to a backend that was not in the pool. */
  outsiders = 0;
  #inFlight = 0;
  readonly #env: VirtualEnv;
  readonly #hash = createHash('sha256');
  #lines: string[] = [];

  constructor(env: VirtualEnv) {
    this.#env = env;
  }

  /** Requests that have not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Opens the record of a request that begins. */
  open(method: string, path: string, body: (id: string) => string): Entry {
    const id = `r${this.entries.length}`;
    const entry: Entry = {
      id,
      method,
      path,
      beganAt: this.#env.now,
      endedAt: undefined,
      rejected: false,
      written: [],
      attempts: [],
      unsent: 0,
      arrivals: 0,
      suspect: undefined,
      fault: undefined,
      left: false,
      body: body(id),
      lastEnd: undefined,
    };
    this.entries.push(entry);
    this.#inFlight++;
    this.#note('begin', id, method);
    return entry;
  }

  of(id: string): Entry {
    return this.entries[Number(id.slice(1))] as Entry;
  }

  /** @returns a function that records the end of the attempt; only its first call counts */
  attempt(entry: Entry, backend: string): (outcome: AttemptOutcome, isUnsent?: boolean) => void {
    const { lastEnd } = entry;
    const retryEnded = lastEnd && this.retries.began(lastEnd.event, lastEnd.inFlight);
    entry.attempts.push(backend);
    const deadAttempt = this.dead.attemptBegan(backend);
    this.#note('send', entry.id, backend);
    let isOver = false;
    return (outcome, isUnsent = false) => {
      if (isOver) return;
      isOver = true;
      if (isUnsent) entry.unsent++;
      entry.lastEnd = isUnsent ? undefined : { event: this.#env.events, inFlight: this.#inFlight };
      retryEnded?.(this.#env.events);
      this.#judge(entry, backend, outcome, deadAttempt);
      this.#note(outcome, entry.id, backend);
    };
  }

  /**
   * Finds out whose fault a failure was: that of a retried request shows when another backend has served it.
   */
  #judge(entry: Entry, backend: string, outcome: AttemptOutcome, attempt: DeadAttempt | undefined): void {
    if (outcome === 'success') {
      this.dead.succeeded(backend);
      if (entry.suspect !== undefined) this.dead.failed(entry.suspect);
    }
    entry.suspect = undefined;
    if (outcome === 'connection' && attempt !== undefined) this.dead.failed(attempt);
    else if (outcome === 'failure') entry.suspect = attempt;
  }

  arrived(entry: Entry): void {
    entry.arrivals++;
  }

  struck(entry: Entry, kind: FaultKind): void {
    entry.fault ??= kind;
    this.inject(kind);
  }

  inject(kind: FaultKind): void {
    this.injected.set(kind, (this.injected.get(kind) ?? 0) + 1);
  }

  /** Records a response or an error that was written. */
  wrote(entry: Entry, what: Response | Error): void {
    entry.written.push(what);
    this.#note('write', entry.id, what instanceof Error ? what.message : String(what.status));
  }

  /** Records that the promise of a request settled. */
  close(entry: Entry, rejected: boolean): void {
    entry.endedAt = this.#env.now;
    entry.rejected = rejected;
    this.#inFlight--;
  }

  /** Records an event of the pool. */
  pool(what: string, backend: string): void {
    this.#note(what, backend, '');
  }

  /** The digest over all events, as 16 hexadecimal digits. */
  digest(): string {
    this.#hash.update(this.#lines.join('\n'));
    this.#lines = [];
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  #note(what: string, who: string, more: string): void {
    this.#lines.push(`${this.#env.now} ${what} ${who} ${more}`);
    if (this.#lines.length < LINES_A_CHUNK) return;
    this.#hash.update(this.#lines.join('\n'));
    this.#lines = [];
  }
}
