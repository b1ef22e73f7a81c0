import { describe, expect, it } from 'vitest';
import { ClientPool } from '../../../src/adapters/clients/client-pool.ts';
import { Balancer, type Request } from '../../../src/index.ts';

const URLS = ['http://a', 'http://b', 'http://c'];

describe('the pool of a client', () => {
  it('takes a balancer as it is', () => {
    const balancer = new Balancer<Request>(URLS);
    expect(new ClientPool(balancer, {}).balancer).toBe(balancer);
  });

  it('refuses what is neither', () => {
    expect(() => new ClientPool(undefined as never, {})).toThrow(TypeError);
    expect(() => new ClientPool(['nonsense'], {})).toThrow('backendPool[0]');
    expect(() => new ClientPool([], { queue: { limit: -1 } })).toThrow('queue.limit');
  });

  it('has no statistics of what is off', () => {
    expect(new ClientPool(URLS, {}).stats()).toMatchObject({ failover: undefined, queue: undefined });
  });
});
