// The ring of nginx: `hash <key> consistent` in an upstream block.

import { crc32 } from '../crc32.ts';
import { Utf8Text } from '../utf8.ts';
import { nameOf, type PeerRing } from './peer-ring.ts';

const POINTS_PER_WEIGHT = 160;
/** So many points nginx tries before it falls back to round robin. */
const STEPS = 21;
const text = new Utf8Text();

/**
 * A server has 160 points for each unit of its weight, in a chain: each is the CRC-32 of host, NUL, port and
 * the point before. Servers are named as the configuration writes them, so `10.0.0.1` and `10.0.0.1:80`
 * differ.
 * @see ngx_http_upstream_hash_module; Cache::Memcached::Fast
 */
export const nginxRing: PeerRing = {
  name: 'nginx',
  isNearest: false,
  steps: STEPS,
  position: (key) => crc32(text.read(key)),
  place(servers, add) {
    for (const server of servers) {
      const name = nameOf(server);
      const [, host = name, port = ''] = /^(.*):(\d*)$/.exec(name) ?? [];
      const base = crc32(text.read(host).append('\0').append(port));
      let point = 0;
      for (let left = Math.max(1, Math.round(POINTS_PER_WEIGHT * server.nominalWeight)); left > 0; left--) {
        point = crc32(text.read('').appendInteger(point), base);
        add(point, server);
      }
    }
  },
};
