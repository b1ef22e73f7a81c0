// The jobs of child processes: one measurement each.

/** The measurements, each in a child process of its own. */
export type MeasureName =
  | 'evenkeel-pick'
  | 'evenkeel-new-keys'
  | 'evenkeel-known-keys'
  | 'evenkeel-guarded'
  | 'evenkeel-followed'
  | 'evenkeel-change'
  | 'evenkeel-memory'
  | 'evenkeel-garbage'
  | 'hashring-get'
  | 'hashring-change'
  | 'hashring-memory'
  | 'consistent-hash-get'
  | 'movement'
  | 'evenness';

/** The job of a child process: one measurement. */
export interface Job {
  readonly measure: MeasureName;
  /** Number of backends. */
  readonly n: number;
  /** The least time of each task, in milliseconds. */
  readonly timeMs: number;
  /** The seed of the order of the pool; 0 is the order of the addresses. */
  readonly shuffle?: number;
}

/** Numbers that one child process measured, by name. */
export type Sample = Readonly<Record<string, number>>;

/** Runs a job. */
export type Measure = (job: Job) => Sample | Promise<Sample>;
