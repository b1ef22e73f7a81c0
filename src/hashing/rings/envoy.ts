// The ring of Envoy and of gRPC's xDS: `RING_HASH`.

import { Utf8Text } from '../utf8.ts';
import { xxh64High } from '../xxh64.ts';
import { addressOf, type PeerRing } from './peer-ring.ts';

/** Settings of Envoy's ring. */
export interface EnvoyRing {
  readonly name: 'envoy';
  /** The least number of points, from 1 to 8,388,608. @defaultValue 1,024 */
  readonly minimumSize?: number;
  /** The largest number of points, from 1 to 8,388,608. @defaultValue 8,388,608; in gRPC it is 4,096 */
  readonly maximumSize?: number;
}

/** The largest ring that Envoy accepts. */
export const LARGEST_ENVOY_RING = 8_388_608;
const DEFAULT_MINIMUM = 1_024;
/** So many points are looked at for one whose server is in. */
const STEPS = 1_000;
const text = new Utf8Text();

/**
 * The ring of Envoy. Points are xxHash64 of address and number, as many as it takes for the lightest server
 * to have a whole number. As that changes with every server, adding one moves keys between others, too. Slow
 * start does not change the ring. Of the 64 bits of a hash the upper 32 count: of some million keys, one may
 * go to another server than in Envoy.
 * @see https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers
 */
export function envoyRing(options: EnvoyRing): PeerRing {
  const { minimumSize = DEFAULT_MINIMUM, maximumSize = LARGEST_ENVOY_RING } = options;
  return {
    name: ['envoy', minimumSize, maximumSize].join('-'),
    isNearest: false,
    steps: STEPS,
    position: (key) => xxh64High(text.read(key)),
    place(servers, add) {
      const total = servers.reduce((sum, server) => sum + server.nominalWeight, 0);
      const shares = servers.map((server) => server.nominalWeight / total);
      const least = Math.min(...shares);
      const scale = Math.min(Math.ceil(least * minimumSize) / least, maximumSize);
      let count = 0;
      let target = 0;
      for (const [index, server] of servers.entries()) {
        const { host, port } = addressOf(server);
        const name = port === undefined ? host : `${host}:${port}`;
        target += scale * (shares[index] as number);
        for (let i = 0; count < target; i++, count++) add(xxh64High(text.read(`${name}_${i}`)), server);
      }
    },
  };
}
