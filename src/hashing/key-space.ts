import { KEY_SPACE } from './hash.ts';

/**
 * Who owns which part of the key space: arcs in order, each as where it ends (exclusive, up to 2^32) and whose it is.
 * `undefined` stands for nobody.
 */
export type Arcs = Iterable<readonly [end: number, owner: string | undefined]>;

/** A part of the key space that changes hands. */
export interface Move {
  /** Id of the backend that loses it; `undefined` where nobody had it. */
  readonly from: string | undefined;
  /** Id of the backend that gains it; `undefined` where nobody has it any more. */
  readonly to: string | undefined;
  /** From 0 to 1, of the whole key space. */
  readonly share: number;
}

/** The share of the key space, 0 to 1, that each owner has. O(arcs). */
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
 * What changes hands between two divisions of the key space, exactly: lengths of arcs are whole numbers.
 * O(arcs of both). The largest move comes first.
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

/** The next arc, or the rest of the key space as nobody's. */
function nextArc(
  arcs: Iterator<readonly [number, string | undefined]>,
): readonly [number, string | undefined] {
  const step = arcs.next();
  return step.done === true ? [KEY_SPACE, undefined] : step.value;
}
