// Promises about a gateway at rest: nothing is held any more.

import { sleep } from '../../gateway/test/conformance/wire/poll.ts';
import { type Verdict, verdict } from '../chaos/verdicts.ts';
import { formatBytes } from '../text.ts';
import type { GatewayFigures } from './figures.ts';
import type { GatewayProcess } from './gateway-process.ts';

const STEP_MS = 200;

/**
 * Reads the figures of a gateway until they are as required, or the time is up.
 * @returns the last figures
 */
export async function figuresWhen(
  gateway: GatewayProcess,
  isAtRest: (figures: GatewayFigures) => boolean,
  timeoutMs: number,
): Promise<{ figures: GatewayFigures; afterMs: number }> {
  const startedAt = performance.now();
  for (;;) {
    const figures = await gateway.figures();
    const afterMs = performance.now() - startedAt;
    if (isAtRest(figures) || afterMs > timeoutMs) return { figures, afterMs };
    await sleep(STEP_MS);
  }
}

/** Whether a gateway holds no connection, lease or request any more. */
export function isIdle({ leases, requests, tunnels, connections }: GatewayFigures): boolean {
  return leases + requests + tunnels + connections === 0;
}

/** The promise that a gateway holds no connection, lease or request any more. */
export function idleVerdict(promise: string, figures: GatewayFigures): Verdict {
  const { leases, requests, tunnels, connections } = figures;
  const measured = `${leases} leases, ${requests} requests, ${tunnels} tunnels, ${connections} connections of clients`;
  return verdict(promise, measured, isIdle(figures));
}

/**
 * The promise that no file and no socket stays open.
 * @param spare - tolerance for files that are opened and closed all the time, by health checks
 */
export function filesVerdict(before: GatewayFigures, after: GatewayFigures, spare: number): Verdict {
  const promise = `files and sockets are back, up to ${spare} for health checks`;
  return verdict(
    promise,
    `${before.files} before, ${after.files} after`,
    after.files <= before.files + spare,
  );
}

/** The promise that memory in use after a garbage collection grows by at most this many bytes. */
export function memoryVerdict(before: GatewayFigures, after: GatewayFigures, mostBytes: number): Verdict {
  const grown = after.usedBytes - before.usedBytes;
  const sign = grown < 0 ? '-' : '+';
  const measured = `${formatBytes(before.usedBytes)} before, ${sign}${formatBytes(Math.abs(grown))}`;
  return verdict(
    `memory in use after a collection grows by at most ${formatBytes(mostBytes)}`,
    measured,
    grown <= mostBytes,
  );
}
