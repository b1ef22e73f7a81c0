// Which trailers of a request are passed on.
import { requestRole } from 'evenkeel/internal';

/** Fields that a receiver may not merge into a head (RFC 9110 section 6.5.1), beside those with a role. */
const NEVER = /^(?:content-|if-|authorization$|cache-control$|cookie2?$|range$|set-cookie)/i;

/**
 * The trailers to pass on: none that frames or routes a message, modifies a request, or authenticates.
 * @param trailers - names and values by turns
 * @returns `undefined` if none are left
 */
export function passedTrailers(trailers: readonly string[]): string[] | undefined {
  const passed: string[] = [];
  for (let index = 0; index < trailers.length; index += 2) {
    const name = trailers[index] as string;
    if (requestRole(name) === undefined && !NEVER.test(name))
      passed.push(name, trailers[index + 1] as string);
  }
  return passed.length === 0 ? undefined : passed;
}
