import { describe, expect, it } from 'vitest';
import { Balancer, Loadbalancer, strategies } from '../../src/index.ts';
import { STRATEGY_ALIASES, strategyNamed } from '../../src/strategies/registry.ts';
import { aRequest } from '../support.ts';

const POOL = ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3'];

describe('a name of another load balancer', () => {
  it.each(Object.entries(STRATEGY_ALIASES))('%s stands for %s', (alias, name) => {
    expect(strategies).toHaveProperty(name);
    expect(strategies).not.toHaveProperty(alias);
    expect(strategyNamed(alias as keyof typeof STRATEGY_ALIASES)).toBe(name);
    const described = (strategy: typeof alias) =>
      new Balancer(POOL, { strategy: strategy as never }).explain('key').strategy;
    expect(described(alias)).toBe(described(name));
  });

  it.each(
    [...Object.keys(strategies), ...Object.keys(STRATEGY_ALIASES)].filter((name) => name.includes('-')),
  )('may be spelled with underscores: %s', (name) => {
    expect(strategyNamed(name.replaceAll('-', '_') as never)).toBe(strategyNamed(name as never));
  });

  it('has the same key and strictness', () => {
    const { balancer } = new Loadbalancer(
      { sendRequest: async () => ({ status: 200, data: '' }) },
      POOL,
      { log() {} },
      {
        strategy: 'ip_hash',
      },
    );
    expect(balancer.explain(aRequest('/x', { clientAddress: '192.0.2.1' })).key).toContain('192.0.2');
  });

  it('is said once', () => {
    const lines: unknown[][] = [];
    const log = (...line: unknown[]) => void lines.push(line);
    new Loadbalancer(
      { sendRequest: async () => ({ status: 200, data: '' }) },
      POOL,
      { log },
      { strategy: 'p2c' },
    );
    expect(lines).toEqual([['info', 'strategy', { given: 'p2c', is: 'power-of-two' }]]);
  });

  it('is no other word', () => {
    expect(() => new Balancer(POOL, { strategy: 'fastest' as never })).toThrow('strategy must be');
    expect(() => new Balancer(POOL, { strategy: 'toString' as never })).toThrow('strategy must be');
  });
});
