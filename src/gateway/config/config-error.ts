import { ConfigError } from '../errors.ts';

/** More lines than anybody reads at once. */
const MAX_PROBLEMS = 50;

/** An error with so many lines as can be read. */
export function configError(problems: readonly string[]): ConfigError {
  const more = problems.length - MAX_PROBLEMS;
  return new ConfigError(more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more`] : problems);
}
