import { cpus } from 'node:os';

/** The machine and the settings of a measurement. */
export interface MachineFacts {
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpus: number;
  readonly cpu: string;
  readonly rounds: number;
  /** The least time of each task in a round, in milliseconds. */
  readonly timeMs: number;
}

export function machineFacts(rounds: number, timeMs: number): MachineFacts {
  const all = cpus();
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpus: all.length,
    cpu: all[0]?.model.trim() ?? 'unknown',
    rounds,
    timeMs,
  };
}
