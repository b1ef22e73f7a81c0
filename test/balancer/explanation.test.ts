import { describe, expect, it } from 'vitest';
import { type Backend, Balancer, type Explanation, type Lease } from '../../src/index.ts';

const FOUR = ['http://a', 'http://b', 'http://c', 'http://d'];

function verdicts({ candidates }: Explanation): Record<string, string> {
  return Object.fromEntries(candidates.map(({ id, verdict }) => [id, verdict]));
}

describe('explain', () => {
  it('tells the key, its hash, its position and who it would be', () => {
    const balancer = new Balancer(FOUR);
    const explained = balancer.explain('some key');
    expect(explained).toMatchObject({
      key: 'some key',
      strategy: 'consistent-hash/160',
      remembered: false,
      spilled: false,
      panic: false,
    });
    expect(explained.position).toBe(explained.hash / 2 ** 32);
    expect(explained.owner).toBe(explained.picked);
    expect(verdicts(explained)[explained.picked as string]).toBe('picked');
    expect(explained.bounds).toEqual({ factor: 1.25, z: 1, keys: 0, inFlight: 0 });
  });

  it('tells of each key whether it is remembered, wherever in the memory it is kept', () => {
    const balancer = new Balancer<string>(FOUR, { bounds: { rememberedKeys: 256 } });
    const remembered = (key: string) => balancer.explain(key).remembered;
    // Enough keys for every place of the table.
    for (let i = 0; i < 2_000; i++) {
      expect(remembered(`key ${i}`)).toBe(false);
      balancer.acquire(`key ${i}`)?.release();
      expect(remembered(`key ${i}`)).toBe(true);
    }
  });

  it('has no side effects', () => {
    const balancer = new Balancer(FOUR);
    balancer.acquire('held');
    const before = JSON.stringify(balancer.stats());
    for (let i = 0; i < 100; i++) balancer.explain(`key ${i}`);
    expect(JSON.stringify(balancer.stats())).toBe(before);
  });

  it('has a word for every reason', () => {
    const balancer = new Balancer([...FOUR, { url: 'http://e', weight: 0 }]);
    const home = balancer.explain('hot').picked as string;
    const others = FOUR.filter((id) => id !== home);
    balancer.markDown(others[0] as string);
    void balancer.drain(others[1] as string);
    const tried = balancer.backends.find(({ id }) => id === home) as Backend;
    expect(verdicts(balancer.explain('hot', { tried: [tried] }))).toEqual({
      [home]: 'already tried',
      [others[0] as string]: 'down',
      [others[1] as string]: 'draining',
      [others[2] as string]: 'picked',
      'http://e': 'weight 0',
    });
  });

  it('shows how full a full backend is', () => {
    const balancer = new Balancer(FOUR, { bounds: { z: 0 } });
    const { backend } = balancer.acquire('hot') as Lease;
    const explained = balancer.explain('hot');
    expect(verdicts(explained)[backend.id]).toBe('full 1/1');
    expect(explained.spilled).toBe(true);
    expect(explained.remembered).toBe(true);
    expect(explained.owner).toBe(backend.id);
  });

  it('shows whose keys are full when a new key needs a place', () => {
    const balancer = new Balancer(['http://a', 'http://b'], { bounds: { factor: 1 } });
    const first = balancer.acquire('one') as Lease;
    first.release();
    expect(verdicts(balancer.explain('two'))[first.backend.id]).toBe('keys full 1/1');
  });

  it('tells of the request at hand where a session decides, and not of the one before', () => {
    const balancer = new Balancer(FOUR);
    const { hash, position } = balancer.explain('b');
    balancer.explain('a', { tried: [balancer.backends[1] as Backend] });
    const explained = balancer.explain('b', { session: { backend: 'http://a' } });
    expect(explained).toMatchObject({ key: 'b', picked: 'http://a', hash, position });
    expect(verdicts(explained)['http://b']).toBe('eligible');
    const tried = balancer.explain('b', {
      tried: [balancer.backends[2] as Backend],
      session: { backend: 'http://a' },
    });
    expect(verdicts(tried)['http://c']).toBe('already tried');
  });

  it('gives the hash of the key with every strategy', () => {
    const { hash } = new Balancer(FOUR).explain('b');
    expect(new Balancer(FOUR, { strategy: 'round-robin' }).explain('b').hash).toBe(hash);
  });

  it('has numbers for limits where nobody may serve', () => {
    const { candidates } = new Balancer([{ url: 'http://a', weight: 0 }]).explain('x');
    expect(candidates).toMatchObject([{ verdict: 'weight 0', flightLimit: 1, keyLimit: 0 }]);
    // Added up in another order, these weights are a bit more than their sum.
    const pool = [0.3, 0.2, 0.1].map((weight, i) => ({ url: `http://${i}`, weight }));
    for (const [z, limit] of [
      [0, 2],
      [1, 3],
    ] as const) {
      const balancer = new Balancer(pool, { bounds: { z } });
      const tried = [...balancer.backends].reverse();
      for (const { flightLimit } of balancer.explain('x', { tried }).candidates)
        expect(flightLimit).toBe(limit);
    }
  });

  it('names nobody where nobody may', () => {
    const explained = new Balancer([]).explain('x');
    expect(explained.picked).toBeUndefined();
    expect(explained.candidates).toEqual([]);
  });
});
