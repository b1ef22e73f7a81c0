// The part of rate-limiter-flexible that is used.
export { RateLimiterRedis } from 'rate-limiter-flexible';
