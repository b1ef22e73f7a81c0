// How many connections of clients the limit of open files leaves room for.
import { readFileSync } from 'node:fs';

/** Files that a process has open anyway: its log, its admin listener, health checks. */
const OTHER_FILES = 32;

/**
 * The most connections of clients, so that each request still finds a file for its backend: half of what may
 * be open. Known on Linux alone; `Infinity` elsewhere.
 * @param limits - the text of `/proc/self/limits`
 */
export function mostConnections(limits: string = readLimits()): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  if (soft === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((Number(soft) - OTHER_FILES) / 2));
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
