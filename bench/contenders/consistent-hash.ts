// The peer `consistent-hash`.

import ConsistentHash from 'consistent-hash';
import { makeKeys, makeServers, POINTS } from '../inputs.ts';
import type { Job, Sample } from '../job.ts';
import { medianNsPerKey } from '../stopwatch.ts';

/**
 * Its default range, and the next one that its source recommends: it fails if the points fill too much of the
 * range.
 */
const RANGE = 100_003;
const WIDE_RANGE = 1_000_003;
const FEWER_POINTS = 40;

function ringOf(servers: readonly string[], controlPoints: number): ConsistentHash {
  const range = servers.length * controlPoints > RANGE / 2 ? WIDE_RANGE : RANGE;
  const ring = new ConsistentHash({ controlPoints, range });
  for (const server of servers) ring.add(server);
  return ring;
}

/**
 * Nanoseconds to pick a backend for a key: with as many points as evenkeel has, and with its default of 40.
 */
export function get({ n, timeMs }: Job): Sample {
  const keys = makeKeys();
  const servers = makeServers(n);
  const ring = ringOf(servers, POINTS);
  const small = ringOf(servers, FEWER_POINTS);
  const tasks = { get: () => getAll(ring, keys), 'get of 40 points': () => getAll(small, keys) };
  return medianNsPerKey(tasks, keys.length, timeMs);
}

function getAll(ring: ConsistentHash, keys: readonly string[]): number {
  let sum = 0;
  for (let i = 0; i < keys.length; i++) sum += ring.get(keys[i] as string).length;
  return sum;
}
