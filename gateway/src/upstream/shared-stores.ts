// What gateways share by a store, as the configuration names it.
import { type FleetStore, redisFleet } from 'evenkeel/fleet';
import { redisRateLimiter } from 'evenkeel/rate-limit';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { RateLimiterFactory } from '../contracts.ts';
import { redisClient } from './pool-source.ts';

/** Stores, and what they hold open; `undefined` for what the configuration does not have. */
export interface SharedStores {
  readonly fleet: FleetStore | undefined;
  readonly rateLimiter: RateLimiterFactory | undefined;
  close(): void;
}

/** @throws Error if the client of a store is not installed */
export function openStores({ fleet, rateLimits }: ResolvedConfig): SharedStores {
  // Nothing waits for a Redis that is away.
  const open = (store: { readonly url: string } | undefined) =>
    store && redisClient(store.url, { enableOfflineQueue: false });
  const [keys, counts] = [open(fleet?.redis), open(rateLimits?.redis)];
  const { prefix = 'evenkeel' } = rateLimits?.redis ?? {};
  return {
    fleet: keys && redisFleet({ client: keys, ...(fleet?.redis.prefix && { prefix: fleet.redis.prefix }) }),
    rateLimiter:
      counts &&
      (({ name, points, durationMs }) =>
        redisRateLimiter({ client: counts, points, durationMs, prefix: `${prefix}:rate:${name}` })),
    close() {
      keys?.disconnect();
      counts?.disconnect();
    },
  };
}
