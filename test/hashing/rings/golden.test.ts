import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Balancer, type ConsistentHashOptions, consistentHash } from '../../../src/index.ts';

/**
 * What nginx 1.22.1 and 1.30.6, HAProxy 2.6.12 and 3.2.26, and libmemcached 1.1.4 answered on loopback, and
 * what the ring of grpc-js-xds 1.14.1, which is Envoy's, says of the same keys. `picks` has one base-36 digit
 * for each key: the index of the server.
 */
interface Golden {
  readonly keys: readonly string[];
  readonly nginx: Readonly<Record<string, Scenario>>;
  readonly haproxy: Readonly<Record<string, Scenario>>;
  readonly libmemcached: Readonly<Record<string, Scenario>>;
  readonly envoy: Readonly<Record<string, Scenario>>;
}

interface Server {
  readonly name?: string;
  readonly addr?: string;
  readonly port?: number;
  readonly id?: number;
  readonly weight: number;
  readonly down?: boolean;
  readonly connectionRefused?: boolean;
}

interface Scenario {
  readonly servers?: readonly Server[];
  readonly list?: readonly Server[];
  readonly hosts?: readonly Server[];
  readonly keys?: readonly string[];
  readonly picks?: string;
  readonly ring?: string;
  readonly mode?: 'weighted' | 'spy' | 'ketama';
  readonly min?: number;
  readonly max?: number;
  readonly options?: {
    readonly fn?: 'sdbm' | 'djb2' | 'wt6' | 'crc32';
    readonly avalanche?: boolean;
    readonly hashKey?: 'id' | 'addr' | 'addr-port';
  };
}

const golden: Golden = JSON.parse(
  gunzipSync(readFileSync(new URL('golden.json.gz', import.meta.url))).toString(),
);

/** A balancer without bounds, and the keys that it sends elsewhere than the other one did. */
function differences(
  ring: ConsistentHashOptions['ring'],
  scenario: Scenario,
  idOf: (server: Server) => string,
) {
  const servers = scenario.servers ?? scenario.list ?? scenario.hosts ?? [];
  const ids = servers.map(idOf);
  // nginx gives a server that is listed twice the points of the heavier one.
  const weights = new Map(ids.map((id, i) => [id, servers[i]?.weight as number]));
  const balancer = new Balancer(
    [...weights].map(([id, weight], i) => ({ url: `http://10.9.0.${i + 1}:80`, id, weight })),
    { strategy: consistentHash({ ring: ring as 'nginx' }), bounds: { factor: Number.POSITIVE_INFINITY } },
  );
  for (const [i, { down, connectionRefused }] of servers.entries())
    if (down === true || connectionRefused === true) balancer.markDown(ids[i] as string);
  const picks = scenario.picks ?? scenario.ring ?? '';
  const keys = scenario.keys ?? golden.keys;
  expect(picks).toHaveLength(keys.length);
  const different = keys.filter((key, i) => {
    const lease = balancer.acquire(key);
    lease?.release('success');
    return lease?.backend.id !== ids[Number.parseInt(picks[i] as string, 36)];
  });
  return { different, balancer };
}

describe('the ring of nginx', () => {
  it.each(Object.keys(golden.nginx).filter((name) => name !== 'heavy-down'))(
    'agrees with nginx on every key: %s',
    (name) => {
      const scenario = golden.nginx[name] as Scenario;
      expect(differences('nginx', scenario, ({ name = '' }) => name).different).toEqual([]);
    },
  );

  it('agrees with nginx where a heavy server is down, but where nginx turns to round robin', () => {
    const scenario = golden.nginx['heavy-down'] as Scenario;
    const { different } = differences('nginx', scenario, ({ name = '' }) => name);
    expect(different.length).toBeGreaterThan(0);
    // Two of three picks of round robin are others.
    expect(different.length).toBeLessThanOrEqual(731);
  });
});

describe('the ring of HAProxy', () => {
  it.each(Object.keys(golden.haproxy).filter((name) => !name.startsWith('bounded')))(
    'agrees with HAProxy on every key: %s',
    (name) => {
      const scenario = golden.haproxy[name] as Scenario;
      const { fn, avalanche, hashKey } = scenario.options ?? {};
      const rest = {
        ...(avalanche !== undefined && { avalanche }),
        ...(hashKey !== undefined && { hashKey }),
      };
      const ring = { name: 'haproxy' as const, ...rest, ...(fn !== undefined && { function: fn }) };
      const idOf = ({ id, addr, port }: Server) =>
        hashKey === undefined ? `web#${id}` : `http://${addr}:${port}`;
      expect(differences(ring, scenario, idOf).different).toEqual([]);
    },
  );

  it('numbers servers by their place if their ids have no number', () => {
    const scenario = golden.haproxy.eq10 as Scenario;
    const { different } = differences('haproxy', scenario, ({ addr, port }) => `${addr}:${port}`);
    expect(different).toEqual([]);
  });
});

describe('the ring of ketama', () => {
  it.each(Object.keys(golden.libmemcached))('agrees with libmemcached on every key: %s', (name) => {
    const scenario = golden.libmemcached[name] as Scenario;
    const variant = scenario.mode === 'ketama' ? 'plain' : (scenario.mode ?? 'weighted');
    const { different } = differences({ name: 'ketama', variant }, scenario, ({ name = '' }) => name);
    expect(different).toEqual([]);
  });
});

describe('the ring of Envoy', () => {
  it.each(Object.keys(golden.envoy))('agrees with the model on every key: %s', (name) => {
    const scenario = golden.envoy[name] as Scenario;
    const ring = { name: 'envoy' as const, minimumSize: scenario.min ?? 1, maximumSize: scenario.max ?? 1 };
    expect(differences(ring, scenario, ({ name = '' }) => name).different).toEqual([]);
  });
});
