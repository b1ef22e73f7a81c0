import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancer, type Lease } from '../../src/index.ts';
import { hashKey } from '../../src/internal.ts';
import { TestEnv } from '../support.ts';

/** One step of a random history. Numbers choose among what there is, modulo. */
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ op: fc.constant('acquire' as const), which: fc.nat(400) }) },
  { weight: 8, arbitrary: fc.record({ op: fc.constant('release' as const), which: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('add' as const), which: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const), which: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('drain' as const), which: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('resume' as const), which: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('down' as const), which: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('up' as const), which: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('reweigh' as const), which: fc.nat(200) }) },
);

const setting = fc.record({
  strategy: fc.constantFrom('consistent-hash' as const, 'maglev' as const, 'rendezvous' as const),
  factor: fc.constantFrom(1, 1.05, 1.1, 1.25, 2),
  z: fc.constantFrom(0, 1, 2),
  rememberedKeys: fc.constantFrom(256, 1_024, 8_192),
});

/**
 * The formulas of the design, written out once more: the least room that must be granted, and the most that
 * may be.
 */
function limits(total: number, weight: number, weights: number, factor: number) {
  const fair = ((total + 1) * weight) / weights;
  return { keys: Math.max(Math.ceil(fair - 1e-6), Math.floor(factor * fair + 1e-6)), fair };
}

function eligibleIn(balancer: Balancer) {
  const backends = balancer.stats().backends.filter(({ weight }) => weight > 0);
  const well = backends.filter(({ state }) => state === 'up');
  return well.length > 0 ? well : backends.filter(({ state }) => state === 'down');
}

/** Takes one lease and checks every promise that the two bounds make at its admission. */
function acquireChecked(
  balancer: Balancer,
  key: string,
  { factor, z }: { factor: number; z: number },
): Lease | undefined {
  const before = balancer.stats();
  const eligible = eligibleIn(balancer);
  const known = balancer.explain(key).remembered;
  const lease = balancer.acquire(key);
  expect(lease === undefined, 'somebody always has room').toBe(eligible.length === 0);
  if (lease === undefined) return undefined;

  expect(eligible.map(({ id }) => id)).toContain(lease.backend.id);
  const weights = eligible.reduce((sum, { weight }) => sum + weight, 0);
  const { fair } = limits(before.inFlight, lease.backend.weight, weights, factor);
  expect(lease.backend.inFlight).toBeLessThanOrEqual(
    Math.max(1, Math.ceil(factor * fair + z * Math.sqrt(fair) - 1e-6)),
  );

  const after = balancer.stats();
  const grown = after.backends.filter(
    ({ id, keys }) => keys > (before.backends.find((b) => b.id === id)?.keys ?? 0),
  );
  expect(grown.length).toBeLessThanOrEqual(1);
  for (const { keys, weight } of grown) {
    // `after.keys` counts the key that was just placed.
    expect(keys).toBeLessThanOrEqual(limits(after.keys - 1, weight, weights, factor).keys);
  }
  if (known) expect(after.keys).toBe(before.keys);
  expect(after.keys).toBe(after.backends.reduce((sum, { keys }) => sum + keys, 0));
  return lease;
}

describe('both bounds', () => {
  it('hold at every admission under random interleavings', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        setting,
        fc.integer(),
        fc.array(step, { minLength: 20, maxLength: 250 }),
        ({ strategy, ...bounds }, seed, steps) => {
          const balancer = new Balancer<string>(['http://b0', 'http://b1', { url: 'http://b2', weight: 2 }], {
            strategy,
            bounds,
            env: new TestEnv(seed),
          });
          const leases: Lease[] = [];
          for (const { op, which } of steps) {
            const id = `http://b${which % 16}`;
            const present = balancer.has(id);
            if (op === 'acquire') {
              const lease = acquireChecked(balancer, `key ${which}`, bounds);
              if (lease !== undefined) leases.push(lease);
            } else if (op === 'release') leases.splice(which % (leases.length || 1), 1)[0]?.release();
            else if (!present) {
              if (op === 'add') balancer.add({ url: id, weight: 1 + (which % 3) });
            } else if (op === 'remove') balancer.remove(id);
            else if (op === 'drain') void balancer.drain(id);
            else if (op === 'resume') balancer.resume(id);
            else if (op === 'down') balancer.markDown(id);
            else if (op === 'up') balancer.markUp(id);
            else if (op === 'reweigh') balancer.setWeight(id, [0, 0.3, 1, 2.5, 7][which % 5] as number);
          }
          const held = new Set(balancer.stats().backends.map(({ id }) => id));
          expect(balancer.stats().inFlight).toBe(leases.filter(({ backend }) => held.has(backend.id)).length);
          for (const lease of leases) {
            lease.release();
            lease.release('failure');
          }
          expect(balancer.stats().inFlight).toBe(0);
          expect(balancer.stats().backends.every(({ inFlight }) => inFlight === 0)).toBe(true);
        },
      ),
      { numRuns: 60, verbose: 1 },
    );
  });

  it('hold for 100,000 adversarial keys that all hash near one point', () => {
    const balancer = new Balancer(
      Array.from({ length: 10 }, (_, i) => `http://b${i}`),
      { bounds: { rememberedKeys: 131_072 } },
    );
    // Keys in one fiftieth of the key space: found by search, as an attacker would.
    for (let i = 0, placed = 0; placed < 100_000; i++) {
      const key = `evil${i}`;
      if (hashKey(key, 0) >>> 0 > 2 ** 32 / 50) continue;
      balancer.acquire(key)?.release();
      placed++;
    }
    const { backends, keys } = balancer.stats();
    for (const backend of backends)
      expect(backend.keys).toBeLessThanOrEqual(
        Math.max(Math.ceil(keys / 10), Math.floor((1.25 * keys) / 10)),
      );
  });

  it('is sticky: a key goes where it went, while nothing changes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 100 }), (keys) => {
        const balancer = new Balancer(['http://a', 'http://b', 'http://c']);
        const first = new Map<string, string>();
        for (const key of [...keys, ...keys]) {
          const lease = balancer.acquire(key) as Lease;
          lease.release();
          expect(lease.backend.id).toBe(first.get(key) ?? lease.backend.id);
          first.set(key, lease.backend.id);
        }
      }),
      { numRuns: 40, verbose: 1 },
    );
  });
});
