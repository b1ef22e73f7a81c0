/** What is measured, each in a child process of its own. */
export type MeasureName =
  | 'evenkeel-pick'
  | 'evenkeel-new-keys'
  | 'evenkeel-known-keys'
  | 'evenkeel-guarded'
  | 'evenkeel-change'
  | 'evenkeel-memory'
  | 'evenkeel-garbage'
  | 'hashring-get'
  | 'hashring-change'
  | 'hashring-memory'
  | 'consistent-hash-get'
  | 'movement'
  | 'evenness';

/** One measurement: what a child process is started for. */
export interface Job {
  readonly measure: MeasureName;
  /** Number of backends. */
  readonly n: number;
  /** How long each task is timed, at the least. */
  readonly timeMs: number;
  /** In which order the pool is listed; 0 is the order of the addresses. */
  readonly shuffle?: number;
}

/** Numbers that one child process measured, by name. */
export type Sample = Readonly<Record<string, number>>;

/** Does a job. */
export type Measure = (job: Job) => Sample | Promise<Sample>;
