// Workers that agree where keys are, by way of the primary.
import { type FleetStore, shareKeys } from 'evenkeel/fleet';
import { afterEach, expect, it } from 'vitest';
import { Balancer } from '../../../src/index.ts';
import { disagreement, keysOf } from '../../../test/fleet/agreement.ts';
import { nativePool } from '../../../test/support.ts';
import { Lab } from './cluster.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A balancer of each worker, as its pools have. */
function balancersIn(lab: Lab, pids: readonly number[]): Balancer[] {
  return pids.map((pid) => {
    const balancer = new Balancer(nativePool(10));
    const shared = shareKeys(balancer, lab.process(pid).fleet as FleetStore, { batchMs: 1 });
    ends.push(() => shared.close());
    return balancer;
  });
}

function send(balancers: readonly Balancer[], keys: readonly string[]): void {
  balancers.forEach((balancer, i) => {
    const from = Math.floor((i * keys.length) / balancers.length);
    for (const key of [...keys.slice(from), ...keys.slice(0, from)]) balancer.acquire(key)?.release();
  });
}

it('workers agree where keys are, without being asked', async () => {
  const lab = await Lab.serving();
  const balancers = balancersIn(lab, [1, 2, 3]);
  const keys = keysOf(60);
  send(balancers, keys);
  expect(disagreement(balancers, keys)).toBeGreaterThan(0.1);
  await expect.poll(() => disagreement(balancers, keys)).toBe(0);
});

it('a worker that takes the place of another adopts what the others know', async () => {
  const lab = await Lab.serving();
  const balancers = balancersIn(lab, [1, 3]);
  const keys = keysOf(60);
  send(balancers, keys);
  await expect.poll(() => disagreement(balancers, keys)).toBe(0);
  await lab.end(2);
  await lab.pass(100);
  const next = balancersIn(lab, [4]);
  await expect.poll(() => disagreement([...balancers, ...next], keys)).toBe(0);
});
