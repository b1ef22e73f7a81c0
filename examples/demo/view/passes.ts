import type { Pass } from '../run/pass.ts';

/** The passes that are to be seen: the second one comes later. */
export interface Passes {
  readonly main: Pass;
  readonly other?: Pass | undefined;
}
