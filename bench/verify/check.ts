// A check of `npm run verify`: something that takes too long, or needs too much of the machine, for the gate.

/** One figure of a check. */
export interface Finding {
  readonly what: string;
  readonly figure: string;
  /** What the figure must be; `undefined` for a figure that is only shown. */
  readonly target?: string;
  /** Whether the target is met. @defaultValue true */
  readonly met?: boolean;
}

/** A check. It leaves nothing behind: no process, no file, no timer. */
export interface Check {
  /** The name on the command line: lower case, words joined by hyphens. */
  readonly name: string;
  /** What is checked, in one line. */
  readonly about: string;
  /**
   * Measures.
   * @param show - shows a figure at once, for checks that take minutes; it must not be returned again
   * @returns the figures
   * @throws Error if the check cannot be carried through; this counts as a missed target
   */
  run(show: (finding: Finding) => void, scale: CheckScale): Promise<readonly Finding[]>;
}

/** What the command line says of checks that take any time. */
export interface CheckScale {
  /** Of the soak. */
  readonly minutes: number;
  readonly seed: number;
}
