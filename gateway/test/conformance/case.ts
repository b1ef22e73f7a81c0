import type { Lab } from './lab.ts';

/** One case of the catalogue. */
export interface Case {
  /** The catalogue's number, for example `S01`. */
  readonly id: string;
  readonly title: string;
  /**
   * Does what the case is about.
   * @returns what came of it, in a few words
   * @throws where the target does not do what it owes
   */
  readonly run: (lab: Lab) => Promise<string>;
  /** What it needs beyond HTTP/1.1 in the clear: a configuration of evenkeel's own, or HTTP/2. */
  readonly needs?: 'configuration' | 'http2';
  /** Whether it waits for time-outs. */
  readonly slow?: boolean;
  /** Whether it must not run beside others, because it floods or weighs. */
  readonly alone?: boolean;
}

/** What the target owes and does not do. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** @throws Finding */
export function fail(message: string): never {
  throw new Finding(message);
}

/** @throws Finding unless something holds */
export function check(holds: boolean, message: string | (() => string)): asserts holds {
  if (!holds) fail(typeof message === 'string' ? message : message());
}
