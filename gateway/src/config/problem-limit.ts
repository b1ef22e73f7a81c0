// Bounds how many problems an error lists.

/** The most problems that are listed. */
const MAX_PROBLEMS = 50;

/** The first problems, and how many more there are. */
export function limited(problems: readonly string[]): readonly string[] {
  const more = problems.length - MAX_PROBLEMS;
  return more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more`] : problems;
}
