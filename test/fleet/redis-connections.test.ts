// The connection that a fleet in Redis listens on, over a client whose connections break at once.
import { expect, it, vi } from 'vitest';
import { redisFleet } from '../../src/fleet/redis.ts';
import { TestEnv } from '../support.ts';

it('is made anew again and again, without leaving anything behind', async () => {
  const env = new TestEnv();
  let made = 0;
  const broken = () => Promise.reject(new Error('ECONNREFUSED'));
  const client = {
    status: 'ready',
    call: broken,
    on: () => {},
    subscribe: broken,
    unsubscribe: broken,
    disconnect: () => {},
    duplicate: () => {
      made++;
      return client;
    },
  };
  let listeners = 0;
  const added = vi.spyOn(AbortSignal.prototype, 'addEventListener').mockImplementation(() => listeners++);
  const removed = vi
    .spyOn(AbortSignal.prototype, 'removeEventListener')
    .mockImplementation(() => listeners--);
  try {
    const fleet = redisFleet({ client, env });
    const end = fleet.listen('shop', { changed() {}, joined() {}, lost() {} });
    for (let i = 0; i < 50; i++) {
      for (let tick = 0; tick < 20; tick++) await undefined;
      env.advance(2_000);
    }
    expect(made).toBeGreaterThan(20);
    expect(listeners).toBeLessThan(3);
    end();
  } finally {
    added.mockRestore();
    removed.mockRestore();
  }
});
