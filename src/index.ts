export { Balancer } from './balancer/balancer.ts';
export type { Bounds } from './balancer/bounded-load.ts';
export type { AcquireOptions } from './balancer/decisions.ts';
export type { DrainOptions } from './balancer/drains.ts';
export type { BalancerEvent } from './balancer/events.ts';
export type { Candidate, Explanation } from './balancer/explanation.ts';
export type { Guard, GuardControl, GuardFactory } from './balancer/guard.ts';
export type { Lease } from './balancer/lease.ts';
export type { BalancerOptions } from './balancer/options.ts';
export type { KeyHomes, Plan, PoolChange } from './balancer/plan.ts';
export type { Session } from './balancer/session.ts';
export type { BackendState, BackendStats, BalancerStats } from './balancer/stats.ts';
export type { WorkloadReport } from './balancer/workload.ts';
export type { UrlBackend } from './contracts.ts';
export {
  BackendPool,
  type BackendPoolEntry,
  type BackendServiceInfo,
  type HTTPService,
  type ILoadBalancer,
  type Request,
  type Response,
  type ResponseWriter,
  type SendOptions,
} from './contracts.ts';
export { type Env, systemEnv } from './env.ts';
export {
  type Attempt,
  BadRequestError,
  CancelledError,
  LoadbalancerError,
  type LoadbalancerErrorCode,
  NoBackendError,
  OverloadedError,
  RateLimitedError,
  UpstreamError,
  UpstreamTimeoutError,
} from './errors.ts';
export { FetchHTTPService, type FetchHTTPServiceOptions } from './fetch-http-service.ts';
export type { CircuitBreakerOptions } from './health/breaker-options.ts';
export { circuitBreaker } from './health/circuit-breaker.ts';
export type { OutlierEjectionOptions } from './health/ejection-options.ts';
export { HealthChecker, type HealthCheckStats } from './health/health-checker.ts';
export type { HealthCheckOptions } from './health/health-options.ts';
export { maxAwaiting } from './health/max-awaiting.ts';
export { maxInFlight } from './health/max-in-flight.ts';
export { outlierEjection } from './health/outlier-ejection.ts';
export { type SlowStartOptions, slowStart } from './health/slow-start.ts';
export { Loadbalancer, type LoadbalancerStats } from './loadbalancer.ts';
export type { LoadbalancerOptions, RequestOptions } from './loadbalancer-options.ts';
export { type ILoggerService, LoggerService, type LoggerServiceOptions } from './logger.ts';
export { type ConsistentHashOptions, consistentHash } from './strategies/consistent-hash.ts';
export { leastConnections } from './strategies/least-connections.ts';
export { type LeastTimeOptions, leastTime } from './strategies/least-time.ts';
export { type LeastWorkloadOptions, leastWorkload } from './strategies/least-workload.ts';
export { type MaglevOptions, maglev } from './strategies/maglev.ts';
export { type PeakEwmaOptions, peakEwma } from './strategies/peak-ewma.ts';
export { powerOfTwo } from './strategies/power-of-two.ts';
export { random } from './strategies/random.ts';
export { type StrategyAlias, type StrategyName, strategies } from './strategies/registry.ts';
export { rendezvous } from './strategies/rendezvous.ts';
export { roundRobin } from './strategies/round-robin.ts';
export type {
  Backend,
  KeyedStrategy,
  Outcome,
  Strategy,
  StrategyFactory,
  StrategyLease,
} from './strategies/strategy.ts';
export {
  type AffinityKey,
  byClientAddress,
  byCookie,
  byHeader,
  byJwtClaim,
  byPath,
} from './traffic/affinity.ts';
export type { FailoverOptions, FailoverStats } from './traffic/failover.ts';
export type { RateLimitOptions } from './traffic/gate.ts';
export type { LeaseQueueOptions } from './traffic/lease-queue.ts';
export type { LeaseQueueStats } from './traffic/queue-tally.ts';
export type { RateLimiter, RateLimitVerdict } from './traffic/rate-limiter.ts';
export type { SessionPolicy } from './traffic/sessions.ts';
