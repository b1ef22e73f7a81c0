// The rings of libmemcached, which are called ketama.

import { md5 } from '../md5.ts';
import { Utf8Text } from '../utf8.ts';
import { addressOf, type PeerRing, type RingServer } from './peer-ring.ts';

/** Settings of ketama. */
export interface KetamaRing {
  readonly name: 'ketama';
  /**
   * Which of libmemcached's rings: `weighted` is `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED`, `spy` that of
   * spymemcached, `plain` is `MEMCACHED_BEHAVIOR_KETAMA`, which ignores weights.
   * @defaultValue `'weighted'`
   */
  readonly variant?: 'weighted' | 'spy' | 'plain';
}

const POINTS_WEIGHTED = 160;
const POINTS_PLAIN = 100;
/** A digest has four points. */
const POINTS_PER_DIGEST = 4;
/** This port is left out of names. */
const DEFAULT_PORT = 11_211;
/** So many points are looked at for one whose server is in. */
const STEPS = 1_000;
const text = new Utf8Text();
const digest = new Int32Array(POINTS_PER_DIGEST);

/**
 * The ring of libmemcached. `weighted` and `spy` take the words of MD5 digests for points, and have 160 for a
 * server of average weight; as that average changes with every server, adding one moves keys between others,
 * too. Slow start does not change the ring.
 * @see libmemcached, `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED`
 */
export function ketamaRing({ variant = 'weighted' }: KetamaRing): PeerRing {
  return {
    name: variant === 'weighted' ? 'ketama' : `ketama-${variant}`,
    isNearest: false,
    steps: STEPS,
    position(key) {
      if (variant === 'plain') return oneAtATime(text.read(key));
      md5(text.read(key), digest);
      return digest[0] as number;
    },
    place(servers, add) {
      const total = servers.reduce((sum, server) => sum + server.nominalWeight, 0);
      for (const server of servers) {
        const name = nameIn(variant, server);
        if (variant === 'plain') {
          for (let i = 0; i < POINTS_PLAIN; i++) add(oneAtATime(text.read(`${name}-${i}`)), server);
          continue;
        }
        const share = Math.fround(Math.fround(server.nominalWeight) / Math.fround(total));
        for (let i = 0; i < digestsOf(share, servers.length); i++) {
          md5(text.read(`${name}-${i}`), digest);
          for (const point of digest) add(point, server);
        }
      }
    },
  };
}

/** How many digests a server has, in single precision and with the rounding of the original. */
function digestsOf(share: number, servers: number): number {
  const perServer = Math.fround(Math.fround(share * POINTS_WEIGHTED) / POINTS_PER_DIGEST);
  return Math.floor(Math.fround(Math.fround(perServer * servers) + 1e-10));
}

function nameIn(variant: 'weighted' | 'spy' | 'plain', server: RingServer): string {
  const { host, port = DEFAULT_PORT } = addressOf(server);
  if (variant === 'spy') return `/${host}:${port}`;
  return port === DEFAULT_PORT ? host : `${host}:${port}`;
}

/**
 * The hash of Bob Jenkins with this name. Bytes are signed in libmemcached.
 * @see https://www.burtleburtle.net/bob/hash/doobs.html
 */
function oneAtATime({ bytes, length }: Utf8Text): number {
  let hash = 0;
  for (let i = 0; i < length; i++) {
    hash = (hash + (((bytes[i] as number) << 24) >> 24)) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  return (hash + (hash << 15)) | 0;
}
