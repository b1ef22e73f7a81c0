import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';

const healthOf = (health: unknown) =>
  readConfig({
    listeners: [{ port: 80 }],
    pools: { a: { backends: ['http://a'], health } },
    routes: [{ pool: 'a' }],
  }).pools.a?.health;

describe('flat settings of health checks', () => {
  it('mean the same as grouped ones', () => {
    const flat = { intervalMs: 500, path: '/up', method: 'HEAD', headers: { a: 'b' }, timeoutMs: 100 };
    const { intervalMs, ...request } = flat;
    expect(healthOf({ ...flat, statuses: [204], fall: 2, rise: 4 })).toEqual(
      healthOf({ intervalMs, request, expect: { statuses: [204] }, thresholds: { fall: 2, rise: 4 } }),
    );
  });

  it.each([
    { path: '/up', request: { method: 'HEAD' } },
    { request: { method: 'HEAD' }, path: '/up' },
  ])('go together with groups, in any order', (health) => {
    expect(healthOf(health)).toEqual(healthOf({ request: { path: '/up', method: 'HEAD' } }));
  });

  it('are checked as the grouped ones are', () => {
    expect(() => healthOf({ path: 'up' })).toThrow(/pools\.a\.health\.request\.path must be a path/);
    expect(() => healthOf({ pth: '/' })).toThrow(/pools\.a\.health\.pth/);
    expect(() => healthOf({ path: '/a', request: 7 })).toThrow(/pools\.a\.health\.request must be/);
  });
});
