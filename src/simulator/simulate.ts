// The options of `simulate`.

/** How far a simulation is. */
export interface Progress {
  /** Requests of all contenders in all placements that have come. */
  readonly requests: number;
  /** How many of them there will be. */
  readonly of: number;
}

/** Options of a simulation beside its scenario. */
export interface SimulateOptions {
  /** Ends the run early: the result has what has come until then, the same part for every contender. */
  readonly signal?: AbortSignal;
  /**
   * Called every few thousand requests, and awaited: a promise that takes a turn of the event loop lets the
   * process do other things meanwhile, such as noticing Ctrl-C.
   */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
}
