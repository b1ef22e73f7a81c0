// Simulated backends, as scenarios describe them.

/** Backends of one kind. */
export interface BackendGroup {
  /** How many, 1 to 10,000. @defaultValue 1 */
  readonly count?: number;
  /**
   * The beginning of their names, which a number follows that counts all backends from 1.
   * @defaultValue `'b'`, so that they are `b1`, `b2` and so on
   */
  readonly name?: string;
  /** How fast they work, above 0. @defaultValue 1 */
  readonly speed?: number;
  /** How many requests one works on at once; others wait at the backend. @defaultValue 4 */
  readonly concurrency?: number;
  /** The cache of each one. @defaultValue no cache */
  readonly cache?: number | Cache;
  /** The weight in the pool. @defaultValue 1 */
  readonly weight?: number;
  /** The zone in the pool. @defaultValue none */
  readonly zone?: string;
  /** A neighbour on the same machine that slows each one down at times. @defaultValue none */
  readonly antagonist?: Antagonist;
}

/** The cache of a backend: the keys that were used last. A number is its size. */
export interface Cache {
  /** How many keys it holds. */
  readonly size: number;
  /** By which factor a hit is faster than a miss, at least 1. @defaultValue 10 */
  readonly speedUp?: number;
}

/** Makes a backend slower for a while, again and again; the times are exponentially distributed. */
export interface Antagonist {
  /** Mean duration, in milliseconds. */
  readonly onMs: number;
  /** Mean time between, in milliseconds. */
  readonly offMs: number;
  /** By which factor the backend is slower, at least 1. */
  readonly factor: number;
}
