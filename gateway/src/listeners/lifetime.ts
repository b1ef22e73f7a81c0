// How long a connection of a client takes requests.
import { systemEnv } from 'evenkeel';

/** Connections that were opened together do not all end together: each lacks up to this part of its time. */
const MAX_SPREAD = 0.1;

/** The lifetime of a new connection, in milliseconds. */
export function lifetimeOf({ ageMs }: { readonly ageMs: number }): number {
  return ageMs * (1 - MAX_SPREAD * systemEnv.random());
}
