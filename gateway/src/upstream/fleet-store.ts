// The store of a fleet, as the configuration names it.
import { type FleetStore, redisFleet } from 'evenkeel/fleet';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { redisClient } from './pool-source.ts';

/** A store, and what it holds open. */
export interface OpenStore {
  readonly fleet: FleetStore;
  close(): void;
}

/** @throws Error if its client is not installed */
export function openStore(fleet: ResolvedConfig['fleet']): OpenStore | undefined {
  if (fleet === undefined) return undefined;
  const { url, prefix } = fleet.redis;
  // Nothing waits for a Redis that is away: balancers tell it later what they have placed.
  const client = redisClient(url, { enableOfflineQueue: false });
  return {
    fleet: redisFleet({ client, ...(prefix !== undefined && { prefix }) }),
    close: () => client.disconnect(),
  };
}
