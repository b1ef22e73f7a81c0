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
    expect(verdicts(balancer.explain('hot', [tried]))).toEqual({
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

  it('names nobody where nobody may', () => {
    const explained = new Balancer([]).explain('x');
    expect(explained.picked).toBeUndefined();
    expect(explained.candidates).toEqual([]);
  });
});
