// What workers share by way of the primary: where keys are, and health checks.
import { type FleetStore, joinFleet, shareChecks, shareKeys } from 'evenkeel/fleet';
import { afterEach, expect, it } from 'vitest';
import { Balancer, HealthChecker } from '../../../src/index.ts';
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

it('one worker checks each backend, and tells the others', async () => {
  const lab = await Lab.serving();
  let isWell = true;
  const checks = new Map<string, Set<number>>();
  const workers = [1, 2, 3].map((pid) => {
    const balancer = new Balancer(nativePool(6));
    const service = {
      async sendRequest(url: string) {
        checks.set(url, (checks.get(url) ?? new Set()).add(pid));
        return { status: isWell || !url.includes('10.0.0.1:') ? 200 : 503, data: '' };
      },
    };
    const checker = new HealthChecker(balancer as Balancer<unknown>, service, { intervalMs: 20 });
    const member = joinFleet(lab.process(pid).fleet as FleetStore);
    const shared = shareChecks(checker, member);
    ends.push(() => {
      shared.close();
      checker.close();
      void member.close();
    });
    return { balancer, shared };
  });
  const own = () => workers.map(({ shared }) => shared.stats().own).reduce((sum, count) => sum + count);
  await expect.poll(own).toBe(6);
  checks.clear();
  await expect.poll(() => checks.size).toBe(6);
  expect([...checks.values()].map(({ size }) => size)).toEqual(Array(6).fill(1));
  isWell = false;
  const states = () => workers.map(({ balancer }) => balancer.stateOf('http://10.0.0.1:8080'));
  await expect.poll(states).toEqual(['down', 'down', 'down']);
});
