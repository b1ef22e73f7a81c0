export {
  type InsuredRateLimiter,
  type InsuredRateLimiterOptions,
  type InsuredRateLimiterStats,
  insuredRateLimiter,
} from './insured-rate-limiter.ts';
export {
  type MemoryRateLimiter,
  type MemoryRateLimiterOptions,
  type MemoryRateLimiterStats,
  memoryRateLimiter,
} from './memory-rate-limiter.ts';
export {
  type RedisClient,
  type RedisRateLimiter,
  type RedisRateLimiterOptions,
  type RedisRateLimiterStats,
  redisRateLimiter,
} from './redis-rate-limiter.ts';
export type { RateLimit } from './window.ts';
