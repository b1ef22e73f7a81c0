export type { GatewayConfig, GatewayConfigInput } from './config/schema.ts';
export type {
  AccessRecord,
  Command,
  Control,
  ExplainQuery,
  Gateway,
  GatewayBackendStats,
  GatewayEvent,
  GatewayExplanation,
  GatewayLog,
  GatewayPoolStats,
  GatewayStats,
  LatencyStats,
  ListeningAddress,
  RateLimiterFactory,
  RouteRateLimit,
} from './contracts.ts';
export { ConfigError, ControlError } from './errors.ts';
export { createGateway } from './gateway.ts';
export type { GatewayParts } from './gateway-parts.ts';
export { createProxy, type NodeProxy, type NodeProxyConfig } from './proxy.ts';
