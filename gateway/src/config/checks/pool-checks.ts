// Checks a pool as a whole.
import { Balancer, circuitBreaker, outlierEjection } from 'evenkeel';
import { Failover } from 'evenkeel/internal';
import type { PoolConfig } from '../pool-schema.ts';
import { shownValue } from '../shown-value.ts';

type BackendConfig = PoolConfig['backends'][number];

/** Mistakes of a pool. @param where - for example `pools.shop` */
export function poolProblems(pool: PoolConfig, where: string): string[] {
  return [
    ...duplicates(pool.backends, `${where}.backends`),
    ...weightProblems(pool.backends, `${where}.backends`),
    ...healthProblems(pool.health, `${where}.health`),
    ...engineProblems(pool, where),
    ...tlsProblems(pool.tls, `${where}.tls`),
  ];
}

function duplicates(backends: readonly BackendConfig[], where: string): string[] {
  const byAddress = new Map<string, number>();
  const byId = new Map<string, number>();
  return backends.flatMap((backend, i): string[] => {
    const { url, id } = typeof backend === 'string' ? { url: backend, id: undefined } : backend;
    const address = new URL(url).href.replace(/\/+$/, '');
    const twin = byAddress.get(address);
    const namesake = byId.get(id ?? address);
    byAddress.set(address, twin ?? i);
    byId.set(id ?? address, namesake ?? i);
    if (twin !== undefined) {
      return [
        `${where}[${i}] must be another backend than ${where}[${twin}], got ${shownValue(url)} in both`,
      ];
    }
    if (namesake === undefined) return [];
    return [
      `${where}[${i}] must have another id than ${where}[${namesake}], got ${shownValue(id ?? address)} in both`,
    ];
  });
}

function weightProblems(backends: readonly BackendConfig[], where: string): string[] {
  const isWeighty = backends.some((backend) => typeof backend === 'string' || backend.weight !== 0);
  if (backends.length === 0 || isWeighty) return [];
  return [`${where} must have a weight above 0 somewhere, got 0 everywhere`];
}

function healthProblems(health: PoolConfig['health'], where: string): string[] {
  if (typeof health !== 'object') return [];
  return health.expect.statuses.flatMap((status, i): string[] => {
    if (typeof status === 'number' || status[0] <= status[1]) return [];
    return [
      `${where}.expect.statuses[${i}] must be a range from a lower status to a higher one, got [${status.join(', ')}]`,
    ];
  });
}

/** The engine checks its own options. */
function engineProblems(
  { ejection, circuitBreaker: breaker, retries, subset, strategy: name }: PoolConfig,
  where: string,
): string[] {
  const strategy = typeof name === 'string' ? name : 'consistent-hash';
  return [
    ...(subset === undefined ? [] : complaint(() => new Balancer([], { strategy, pool: { subset } }))),
    ...(typeof ejection === 'object' ? complaint(() => outlierEjection(ejection)) : []),
    ...(typeof breaker === 'object' ? complaint(() => circuitBreaker(breaker)) : []),
    ...(typeof retries === 'object' ? complaint(() => new Failover(retries)) : []),
  ].map((message) => {
    // The configuration has other names for some options of the engine.
    const path = message.replace(/^outlierEjection\./, 'ejection.').replace(/^failover\./, 'retries.');
    return `${where}.${path.replace(/^pool\.(?=subset\.)/, '')}`;
  });
}

function complaint(make: () => unknown): string[] {
  try {
    make();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function tlsProblems(tls: PoolConfig['tls'], where: string): string[] {
  if (tls === undefined) return [];
  const { cert, key, passphrase } = tls;
  if (cert !== undefined && key === undefined) return [`${where}.key is missing; it must be given with cert`];
  if (cert === undefined && key !== undefined) return [`${where}.cert is missing; it must be given with key`];
  return passphrase !== undefined && key === undefined
    ? [`${where}.key is missing; it must be given with passphrase`]
    : [];
}
