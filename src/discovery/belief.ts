// Which backends to believe in, from what a source has told so far.

import { shown } from '../shown.ts';
import type { DiscoveredBackend, Snapshot } from './discovery.ts';
import { checkBackends, checkSnapshot, isSame, type KnownBackend } from './snapshot-check.ts';

/** The rules of belief. */
export interface BeliefRules {
  readonly holdMs: number;
  readonly maxLossRatio: number;
  readonly retireAfter: number;
  /** Whether health checks found that a backend is down. */
  readonly isDown: (id: string) => boolean;
}

/** Epochs that are over and may come back as a lie. */
const FORMER_EPOCHS = 8;

/**
 * The backends that are believed to exist. What a snapshot adds or changes counts at once. What it lacks
 * stays
 * - until enough snapshots in a row lack it, as an answer may be partial;
 * - for `holdMs`, if too large a share is missing at once, or if the store has just begun a new epoch and
 *   fills again; not if health checks confirm that the backend is down.
 */
export class Belief {
  readonly #rules: BeliefRules;
  #believed: ReadonlyMap<string, KnownBackend>;
  /** What the last good snapshot lists. */
  #listed: ReadonlyMap<string, KnownBackend> = new Map();
  /** Believed backends that the last snapshots lack: since when, and how many snapshots in a row. */
  readonly #missing = new Map<string, { since: number; answers: number }>();
  #epoch: string | undefined;
  #version = '';
  #isFilling = false;
  #fillsUntil = 0;
  readonly #former: string[] = [];
  #staleSince: number | undefined;
  #isSuspicious = false;
  #held: readonly string[] = [];

  /** @param remembered - believed until the first snapshot, as if it was of an epoch before */
  constructor(rules: BeliefRules, remembered: readonly DiscoveredBackend[] = []) {
    this.#rules = rules;
    const before = { epoch: '', version: '', backends: remembered };
    this.#believed = checkBackends(before, new Map()).backends;
    this.#isFilling = this.#believed.size > 0;
  }

  /** The present set. */
  get snapshot(): Snapshot {
    return { epoch: this.#epoch ?? '', version: this.#version, backends: [...this.#believed.values()] };
  }

  /** `undefined` before the first snapshot. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  get version(): string {
    return this.#version;
  }

  get size(): number {
    return this.#believed.size;
  }

  /** Whether backends are kept because too many are missing at once. */
  get isHolding(): boolean {
    return this.#isSuspicious && this.#held.length > 0;
  }

  /** Backends that the source does not list any more, and that are kept all the same. */
  get held(): readonly string[] {
    return this.#held;
  }

  /** When to call `settle` without a new snapshot; `Infinity` for never. */
  get dueAt(): number {
    let dueAt = Number.POSITIVE_INFINITY;
    for (const id of this.#held) {
      const { since } = this.#missing.get(id) as { since: number };
      dueAt = Math.min(dueAt, since + this.#rules.holdMs);
    }
    return dueAt;
  }

  /**
   * Takes a snapshot. To be followed by `settle`.
   * @returns one line for each entry of it that cannot be used
   * @throws TypeError or RangeError if it is none, or one that is out of date; then nothing has changed
   */
  take(snapshot: unknown, now: number): readonly string[] {
    checkSnapshot(snapshot);
    const { epoch, version } = snapshot;
    this.#checkAge(epoch, version, now);
    if (epoch !== this.#epoch) {
      if (this.#epoch !== undefined) {
        this.#former.push(this.#epoch);
        if (this.#former.length > FORMER_EPOCHS) this.#former.shift();
        this.#isFilling = this.#believed.size > 0;
      }
      this.#epoch = epoch;
      this.#fillsUntil = now + this.#rules.holdMs;
    }
    this.#version = version;
    const { backends, problems } = checkBackends(snapshot, this.#believed);
    this.#listed = backends;
    for (const id of this.#believed.keys()) {
      const missing = this.#missing.get(id);
      if (backends.has(id)) this.#missing.delete(id);
      else if (missing === undefined) this.#missing.set(id, { since: now, answers: 1 });
      else missing.answers++;
    }
    return problems;
  }

  /** Applies the last snapshot. O(n). @returns whether the present set has changed */
  settle(now: number): boolean {
    if (this.#epoch === undefined) return false;
    const { holdMs, maxLossRatio, retireAfter, isDown } = this.#rules;
    const [before, listed] = [this.#believed, this.#listed];
    this.#isFilling &&= now < this.#fillsUntil;
    // One that was draining has said that it would go.
    const announced = (id: string) => before.get(id)?.draining === true;
    let expected = before.size;
    for (const id of this.#missing.keys()) if (announced(id)) expected--;
    const isLoss = listed.size === 0 || listed.size < expected * (1 - maxLossRatio);
    const isSuspicious = this.#isFilling || isLoss;
    this.#isSuspicious = isSuspicious;
    const held: string[] = [];
    for (const [id, { since, answers }] of this.#missing) {
      const isDoubtful = (isSuspicious || answers < retireAfter) && now < since + holdMs;
      if (isDoubtful && !announced(id) && !isDown(id)) held.push(id);
    }
    this.#held = held;
    const next = new Map(listed);
    for (const id of held) next.set(id, before.get(id) as KnownBackend);
    for (const id of this.#missing.keys()) if (!next.has(id)) this.#missing.delete(id);
    this.#believed = next;
    if (next.size !== before.size) return true;
    for (const [id, backend] of next) {
      const known = before.get(id);
      if (known === undefined || !isSame(known, backend)) return true;
    }
    return false;
  }

  /**
   * @throws RangeError for a snapshot that is older than the last one; after `holdMs` of them it is the truth
   */
  #checkAge(epoch: string, version: string, now: number): void {
    const isFormer = epoch !== this.#epoch && this.#former.includes(epoch);
    const isOlder = epoch === this.#epoch && isBefore(version, this.#version);
    if (isFormer || isOlder) {
      this.#staleSince ??= now;
      if (now < this.#staleSince + this.#rules.holdMs) {
        const [what, got, known] = isFormer
          ? ['epoch', epoch, this.#epoch]
          : ['version', version, this.#version];
        throw new RangeError(`${what} must not go back, got ${shown(got)} after ${shown(known)}`);
      }
    }
    this.#staleSince = undefined;
  }
}

const DIGITS = /^\d+$/;

/** Whether a version is lower than another one; of versions that are no numbers none is. */
function isBefore(version: string, other: string): boolean {
  if (!DIGITS.test(version) || !DIGITS.test(other)) return false;
  return version.length === other.length ? version < other : version.length < other.length;
}
