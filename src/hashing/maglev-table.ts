// The look-up table of Maglev, and the arithmetic around it.

import { atOnce, type Steps } from '../steps.ts';
import { KEY_SPACE, KeyHasher } from './hash.ts';

/** Between two steps so many turns are taken. */
const STEP = 2_048;

/** The fields of a backend that the table depends on. */
export interface MaglevMember {
  readonly id: string;
  readonly slot: number;
  /** Above 0. */
  readonly weight: number;
}

/**
 * Fills a Maglev look-up table. Each backend has its own pseudo-random order of the rows. The backends take
 * turns, and each claims the next free row of its order; a backend with half the weight of the heaviest
 * claims at every second turn. O(rows x log rows) on average.
 * @param rows - a prime; the paper advises at least 100 for each member
 * @returns the slot of the owner of each row; empty without members
 * @see Eisenbud et al., Maglev, NSDI 2016, section 3.4
 */
export function maglevTable(members: readonly MaglevMember[], rows: number): Uint16Array {
  return atOnce(maglevSteps(members, rows));
}

/** The same in steps. */
export function* maglevSteps(members: readonly MaglevMember[], rows: number): Steps<Uint16Array> {
  if (members.length === 0) return new Uint16Array(0);
  const byId = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const heaviest = Math.max(...byId.map((member) => member.weight));
  const paces = Float64Array.from(byId, (member) => member.weight / heaviest);
  const dues = new Float64Array(byId.length);
  const { next, skips } = permutations(byId, rows);
  const table = new Uint16Array(rows);
  const taken = new Uint8Array(rows);
  let steps = 0;
  yield;
  for (let left = rows; ; ) {
    for (let i = 0; i < byId.length; i++) {
      if (++steps % STEP === 0) yield;
      const due = (dues[i] as number) + (paces[i] as number);
      dues[i] = due < 1 ? due : due - 1;
      if (due < 1) continue;
      let row = next[i] as number;
      while (taken[row] === 1) {
        row += skips[i] as number;
        if (row >= rows) row -= rows;
      }
      taken[row] = 1;
      table[row] = (byId[i] as MaglevMember).slot;
      next[i] = row;
      if (--left === 0) return table;
    }
  }
}

/** The row of a position. Rows divide the key space into equal slices, in order. */
export function maglevRow(hash: number, rows: number): number {
  return Math.floor(((hash >>> 0) * rows) / KEY_SPACE);
}

/** The smallest prime that is at least `number`. */
export function primeFrom(number: number): number {
  for (let candidate = Math.max(2, Math.ceil(number)); ; candidate++) {
    if (isPrime(candidate)) return candidate;
  }
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) return false;
  }
  return number > 1;
}

/**
 * Each backend's order of the rows, as its first row and a step width. As the number of rows is prime, every
 * step width visits all of them.
 */
function permutations(
  members: readonly MaglevMember[],
  rows: number,
): { next: Uint32Array; skips: Uint32Array } {
  const next = new Uint32Array(members.length);
  const skips = new Uint32Array(members.length);
  const hasher = new KeyHasher();
  for (const [i, { id }] of members.entries()) {
    hasher.read(id, 0);
    next[i] = (hasher.position >>> 0) % rows;
    skips[i] = ((hasher.fingerprint >>> 0) % (rows - 1)) + 1;
  }
  return { next, skips };
}
