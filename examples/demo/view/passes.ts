import type { Pass } from '../run/pass.ts';

/** The passes to be shown; the second one follows later. */
export interface Passes {
  readonly main: Pass;
  readonly other?: Pass | undefined;
}
