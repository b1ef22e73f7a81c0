// The statistics of a running gateway as text.
import type { GatewayBackendStats, GatewayPoolStats, GatewayStats } from '../contracts.ts';
import { table } from './table.ts';

type Fleet = NonNullable<GatewayPoolStats['fleet']>;
type Source = GatewayPoolStats['discovery'][number];

/** @param now - milliseconds since 1970 */
export function statusText(stats: GatewayStats, now: number): string {
  const { version, ready, workers, startedAt, requests, connections, pools } = stats;
  const head = [
    ready ? 'ready' : 'NOT READY',
    `version ${version}`,
    `up ${age(now - startedAt)}`,
    counted(workers, 'worker'),
    `${counted(requests.total, 'request')}, ${requests.inFlight} in flight`,
    counted(connections.open, 'connection'),
  ];
  return [`${head.join(', ')}\n`, ...pools.map(poolText)].join('\n');
}

function poolText(pool: GatewayPoolStats): string {
  const { name, strategy, fingerprint, backends, discovery, fleet } = pool;
  const out = backends.filter(({ alive }) => !alive).length;
  const outText = out === 0 ? '' : ` (${out} out)`;
  const parts = [
    `pool ${name}: ${strategy}, ${counted(backends.length, 'backend')}${outText}, fingerprint ${fingerprint}\n`,
  ];
  if (backends.length > 0)
    parts.push(
      table([
        ['backend', 'state', 'weight', 'in flight', 'requests', 'errors', 'keys'],
        ...backends.map(rowOf),
      ]),
    );
  if (discovery.length > 0)
    parts.push(table([['source', ''], ...discovery.map((one) => [one.source, sourceText(one)])]));
  if (fleet !== undefined) {
    const rows = fleet.gateways.map((one) => {
      const mark = one.difference === undefined ? (one.own ? 'this one' : 'agrees') : 'DIFFERS';
      return [one.gateway, mark, one.fingerprint, `${one.backends}`, `${one.processes}`];
    });
    parts.push(
      table([['gateway', '', 'fingerprint', 'backends', 'processes'], ...rows]),
      table([['fleet', fleetText(fleet)], ...differing(fleet).map((line) => ['', line])]),
    );
  }
  return parts.join('');
}

function rowOf(backend: GatewayBackendStats): string[] {
  const { id, state, weight, activeConnections, requests, errors, keys } = backend;
  return [id, state, ...[weight, activeConnections, requests, errors, keys].map(String)];
}

/** How a source of backends is, in a line. */
export function sourceText({
  state,
  version,
  ageMs,
  backends = 0,
  held = 0,
  errors,
  trouble,
}: Source): string {
  const parts = [
    state,
    `version ${version ?? 'none'}`,
    ageMs === undefined ? 'no answer yet' : `${(ageMs / 1_000).toFixed(1)} s old`,
    `${counted(backends, 'backend')}${held > 0 ? ` (${held} held)` : ''}`,
    counted(errors, 'error'),
  ];
  return `${parts.join(', ')}${trouble === undefined ? '' : `: ${trouble}`}`;
}

/** How the fleet is, in a line. */
export function fleetText({ connected, gateways, keys = 0, calls, failures, checks }: Fleet): string {
  const agree = gateways.length > 1 && gateways.every(({ difference }) => difference === undefined);
  return [
    `${counted(gateways.length, 'gateway')}${agree ? ', all agree' : ''}`,
    connected ? 'the store answers' : 'THE STORE IS AWAY',
    `${counted(keys, 'key')} shared`,
    ...(checks === undefined ? [] : [checksText(checks)]),
    `${counted(calls, 'call')}${failures > 0 ? `, ${failures} failed` : ''}`,
  ].join('; ');
}

function checksText({ own = 0, disputed = 0, strangers = 0 }: NonNullable<Fleet['checks']>): string {
  const parts = [`${counted(own, 'backend')} checked here`];
  if (disputed > 0) parts.push(`${disputed} disputed`);
  if (strangers > 0) parts.push(`${counted(strangers, 'gateway')} with other checks`);
  return parts.join(', ');
}

/** A line for each gateway that differs. */
export function differing({ gateways }: Fleet): string[] {
  return gateways.flatMap(({ gateway, difference }) =>
    difference === undefined ? [] : [`${gateway} differs: ${difference}`],
  );
}

function counted(value: number, one: string): string {
  return `${value} ${value === 1 ? one : `${one}s`}`;
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d`;
}
