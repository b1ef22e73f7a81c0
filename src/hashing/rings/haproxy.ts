// The ring of HAProxy: `hash-type consistent`.

import { crc32 } from '../crc32.ts';
import { Utf8Text } from '../utf8.ts';
import { addressOf, type PeerRing, type RingServer } from './peer-ring.ts';

/** Settings of HAProxy's ring. Those left out are HAProxy's own. */
export interface HaproxyRing {
  readonly name: 'haproxy';
  /**
   * What the points of a server depend on, as `hash-key` of HAProxy: its number, its address, or address and
   * port. The number is the id if that is a whole number, or what follows its last `#`; else the place in the
   * pool, from 1. Only IPv4 addresses can be told from an id; with other hosts the number counts.
   * @defaultValue `'id'`
   */
  readonly hashKey?: 'id' | 'addr' | 'addr-port';
  /**
   * The hash of keys, as the function of `hash-type`.
   * @defaultValue `'sdbm'`
   */
  readonly function?: keyof typeof FUNCTIONS;
  /**
   * Whether the hash is mixed once more, as `avalanche` of `hash-type`.
   * @defaultValue true if `function` is left out, else false
   */
  readonly avalanche?: boolean;
}

/** HAProxy multiplies weights by 16, and takes 256 at the most. */
const POINTS_PER_WEIGHT = 16;
const MOST_POINTS = 4_096;
/** So many points are looked at for one whose server is in; HAProxy has none of those that are out. */
const STEPS = 1_000;
const text = new Utf8Text();

/** The hashes of keys by their names in HAProxy. */
const FUNCTIONS = { sdbm, djb2, wt6, crc32 };

/**
 * The ring of HAProxy. A server has 16 points for each unit of its weight, and a key belongs to the nearest
 * point.
 * @see https://docs.haproxy.org/3.2/configuration.html, `hash-type` and `hash-key`
 */
export function haproxyRing(options: HaproxyRing): PeerRing {
  const { hashKey = 'id', function: named, avalanche = named === undefined } = options;
  const hash = FUNCTIONS[named ?? 'sdbm'];
  return {
    name: ['haproxy', named ?? 'sdbm', ...(avalanche ? ['avalanche'] : []), hashKey].join('-'),
    isNearest: true,
    steps: STEPS,
    position(key) {
      const position = hash(text.read(key)) | 0;
      return avalanche ? fullHash(position) : position;
    },
    place(servers, add) {
      for (const server of servers) {
        const base = serverKey(server, hashKey);
        const count = Math.min(MOST_POINTS, Math.max(1, Math.ceil(POINTS_PER_WEIGHT * server.weight)));
        for (let i = 0; i < count; i++) add(fullHash((base + i) | 0), server);
      }
    },
  };
}

function serverKey(server: RingServer, hashKey: 'id' | 'addr' | 'addr-port'): number {
  const { host, port } = addressOf(server);
  const address = hashKey === 'id' ? undefined : ipv4(host);
  if (address !== undefined) return fullHash((hashKey === 'addr-port' ? fullHash(port ?? 0) : 0) + address);
  const number = /^(?:.*#)?(\d+)$/.exec(server.id)?.[1] ?? server.slot + 1;
  return Math.imul(Number(number), MOST_POINTS);
}

/** An IPv4 address as a number, its first byte the lowest. */
function ipv4(host: string): number | undefined {
  const bytes = host.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) return undefined;
  return bytes.reduceRight((address, byte) => (address << 8) | byte, 0);
}

/** A bijection on the 32-bit integers. @see https://burtleburtle.net/bob/hash/integer.html */
function fullHash(value: number): number {
  let a = value | 0;
  a = (a + 0x7ed55d16 + (a << 12)) | 0;
  a = a ^ 0xc761c23c ^ (a >>> 19);
  a = (a + 0x165667b1 + (a << 5)) | 0;
  a = (a + 0xd3a2646c) ^ (a << 9);
  a = (a + 0xfd7046c5 + (a << 3)) | 0;
  a = a ^ 0xb55a4f09 ^ (a >>> 16);
  return Math.imul(a, 3_221_225_473);
}

function sdbm({ bytes, length }: Utf8Text): number {
  let hash = 0;
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, 65_599) + (bytes[i] as number)) | 0;
  return hash;
}

function djb2({ bytes, length }: Utf8Text): number {
  let hash = 5_381;
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, 33) + (bytes[i] as number)) | 0;
  return hash;
}

function wt6({ bytes, length }: Utf8Text): number {
  let first = 0xa53c965a | 0;
  let second = 0x5ca6953a;
  let [by, other] = [6, 18];
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number;
    first = ~(first ^ byte);
    second = ~(second + byte);
    const turned = (second << by) | (second >>> (32 - by));
    second = (first << other) | (first >>> (32 - other));
    first = turned;
    const steps = ((first >>> 16) ^ second) & 0xffff;
    by = steps & 31;
    other = steps >>> 11;
  }
  return first ^ second;
}
