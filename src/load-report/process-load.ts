import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';

/** How much of its resources a server uses, each from 0 to 1; what is left out is not known. */
export interface LoadSample {
  readonly cpu?: number | undefined;
  readonly memory?: number | undefined;
  readonly network?: number | undefined;
  readonly eventLoop?: number | undefined;
}

/** Where Linux keeps the CPU quota of a container: version 2 of control groups. */
const CPU_QUOTA = '/sys/fs/cgroup/cpu.max';

/** What a server does while it starts tells nothing about it: shorter spans are not measured. */
const SHORTEST_MS = 500;

/**
 * Measures this process from one call to the next: its CPU time against the cores that it may use, its resident memory against
 * what it may have, and how long its event loop was busy. Within half a second of the last call, only the memory is measured; the
 * others are 0.
 */
export function processLoad(): () => LoadSample {
  const cores = availableCores();
  const limitBytes = availableMemory();
  let at = performance.now();
  let cpu = process.cpuUsage();
  let loop = performance.eventLoopUtilization();

  return () => {
    const elapsedMs = performance.now() - at;
    const memory = process.memoryUsage.rss() / limitBytes;
    if (elapsedMs < SHORTEST_MS) return { cpu: 0, memory, eventLoop: 0 };
    const { user, system } = process.cpuUsage(cpu);
    const { utilization: eventLoop } = performance.eventLoopUtilization(loop);
    at += elapsedMs;
    cpu = { user: cpu.user + user, system: cpu.system + system };
    loop = performance.eventLoopUtilization();
    return { cpu: (user + system) / 1_000 / (elapsedMs * cores), memory, eventLoop };
  };
}

/** Node.js counts the cores of the machine; a container may be allowed less than one. */
function availableCores(): number {
  const cores = availableParallelism();
  try {
    return Math.min(cores, coresOfQuota(readFileSync(CPU_QUOTA, 'utf8')) ?? cores);
  } catch {
    return cores;
  }
}

/** Reads `<quota> <period>` in microseconds, or `max <period>`. */
export function coresOfQuota(text: string): number | undefined {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  const cores = (quota ?? Number.NaN) / (period ?? Number.NaN);
  return cores > 0 && cores < Number.POSITIVE_INFINITY ? cores : undefined;
}

/** Without a limit on the process, Node.js gives 0, `undefined` or more than there is. */
function availableMemory(): number {
  const limit = process.constrainedMemory() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
