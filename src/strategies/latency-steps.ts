// Rounds latencies, so that noise alone does not prefer one of two equal backends.
import { log } from '../elementary-functions.ts';

/** Latencies below this count as equal, as their differences are noise. */
export const NOISE_MS = 1;
/** Number of steps for each doubling. */
const STEPS = 4;
/** The steps up to 2^42 ms, which are 139 years: 2^(0/4), 2^(1/4) and so on. */
const LATENCIES = [1, 1.189207115002721, Math.SQRT2, 1.681792830507429];
for (let step = STEPS; step < 42 * STEPS; step++) LATENCIES.push((LATENCIES[step - STEPS] as number) * 2);

/** The latency, rounded to a quarter of a doubling; at least 1 ms. */
export function inSteps(latencyMs: number): number {
  const step = Math.round((STEPS / Math.LN2) * log(Math.max(NOISE_MS, latencyMs)));
  return LATENCIES[step] ?? latencyMs;
}
