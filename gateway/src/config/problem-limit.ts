/** More lines than anybody reads at once. */
const MAX_PROBLEMS = 50;

/** As many problems as can be read, and how many more there are. */
export function limited(problems: readonly string[]): readonly string[] {
  const more = problems.length - MAX_PROBLEMS;
  return more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more`] : problems;
}
