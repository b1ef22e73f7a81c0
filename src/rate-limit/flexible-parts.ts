// The parts of rate-limiter-flexible that are used.
export { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
