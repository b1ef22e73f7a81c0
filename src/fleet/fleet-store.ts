// The port to what balancers of a fleet share.

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
  /** Fields have got values. */
  changed(held: readonly Held[]): void;
  /** From now on changes are told, for the first time or again. What came before is to be loaded. */
  joined(): void;
  /** Changes are not told until `joined` comes again. */
  lost(error: Error): void;
}

/**
 * A store that balancers share: spaces of fields, in which the first writer wins. It may be away, slow or
 * empty at any time: then promises reject, and balancers go on with what they know.
 */
export interface FleetStore {
  /**
   * Claims fields and prolongs those that are held, and tells all who listen what is new.
   * @returns the fields that have another value
   */
  claim(space: string, claims: readonly Claim[], ttlMs: number): Promise<readonly Held[]>;
  /** All fields of a space. */
  load(space: string): Promise<readonly Held[]>;
  /** Tells what changes in a space. @returns a function that ends it */
  listen(space: string, listener: SpaceListener): () => void;
}
