// Measures the keys that a change of the pool moves.

import { createHash } from 'node:crypto';
import { type Backend, Balancer, type Strategy } from '../../src/index.ts';
import { hashKey } from '../../src/internal.ts';
import { ringOf } from '../contenders/evenkeel-ring.ts';
import { makeKeys, makePool, shuffled } from '../inputs.ts';
import type { Job, Sample } from '../job.ts';

/**
 * Counts the keys that move when a backend is removed and when one is added. It also computes digests of the
 * owners of all keys before, between and after, to compare processes that list the pool in different orders.
 */
export function movement({ n, shuffle = 0 }: Job): Sample {
  const keys = makeKeys();
  const [leaving, coming] = [makePool(n)[n >> 1], { host: '10.1.0.0', port: 8080 }];
  const pool = shuffled(makePool(n), shuffle);
  const { backends } = new Balancer([...pool, coming]);
  const present = backends.slice(0, n);
  const gone = present.find(({ url }) => url === `http://${leaving?.host}:${leaving?.port}`) as Backend;
  const newcomer = backends[n] as Backend;

  const ring = ringOf(present);
  const before = homesOf(ring, keys);
  ring.update(present.filter((backend) => backend !== gone));
  const without = homesOf(ring, keys);
  ring.update(present);
  const back = homesOf(ring, keys);
  ring.update(backends);
  const withNewcomer = homesOf(ring, keys);

  return {
    share: before.filter((id) => id === gone.id).length,
    moved: countMoves(before, without, () => true),
    strayed: countMoves(before, without, (from) => from !== gone.id),
    'not back': countMoves(before, back, () => true),
    gained: withNewcomer.filter((id) => id === newcomer.id).length,
    'moved in': countMoves(before, withNewcomer, () => true),
    'strayed in': countMoves(before, withNewcomer, (_, to) => to !== newcomer.id),
    digest: digestOf([before, without, withNewcomer]),
  };
}

function homesOf(ring: Strategy, keys: readonly string[]): string[] {
  return keys.map((key) => (ring.pick(hashKey(key, 0), () => true) as Backend).id);
}

function countMoves(
  before: readonly string[],
  after: readonly string[],
  counts: (from: string, to: string) => boolean,
): number {
  return before.filter((from, i) => from !== after[i] && counts(from, after[i] as string)).length;
}

/** 48 bits, which a number holds exactly. */
function digestOf(homes: readonly (readonly string[])[]): number {
  return createHash('sha256').update(JSON.stringify(homes)).digest().readUIntBE(0, 6);
}
