// The port of discovery: what a source of backends tells.

/** A backend as a source knows it. */
export interface DiscoveredBackend {
  /** Stable name: the backend may move to another address and keeps its keys. @defaultValue the base URL */
  readonly id?: string;
  /** The base URL. */
  readonly url: string;
  /** From 0 to 1,000. @defaultValue 1 */
  readonly weight?: number;
  readonly zone?: string;
  /** @defaultValue false */
  readonly backup?: boolean;
  readonly concurrency?: number;
  /** Whether it gets no new requests. @defaultValue false */
  readonly draining?: boolean;
  /** The IP address of the host in `url`, for shells that connect to it and not to the name. */
  readonly address?: string;
}

/** All backends that a source knows at one time. */
export interface Snapshot {
  /** Names one life of the source's store. A store that was lost, and begins anew, has another one. */
  readonly epoch: string;
  /** Grows within an epoch if it consists of digits; equal versions are allowed. */
  readonly version: string;
  readonly backends: readonly DiscoveredBackend[];
}

/** A source of backends. */
export interface Discovery {
  /** How messages and figures name it. @defaultValue `'discovery'` */
  readonly name?: string;
  /**
   * How many snapshots in a row must lack a backend until it is gone: 1 if each snapshot is complete, 2 if an
   * answer may be partial.
   * @defaultValue 2
   */
  readonly retireAfter?: number;
  /**
   * Yields snapshots: a first one as soon as it can, then one for each answer or change. It may throw or end:
   * then it is called again after a pause. A call reads everything anew.
   * @param signal - aborts when the snapshots are not wanted any more
   */
  watch(signal: AbortSignal): AsyncIterable<Snapshot>;
}
