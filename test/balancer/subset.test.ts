// Each of many clients uses some of many backends.
import { describe, expect, it } from 'vitest';
import { Balancer } from '../../src/index.ts';

const entries = (n: number, weightOf = (_: number) => 1) =>
  Array.from({ length: n }, (_, i) => ({ id: `b${i}`, url: `http://b${i}`, weight: weightOf(i) }));

type Subset = NonNullable<ConstructorParameters<typeof Balancer>[1]>['pool'] & { subset?: unknown };

/** The weight of each backend for a client, by id. */
function weightsOf(pool: ReturnType<typeof entries>, subset: unknown): Map<string, number> {
  const options = { strategy: 'round-robin' as const, pool: { subset } as Subset };
  return new Map(new Balancer(pool, options).backends.map(({ id, weight }) => [id, weight]));
}

const aperture = (size: number, client: number, clients: number) => ({
  by: 'aperture',
  size,
  client,
  clients,
});

/** How many backends are in one but not in the other. */
const changes = (before: Map<string, number>, after: Map<string, number>) =>
  [...before.keys()].filter((id) => !after.has(id)).length +
  [...after.keys()].filter((id) => !before.has(id)).length;

describe('an aperture', () => {
  it.each([
    [100, 10, 20],
    [97, 7, 13],
    [1_000, 30, 100],
    [10, 20, 3],
  ])('gives %i backends the same load of %i clients, at least %i each', (n, clients, size) => {
    const pool = entries(n, (i) => 1 + (i % 3));
    const loads = new Map<string, number>();
    const wanted = Math.min(n, size);
    for (let client = 0; client < clients; client++) {
      const weights = weightsOf(pool, aperture(size, client, clients));
      // With unequal weights the number varies.
      expect(weights.size).toBeGreaterThan(wanted * 0.6);
      for (const [id, weight] of weights) loads.set(id, (loads.get(id) ?? 0) + weight);
    }
    const covered = Math.min(clients, Math.ceil((size * clients) / n));
    expect(loads.size).toBe(n);
    for (const { id, weight } of pool)
      expect(Math.abs((loads.get(id) as number) / weight / covered - 1)).toBeLessThan(1e-5);
  });

  it('does not depend on the order, and changes by little when a backend comes', () => {
    const pool = entries(1_000);
    let moved = 0;
    for (let client = 0; client < 50; client++) {
      const before = weightsOf(pool, aperture(100, client, 50));
      expect(weightsOf([...pool].reverse(), aperture(100, client, 50))).toEqual(before);
      moved += changes(before, weightsOf(entries(1_001), aperture(100, client, 50)));
    }
    expect(moved / 50).toBeLessThan(3);
  });

  it.each([
    // Five clients to each backend become six: an aperture gets a fifth wider.
    [51, 0.2, 0.01],
    [49, 0.15, 0.1],
  ])('of 50 clients changes by a part when they are %i', (clients, mostNew, mostLost) => {
    const pool = entries(1_000);
    let [all, fresh, lost] = [0, 0, 0];
    for (let client = 0; client < 49; client++) {
      const before = weightsOf(pool, aperture(100, client, 50));
      const after = weightsOf(pool, aperture(100, client, clients));
      all += before.size;
      fresh += [...after.keys()].filter((id) => !before.has(id)).length;
      lost += [...before.keys()].filter((id) => !after.has(id)).length;
    }
    expect(fresh / all).toBeGreaterThan(mostNew / 2);
    expect(fresh / all).toBeLessThan(mostNew);
    expect(lost / all).toBeLessThan(mostLost);
  });
});

describe('a rendezvous subset', () => {
  const rendezvous = (size: number, client: string) => ({ by: 'rendezvous', size, client });

  it('has its size, and changes by one backend at most for one that comes', () => {
    for (let client = 0; client < 20; client++) {
      const before = weightsOf(entries(500), rendezvous(50, `client ${client}`));
      const after = weightsOf(entries(501), rendezvous(50, `client ${client}`));
      expect([before.size, after.size]).toEqual([50, 50]);
      expect([0, 2]).toContain(changes(before, after));
    }
    expect(weightsOf(entries(5), rendezvous(50, 'x')).size).toBe(5);
  });

  it('takes heavy backends more often', () => {
    const pool = entries(200, (i) => (i < 100 ? 4 : 1));
    let heavy = 0;
    for (let client = 0; client < 40; client++)
      for (const weight of weightsOf(pool, rendezvous(20, `c${client}`)).values()) if (weight === 4) heavy++;
    expect(heavy / (40 * 20)).toBeGreaterThan(0.7);
  });
});

