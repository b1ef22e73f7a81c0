import { describe, expect, it } from 'vitest';
import { CLIENT, ClientPool } from '../../../src/adapters/clients/client-pool.ts';
import { Balancer, type Request } from '../../../src/index.ts';
import { bag } from '../../../src/options/bag.ts';

const KIND = { own: bag(CLIENT), of: 'a test' };
const URLS = ['http://a', 'http://b', 'http://c'];

describe('the pool of a client', () => {
  it('takes a balancer as it is', () => {
    const balancer = new Balancer<Request>(URLS);
    expect(new ClientPool(balancer, {}, KIND).balancer).toBe(balancer);
  });

  it('refuses what is neither', () => {
    expect(() => new ClientPool(undefined as never, {}, KIND)).toThrow(TypeError);
    expect(() => new ClientPool(['nonsense'], {}, KIND)).toThrow('backendPool[0]');
    expect(() => new ClientPool([], { queue: { limit: -1 } }, KIND)).toThrow('queue.limit');
  });

  it('has no statistics of what is off', () => {
    expect(new ClientPool(URLS, {}, KIND).stats()).toMatchObject({ failover: undefined, queue: undefined });
  });
});
