// Reads processor time and memory of processes.

import { readdirSync, readFileSync } from 'node:fs';

/**
 * The kernel counts processor time for user space in hundredths of a second, on every architecture that Node
 * runs on.
 */
const US_PER_TICK = 10_000;

/** The resources that a process and its child processes used. */
export interface Usage {
  /** Processor time since its start, in microseconds, with a resolution of 10 ms. */
  readonly cpuUs: number;
  /** Current memory in bytes. Memory that two processes share counts twice. */
  readonly rssBytes: number;
}

/** @throws Error if the process does not exist */
export function usageOf(pid: number): Usage {
  return withDescendants(pid)
    .map(usageOfOne)
    .reduce((sum, { cpuUs, rssBytes }) => ({ cpuUs: sum.cpuUs + cpuUs, rssBytes: sum.rssBytes + rssBytes }));
}

/**
 * Processor time of the threads of one process, in microseconds and without the coarse ticks of
 * `Usage.cpuUs`, for measurements of less than a second.
 */
export function threadsCpuUs(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]))
    .reduce((sum, ns) => sum + ns / 1_000, 0);
}

function usageOfOne(pid: number): Usage {
  // The second field is the name, in parentheses, which may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  // utime, stime, and the same of children that have ended: fields 14 to 17 of proc(5), the name being the
  // second.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const rss = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
  return { cpuUs: ticks * US_PER_TICK, rssBytes: Number(rss) * 1_024 };
}

function withDescendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(withDescendants)];
}

/** The highest memory of a process during a measurement, in bytes. */
export interface MemoryWatch {
  peakBytes(): number;
  stop(): void;
}

/** Samples a process five times a second. */
export function watchMemory(pid: number): MemoryWatch {
  let peak = usageOf(pid).rssBytes;
  const look = () => {
    try {
      peak = Math.max(peak, usageOf(pid).rssBytes);
    } catch {
      // The process ended; its next use reports that.
    }
  };
  const timer = setInterval(look, 200);
  return {
    peakBytes: () => peak,
    stop: () => clearInterval(timer),
  };
}
