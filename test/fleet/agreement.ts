// How far balancers agree where keys are.
import type { Balancer } from '../../src/index.ts';

/** The share of keys that would not go to the same backend everywhere, 0 to 1. */
export function disagreement(balancers: readonly Balancer[], keys: readonly string[]): number {
  const apart = keys.filter((key) => new Set(balancers.map((one) => placeOf(one, key))).size > 1);
  return apart.length / keys.length;
}

/** Where a balancer has a key. */
export function placeOf(balancer: Balancer, key: string): string | undefined {
  return balancer.explain(key).owner;
}

export const keysOf = (count: number, name = 'k') => Array.from({ length: count }, (_, i) => `/${name}/${i}`);
