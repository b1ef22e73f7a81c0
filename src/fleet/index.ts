// Balancers in several processes that agree where keys are, and check backends for each other.
export type { Placement, PlacementListener, PlacementRecall } from '../balancer/placement.ts';
export type { RedisClient } from '../discovery/sources/redis-client.ts';
export type { Claim, FleetStore, Held, SpaceListener } from './fleet-store.ts';
export { type FleetMember, type JoinFleetOptions, joinFleet, type MemberView } from './member.ts';
export { type MemoryFleetOptions, memoryFleet } from './memory.ts';
export { type RedisFleetOptions, redisFleet } from './redis.ts';
export {
  type ShareChecksOptions,
  type SharedChecks,
  type SharedChecksStats,
  shareChecks,
} from './shared-checks.ts';
export { type SharedKeys, type SharedKeysStats, type ShareKeysOptions, shareKeys } from './shared-keys.ts';
