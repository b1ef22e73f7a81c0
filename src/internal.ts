/**
 * The exports for our own outer packages that are not public. They may change in any release, as the two
 * packages are released together and pinned to each other. Hosts import `evenkeel`.
 */

export { canonicalId, readEntry } from './balancer/address.ts';
export type { RunningTrials } from './balancer/explanation.ts';
export { BALANCER, BALANCER_DEFAULTS, MOVED as BALANCER_MOVED } from './balancer/options.ts';
export { MAX_TIMEOUT_MS } from './deadline.ts';
export { type DeadlineQueue, Deadlines, type Expiring } from './deadlines.ts';
export {
  type BackendRecord,
  keepRegistered,
  type RegistryRecords,
} from './discovery/registration.ts';
export type { Clock, Timers } from './env.ts';
export { hashKey } from './hashing/hash.ts';
export { BREAKER_DEFAULTS } from './health/breaker-options.ts';
export { EJECTION_DEFAULTS } from './health/ejection-options.ts';
export { HEALTH_DEFAULTS, HEALTH_MOVED } from './health/health-options.ts';
export {
  type LoadMetricsFeed,
  type LoadMetricsFeedStats,
  loadMetricsFeed,
} from './health/load-metrics-feed.ts';
export { SLOW_START_DEFAULTS } from './health/slow-start.ts';
export { type AttemptFailure, attemptFailure } from './http/attempt-failure.ts';
export { type FailureKind, failureKind } from './http/failure-kind.ts';
export { FAILURE_STATUSES } from './http/failure-statuses.ts';
export { forwardedElement, forwardedNode } from './http/forwarded.ts';
export {
  CONNECTION_HEADERS,
  listedNames,
  type RequestRole,
  requestRole,
  responseRole,
  without,
} from './http/header-roles.ts';
export {
  BAD_REQUEST,
  FAILURES,
  INTERNAL,
  type Refusal,
  refusalJson,
  refusalOf,
  retryAfter,
} from './http/refusal.ts';
export { insidePath } from './http/target.ts';
export { TOKEN, TOKEN_PATTERN } from './http/token.ts';
export { type Bag, bag, checkBag, type Shape } from './options/bag.ts';
export { nearestName } from './options/nearest-name.ts';
export {
  aBoolean,
  aFunction,
  anObjectWith,
  aText,
  checkRule,
  isObject,
  nearestHint,
  type Rule,
} from './options/rule.ts';
export { shown } from './shown.ts';
export { STRATEGY_ALIASES, strategyNamed } from './strategies/registry.ts';
export { isKeyedStrategy } from './strategies/strategy.ts';
export {
  type AttemptRules,
  Attempts,
  type Sender,
  type Verdict,
} from './traffic/attempts.ts';
export {
  FAILOVER_DEFAULTS,
  FAILOVER_RULE,
  Failover,
  failoverCounts,
  failoverStats,
} from './traffic/failover.ts';
export { type Admission, Gate, type GateParts } from './traffic/gate.ts';
export { LeaseQueue, QUEUE, QUEUE_DEFAULTS } from './traffic/lease-queue.ts';
export { clientNetwork, rateLimitHeaders } from './traffic/rate-limiter.ts';
export { RetryBudget } from './traffic/retry-budget.ts';