describe('a cell', () => {
  const cellsOf = (pool: ReturnType<typeof entries>, cells: number) =>
    Array.from({ length: cells }, (_, cell) => weightsOf(pool, { by: 'cell', cell, cells }));

  it('has each backend once, and no more than a twentieth above the mean', () => {
    const cells = cellsOf(entries(2_000), 10);
    expect(cells.reduce((sum, cell) => sum + cell.size, 0)).toBe(2_000);
    expect(Math.max(...cells.map(({ size }) => size))).toBeLessThanOrEqual(211);
  });

  it('keeps its backends when others come, and loses few when there is one cell more', () => {
    const before = cellsOf(entries(2_000), 10);
    const after = cellsOf(entries(2_010), 10);
    const moved = before.reduce((sum, cell, i) => sum + changes(cell, after[i] as Map<string, number>), 0);
    expect(moved).toBeLessThan(10 + 2 * 20);
    const more = cellsOf(entries(2_000), 11);
    const lost = before.reduce((sum, cell, i) => sum + changes(cell, more[i] as Map<string, number>), 0);
    expect(lost).toBeLessThan(2 * 2_000 * 0.2);
  });

  it('keeps keys together: all balancers of a cell agree, within the bounds', () => {
    const options = { pool: { subset: { by: 'cell', cell: 1, cells: 4 } as const } };
    const [one, other] = [new Balancer(entries(200), options), new Balancer(entries(200).reverse(), options)];
    expect(one.fingerprint).toBe(other.fingerprint);
    for (let i = 0; i < 500; i++) expect(one.explain(`k${i}`).picked).toBe(other.explain(`k${i}`).picked);
  });
});

describe('the option subset', () => {
  it('leaves backends of `add` in, and follows array and lists', () => {
    const pool = entries(100);
    const options = { strategy: 'random' as const, pool: { subset: aperture(10, 0, 10) as never } };
    const balancer = new Balancer(pool, options);
    expect(balancer.backends.length).toBeLessThan(12);
    const own = entries(100).find(({ id }) => !balancer.has(id)) as { id: string; url: string };
    balancer.add({ id: own.id, url: own.url });
    expect(balancer.has(own.id)).toBe(true);
    pool.push(...entries(200).slice(100));
    balancer.refresh();
    expect(balancer.backends.length).toBeLessThan(26);
    expect(balancer.has(own.id)).toBe(true);
  });

  it.each([
    [{ by: 'some' }, 'pool.subset must be an object with by: aperture, rendezvous or cell, got'],
    [aperture(10, 4, 4), 'pool.subset.client must be below clients, got 4 of 4'],
    [aperture(0, 0, 4), 'pool.subset.size must be an integer from 1 to 1000000, got 0'],
    [{ by: 'aperture', size: 4, client: 1 }, 'pool.subset.clients must be an integer from 1 to 1000000'],
    [{ by: 'rendezvous', size: 4 }, 'pool.subset.client must be a string with at least one character'],
    [{ by: 'cell', cell: 2, cells: 2 }, 'pool.subset.cell must be below cells, got 2 of 2'],
    [{ by: 'cell', cell: 0, cells: 2, size: 4 }, 'pool.subset.size is not an option'],
  ])('rejects %j', (subset, message) => {
    expect(() => weightsOf(entries(3), subset)).toThrow(message);
  });

  it('rejects subsets that differ between clients for a strategy with keys', () => {
    expect(() => new Balancer(entries(3), { pool: { subset: aperture(1, 0, 2) as never } })).toThrow(
      'pool.subset.by must be "cell" with the strategy consistent-hash/160, which has keys, got "aperture"',
    );
  });
});
