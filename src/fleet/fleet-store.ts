// The port to what the members of a fleet share.

/** A value of a field, as all have it. */
export type Held = readonly [field: string, value: string];

/** A wish for the value of a field. */
export interface Claim {
  readonly field: string;
  readonly value: string;
  /** The value that it may take the place of; else the first writer wins. */
  readonly instead: string | undefined;
}

/** What a space tells. */
export interface SpaceListener {
  /** Fields have got values; an empty one was removed. */
  changed(held: readonly Held[]): void;
  /** From now on changes are told, for the first time or again. What came before is to be loaded. */
  joined(): void;
  /** Changes are not told until `joined` comes again. */
  lost(error: Error): void;
}

/**
 * A store that balancers share: spaces of fields. It may be away, slow or empty at any time: then promises
 * reject, and balancers go on with what they know.
 */
export interface FleetStore {
  /** Whether all who share it run on one machine: one of them is enough to check a backend for all. */
  readonly isOneMachine?: boolean;
  /**
   * Claims fields, each of which its first writer holds, prolongs those that are held, and tells all who
   * listen what is new.
   * @returns the fields that have another value
   */
  claim(space: string, claims: readonly Claim[], ttlMs: number): Promise<readonly Held[]>;
  /**
   * Writes fields, whoever wrote them before, and tells all who listen, also the writer and what is the same
   * as before. An empty value removes a field.
   */
  put(space: string, held: readonly Held[], ttlMs: number): Promise<void>;
  /** All fields of a space. */
  load(space: string): Promise<readonly Held[]>;
  /** Tells what changes in a space. @returns a function that ends it */
  listen(space: string, listener: SpaceListener): () => void;
}
