import type { Context } from '../forwarding/context.ts';

/** Settings of node:http that are the same for every configuration. */
export const FIXED = {
  // Uploads may take as long as they move: the stall watch looks after them.
  requestTimeout: 0,
  connectionsCheckingInterval: 1_000,
  // Two Hosts, or none, are refused where all other heads are.
  requireHostHeader: false,
  noDelay: true,
};

/** Those that follow from a configuration: as options of a server, and as its properties. */
export function settingsOf({ limits, timeouts }: Context): object {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: timeouts.headersMs,
    keepAliveTimeout: timeouts.idleMs,
  };
}
