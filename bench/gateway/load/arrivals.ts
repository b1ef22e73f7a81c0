/**
 * Times of independent requests: a Poisson process, with exponentially distributed gaps. Equal arguments give
 * equal times.
 * @param seed - any integer
 * @returns milliseconds from the start, ascending, in shared memory
 */
export function arrivals(rate: number, seconds: number, seed: number): Float64Array {
  const times = new Float64Array(
    new SharedArrayBuffer(Math.round(rate * seconds) * Float64Array.BYTES_PER_ELEMENT),
  );
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  let now = 0;
  for (let i = 0; i < times.length; i++) {
    state = (Math.imul(state, 0x915f77f5) + 1) | 0;
    // In (0, 1], as the logarithm of 0 is infinite.
    const chance = ((state >>> 8) + 1) / 2 ** 24;
    now += (-Math.log(chance) * 1_000) / rate;
    times[i] = now;
  }
  return times;
}
