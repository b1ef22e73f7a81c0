import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import { dividedAmong, type SharedConfig } from '../../src/workers/shared-config.ts';

describe('the concurrency of backends', () => {
  it.each([
    [1, 20, 3],
    [4, 5, 1],
  ])('is divided among %i workers, at least 1 for each', (workers, ofPool, ofEntry) => {
    const config = readConfig({
      listeners: [{ port: 0 }],
      pools: {
        shop: { bounds: { concurrency: 20 }, backends: [{ url: 'http://a', concurrency: 3 }, 'http://b'] },
      },
    });
    const { shop } = dividedAmong(workers, config as SharedConfig).pools;
    expect(shop?.bounds).toMatchObject({ concurrency: ofPool, sharedBy: workers });
    expect(shop?.backends).toEqual([{ url: 'http://a', concurrency: ofEntry }, 'http://b']);
    expect(config.pools.shop?.bounds).toMatchObject({ concurrency: 20 });
  });

  it('has none where the bounds are off', () => {
    const config = readConfig({ listeners: [{ port: 0 }], pools: { shop: { bounds: false, backends: [] } } });
    expect(dividedAmong(2, config as SharedConfig).pools.shop?.bounds).toBe(false);
  });
});
