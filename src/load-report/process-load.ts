// Measures the load of this process.

import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';

/** The utilization of a server's resources, each from 0 to 1. A missing value is not known. */
export interface LoadSample {
  readonly cpu?: number | undefined;
  readonly memory?: number | undefined;
  readonly network?: number | undefined;
  readonly eventLoop?: number | undefined;
}

/** The file in which Linux (control groups version 2) keeps the CPU quota of a container. */
const CPU_QUOTA = '/sys/fs/cgroup/cpu.max';

/** Shorter spans are not measured: the load while a server starts says nothing about later. */
const SHORTEST_MS = 500;

/**
 * Measures this process from one call to the next: its CPU time relative to the cores that it may use, its
 * resident memory relative to its memory limit, and the share of time that its event loop was busy. Within
 * half a second of the last call, only the memory is measured; the other values are 0.
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

/**
 * The number of cores that this process may use, which in a container may be below 1. Node.js counts those of
 * the machine.
 */
function availableCores(): number {
  const cores = availableParallelism();
  try {
    return Math.min(cores, coresOfQuota(readFileSync(CPU_QUOTA, 'utf8')) ?? cores);
  } catch {
    return cores;
  }
}

/** The number of cores of a quota `<quota> <period>` in microseconds; `undefined` for `max <period>`. */
export function coresOfQuota(text: string): number | undefined {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  const cores = (quota ?? Number.NaN) / (period ?? Number.NaN);
  return cores > 0 && cores < Number.POSITIVE_INFINITY ? cores : undefined;
}

/**
 * The memory limit of this process in bytes. Without a limit, Node.js returns 0, `undefined` or more than the
 * machine has.
 */
function availableMemory(): number {
  const limit = process.constrainedMemory() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
