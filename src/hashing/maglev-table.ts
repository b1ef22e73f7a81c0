import { KEY_SPACE, KeyHasher } from './hash.ts';

/** A backend as the table sees it. */
export interface MaglevMember {
  readonly id: string;
  readonly slot: number;
  /** Above 0. */
  readonly weight: number;
}

/**
 * Fills a Maglev look-up table: every backend has its own random order of the rows, and they take turns at claiming their
 * next free row, as often as their weight relative to the heaviest allows. O(rows x log rows) on average.
 * @param rows - a prime, at least 100 for each member keeps shares within about 1 % of each other
 * @returns the slot that owns each row; empty without members
 * @see Eisenbud et al., Maglev, NSDI 2016, section 3.4
 */
export function maglevTable(members: readonly MaglevMember[], rows: number): Uint16Array {
  if (members.length === 0) return new Uint16Array(0);
  const byId = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const heaviest = Math.max(...byId.map((member) => member.weight));
  const turns = byId.map((member) => ({
    ...permutation(member.id, rows),
    slot: member.slot,
    pace: member.weight / heaviest,
    due: 0,
  }));
  const table = new Uint16Array(rows);
  const taken = new Uint8Array(rows);
  let left = rows;
  for (;;) {
    for (const turn of turns) {
      turn.due += turn.pace;
      if (turn.due < 1) continue;
      turn.due -= 1;
      while (taken[turn.row] === 1) turn.row = (turn.row + turn.skip) % rows;
      taken[turn.row] = 1;
      table[turn.row] = turn.slot;
      if (--left === 0) return table;
    }
  }
}

/** The row of a position: equal slices of the key space, in order. */
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

/** Where a backend's order of the rows starts and how far it steps: with a prime number of rows it visits them all. */
function permutation(id: string, rows: number): { row: number; skip: number } {
  const hasher = new KeyHasher();
  hasher.read(id, 0);
  return { row: (hasher.position >>> 0) % rows, skip: ((hasher.fingerprint >>> 0) % (rows - 1)) + 1 };
}
