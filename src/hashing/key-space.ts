// Shares of the key space, and the exact difference between two divisions of it.

import { KEY_SPACE } from './hash.ts';

/**
 * A division of the key space among backends: arcs in order, each with its end (exclusive, up to 2^32) and
 * the id of its owner; `undefined` for an arc without an owner.
 */
export type Arcs = Iterable<readonly [end: number, owner: string | undefined]>;

/** The part of the key space that moves from one backend to another. */
export interface Move {
  /** Id of the backend that loses it; `undefined` if it had no owner. */
  readonly from: string | undefined;
  /** Id of the backend that gains it; `undefined` if it has no owner any more. */
  readonly to: string | undefined;
  /** Its size as a share of the whole key space, from 0 to 1. */
  readonly share: number;
}

/** The share of the key space of each owner, from 0 to 1, by id. O(arcs). */
export function sharesOf(arcs: Arcs): Map<string, number> {
  const lengths = new Map<string, number>();
  let start = 0;
  for (const [end, owner] of arcs) {
    if (owner !== undefined) lengths.set(owner, (lengths.get(owner) ?? 0) + end - start);
    start = end;
  }
  for (const [owner, length] of lengths) lengths.set(owner, length / KEY_SPACE);
  return lengths;
}

/**
 * The difference between two divisions of the key space. It is exact, as the lengths of arcs are integers.
 * O(arcs of both).
 * @returns the moves, the largest first
 */
export function movesBetween(before: Arcs, after: Arcs): Move[] {
  const lengths = new Map<string | undefined, Map<string | undefined, number>>();
  const left = before[Symbol.iterator]();
  const right = after[Symbol.iterator]();
  let [leftEnd, from] = nextArc(left);
  let [rightEnd, to] = nextArc(right);
  for (let start = 0; start < KEY_SPACE; ) {
    const end = Math.min(leftEnd, rightEnd);
    if (from !== to) {
      const gains = lengths.get(from) ?? new Map<string | undefined, number>();
      lengths.set(from, gains.set(to, (gains.get(to) ?? 0) + end - start));
    }
    start = end;
    if (leftEnd === end) [leftEnd, from] = nextArc(left);
    if (rightEnd === end) [rightEnd, to] = nextArc(right);
  }
  return [...lengths]
    .flatMap(([loser, gains]) =>
      [...gains].map(([winner, length]) => ({ from: loser, to: winner, share: length / KEY_SPACE })),
    )
    .filter((move) => move.share > 0)
    .sort((a, b) => b.share - a.share);
}

/** The next arc; after the last one, the rest of the key space without an owner. */
function nextArc(
  arcs: Iterator<readonly [number, string | undefined]>,
): readonly [number, string | undefined] {
  const step = arcs.next();
  return step.done === true ? [KEY_SPACE, undefined] : step.value;
}
