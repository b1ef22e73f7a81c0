/** Patterns of lines, by the place of a contender: they tell contenders apart without colours. */
export const DASHES: readonly (readonly number[])[] = [
  [],
  [9, 4],
  [2, 4],
  [12, 4, 2, 4],
  [5, 3],
  [16, 5],
  [2, 2],
  [8, 3, 2, 3, 2, 3],
];
