import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../src/balancer/options.ts';
import { readBreakerOptions } from '../../../src/health/breaker-options.ts';
import { readEjectionOptions } from '../../../src/health/ejection-options.ts';
import { readHealthOptions } from '../../../src/health/health-options.ts';
import { strategies } from '../../../src/index.ts';
import { pool } from '../../src/config/pool-schema.ts';

/** A pool that turns everything on, with all defaults. */
const written = pool.parse({
  backends: [],
  health: {},
  ejection: {},
  circuitBreaker: {},
  slowStart: {},
  retries: {},
  queue: {},
});

describe('the defaults of a pool', () => {
  it('are those of the engine', () => {
    const { bounds, panicRatio, seed } = readOptions({});
    expect({ rememberedKeys: undefined, ...written.bounds }).toEqual(bounds);
    expect(written).toMatchObject({ panicRatio, seed });
    expect(written.ejection).toEqual(readEjectionOptions({}));
    expect(written.circuitBreaker).toEqual(readBreakerOptions({}));
  });

  it('are those of the checks', () => {
    const { statuses, headers, workload, path, method, ...timing } = written.health as Exclude<
      typeof written.health,
      boolean
    >;
    const { request, fastIntervalMs, isWell, limits, env, body, ...own } = readHealthOptions({});
    expect(timing).toEqual(own);
    expect({ path, method, payload: '', ...(Object.keys(headers).length > 0 && { headers }) }).toEqual(
      request,
    );
    expect([199, 200, 399, 400].map(isWell)).toEqual([false, true, true, false]);
    expect([statuses, workload, limits, body]).toEqual([[[200, 399]], {}, [], undefined]);
    expect([fastIntervalMs, typeof env]).toEqual([1_000, 'object']);
  });

  it('may name every strategy', () => {
    for (const strategy of Object.keys(strategies))
      expect(pool.parse({ backends: [], strategy }).strategy).toBe(strategy);
  });
});
