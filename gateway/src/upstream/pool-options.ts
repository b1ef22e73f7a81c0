// Turns the configuration of a pool into the settings of the engine.
import {
  type AffinityKey,
  type BalancerOptions,
  byClientAddress,
  byCookie,
  byHeader,
  byJwtClaim,
  byPath,
  type ConsistentHashOptions,
  circuitBreaker,
  consistentHash,
  type Env,
  type GuardFactory,
  maxAwaiting,
  maxInFlight,
  outlierEjection,
  type Request,
  slowStart,
  strategies,
} from 'evenkeel';
import type { ResolvedPool } from '../config/resolved-config.ts';

/** The settings of the engine for a pool. */
export function balancerOptions(config: ResolvedPool, env: Partial<Env>): BalancerOptions<Request> {
  const { strategy, seed, bounds, panicRatio, zones, subset } = config;
  return {
    strategy: typeof strategy === 'string' ? strategy : consistentHash({ ring: ringOf(strategy.ring) }),
    seed,
    bounds: bounds === false ? { factor: Number.POSITIVE_INFINITY } : defined(bounds),
    key: affinityKey(config),
    guards: guards(config),
    env,
    pool: {
      panicRatio,
      ...(subset !== undefined && { subset }),
      ...(zones !== undefined && {
        zones: { of: zoneOf(zones), ...(zones.order !== undefined && { order: zones.order }) },
      }),
    },
  };
}

function ringOf(
  ring: Exclude<ResolvedPool['strategy'], string>['ring'],
): NonNullable<ConsistentHashOptions['ring']> {
  return typeof ring === 'string' ? ring : (defined(ring) as NonNullable<ConsistentHashOptions['ring']>);
}

function affinityKey({ affinity, strategy }: ResolvedPool): AffinityKey {
  switch (affinity?.by) {
    case 'path':
      return byPath;
    case 'client-address':
      return byClientAddress;
    case 'header':
      return byHeader(affinity.name);
    case 'cookie':
      return byCookie(affinity.name);
    case 'jwt-claim':
      return byJwtClaim(affinity.claim);
    default:
      return typeof strategy === 'string' && 'key' in strategies[strategy] ? byClientAddress : byPath;
  }
}

function guards(config: ResolvedPool): GuardFactory[] {
  const { ejection, circuitBreaker: breaker, slowStart: start } = config;
  const all: GuardFactory[] = [];
  if (config.maxInFlight !== undefined) all.push(maxInFlight(config.maxInFlight));
  if (config.maxAwaiting !== false) all.push(maxAwaiting(config.maxAwaiting));
  if (breaker !== false) all.push(circuitBreaker(breaker === true ? {} : breaker));
  if (ejection !== false) all.push(outlierEjection(ejection === true ? {} : defined(ejection)));
  if (start !== false) all.push(slowStart(defined(start)));
  return all;
}

function zoneOf({
  header,
  own,
}: NonNullable<ResolvedPool['zones']>): (request: Request) => string | undefined {
  if (header === undefined) return () => own;
  const named = byHeader(header);
  return (request) => named(request) ?? own;
}

/** A copy without the settings that are `undefined`. */
export function defined<T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
